"""What waits at this node, pile by pile, so that nothing waits unseen."""

from typing import Any

from lianxi.casework.errors import Unknown
from lianxi.casework.messages.facts import STATE_LABELS, Actor, CaseState, Role
from services.routing.domain.piles import PILES, PiledCase, counted
from services.routing.domain.records import SEALED_READERS
from services.routing.handlers import Here, RoutingWork
from services.routing.handlers.desk import MAX_ROWS, place_in_list

_OF_A_UNIT = frozenset({Role.CASE_OFFICER, Role.UNIT_HEAD})


def overview(work: RoutingWork, here: Here) -> dict[str, Any]:
    """Return every pile with its number of cases and the age of its oldest, and the age of the oldest of all."""
    now = here.clock.now()
    rows = [
        {
            "pile": count.name,
            "label": PILES[count.name].label,
            "roles": PILES[count.name].roles.split(),
            "cases": count.cases,
            "oldest_age_seconds": round((now - count.since).total_seconds()) if count.since else 0,
        }
        for count in counted(work.desk_books.count(here.node))
    ]
    return {"rows": rows, "oldest_age_seconds": max(row["oldest_age_seconds"] for row in rows)}  # type: ignore[type-var]


def list_pile(work: RoutingWork, here: Here, pile: str, page: tuple[str, int], actor: Actor | None) -> dict[str, Any]:
    """Return one page of a pile, oldest first, with who has taken what.

    An officer of a unit sees the unit's own cases; accusations are listed for named officers only (GD-1).
    """
    if pile not in PILES:
        raise Unknown("待办类别", pile)
    after, limit = page
    unit = actor.unit if actor is not None and actor.role in _OF_A_UNIT else ""
    most = min(limit, MAX_ROWS)
    sealed = actor is not None and actor.role in SEALED_READERS
    found = work.desk_books.piled(here.node, pile, place_in_list(after), most, unit=unit, sealed=sealed)
    last = found[-1] if len(found) == most else None
    return {
        "pile": pile,
        "label": PILES[pile].label,
        "rows": [_row(row, actor, here) for row in found],
        "next": f"{last.since.isoformat()}|{last.case_no}" if last else None,
    }


def _row(row: PiledCase, actor: Actor | None, here: Here) -> dict[str, Any]:
    now = here.clock.now()
    taken = row.taken_until is not None and row.taken_until > now
    return {
        "case_no": row.case_no,
        "state": row.state,
        "label": STATE_LABELS[CaseState(row.state)],
        "holder": row.holder,
        "unit": row.unit,
        "since": row.since.isoformat(),
        "age_seconds": round((now - row.since).total_seconds()),
        "taken": taken,
        "taken_by_me": taken and actor is not None and row.taken_by == actor.person,
        "taken_role": row.taken_role if taken else None,
        "taken_until": row.taken_until.isoformat() if taken and row.taken_until else None,
    }
