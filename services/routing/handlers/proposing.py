"""Propose an act on a case, and decide on it: what one colleague prepares, another one lets happen or returns."""

import json
from dataclasses import replace
from datetime import datetime
from typing import Any

from lianxi.casework.errors import Conflict, Forbidden, Invalid, Unknown
from lianxi.casework.messages.facts import Actor
from services.routing.domain.desk import ProposedAct
from services.routing.handlers import Here, RoutingWork
from services.routing.handlers.acts import carry, check_askable
from services.routing.handlers.cases import check_sealed, known_case


def propose_act(work: RoutingWork, act: tuple[str, str], note: str, actor: Actor, here: Here) -> dict[str, Any]:
    """Keep an act for somebody else's decision, with the version of the case that was seen.

    Whoever had taken the case puts it back with that: else nobody could decide for half an hour.
    """
    command_type, command = act
    check_askable(command_type)
    order = work.read_command(command_type, command)
    case = known_case(work, order.case_no)
    check_sealed(case, actor)
    proposed = ProposedAct(
        id=here.new_id(),
        case_no=case.case_no,
        command_type=command_type,
        command=command,
        note=note,
        seq=case.seq,
        person=actor.person,
        role=actor.role.value,
        proposed_at=here.clock.now(),
    )
    work.desk_books.propose(proposed)
    taken = work.desk_books.taking(case.case_no)
    if taken is not None and taken.person == actor.person:
        work.desk_books.give_back(case.case_no)
    return {"id": proposed.id, "case_no": case.case_no, "seq": case.seq}


def decide_act(
    work: RoutingWork, act_id: str, actor: Actor, here: Here, *, approve: bool, reason: str
) -> dict[str, Any]:
    """Let a proposed act happen in the name of whoever decides, or return it with a reason.

    It is refused as stale when the case has gone on since it was proposed.
    """
    proposed = work.desk_books.proposed(act_id)
    if proposed is None:
        raise Unknown("拟办意见", act_id)
    check_sealed(known_case(work, proposed.case_no), actor)
    if proposed.state != "open":
        raise Conflict("这条拟办意见已经处理过。", code="decided")
    if proposed.person == actor.person:
        raise Forbidden("拟办意见应由他人决定。", rule="two-persons")
    settled = replace(
        proposed, decided_by=actor.person, decided_role=actor.role.value, decided_at=here.clock.now(), reason=reason
    )
    if not approve:
        if not reason:
            raise Invalid("reason", "required", "退回拟办意见应写明理由。")
        work.desk_books.settle(replace(settled, state="returned"))
        return {"id": act_id, "case_no": proposed.case_no, "status": "returned"}
    order = work.read_command(proposed.command_type, proposed.command)
    done = carry(work, proposed.command_type, replace(order, actor=actor, expected_seq=proposed.seq), here)
    work.desk_books.settle(replace(settled, state="done"))
    return {**done, "id": act_id}


def list_proposed(
    work: RoutingWork, case_no: str, after: tuple[datetime, str] | None, limit: int, actor: Actor | None
) -> dict[str, Any]:
    """Return the acts proposed for a case, or all that wait for a decision, oldest first, with what they would do."""
    if case_no:
        check_sealed(known_case(work, case_no), actor)
    found = work.desk_books.proposals(case_no, after, limit)
    shown = [row for row in found if case_no or _open_to(work, row.case_no, actor)]
    last = found[-1] if len(found) == limit else None
    return {
        "rows": [_row(row) for row in shown],
        "next": f"{last.proposed_at.isoformat()}|{last.id}" if last else None,
    }


def _open_to(work: RoutingWork, case_no: str, actor: Actor | None) -> bool:
    try:
        check_sealed(known_case(work, case_no), actor)
    except Forbidden:
        return False
    return True


def _row(row: ProposedAct) -> dict[str, Any]:
    hidden = {"actor", "case_no", "expected_seq", "decided_on", "document_no", "reasons"}
    return {
        "id": row.id,
        "case_no": row.case_no,
        "act": row.command_type,
        "command": {name: value for name, value in json.loads(row.command).items() if name not in hidden},
        "note": row.note,
        "seq": row.seq,
        "proposed_by_role": row.role,
        "proposed_at": row.proposed_at.isoformat(),
        "state": row.state,
        "decided_role": row.decided_role or None,
        "decided_at": row.decided_at.isoformat() if row.decided_at else None,
        "reason": row.reason,
    }
