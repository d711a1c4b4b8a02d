"""What clerks and petitioners look up: the case page, the petitioner's view, the pile of what waits."""

from collections.abc import Sequence
from dataclasses import fields, replace
from datetime import UTC, date, datetime
from typing import Any, Protocol

from lianxi.casework.case.offers import offered
from lianxi.casework.case.state import Case
from lianxi.casework.case.wishes import WISHES, as_it_will_stand
from lianxi.casework.errors import Invalid, Unknown
from lianxi.casework.messages.events import CaseEvent
from lianxi.casework.messages.facts import STATE_LABELS, Actor, CaseState, DocumentKind, Role
from lianxi.casework.messages.petitioner import CallBack
from lianxi.casework.transitions import TRANSITIONS
from lianxi.casework.transitions.words import label_of
from services.routing.domain.records import SEALED_READERS, HandOff, SentAct, WaitingRow
from services.routing.handlers import Here, RoutingWork, assisting, repeats, wishes
from services.routing.handlers.cases import check_sealed, given_here
from services.routing.handlers.directives import DIRECTIVES

# What a petitioner may see of the way of a case (PR-11): the act and its day.
PUBLIC_ACTS = frozenset(
    f"T{number}"
    for number in (
        *range(1, 10),
        *range(12, 16),
        20,
        21,
        22,
        23,
        *range(25, 31),
        32,
        *range(35, 43),
        44,
        45,
        49,
        52,
        54,
        55,
        58,
    )
)
MAX_ROWS = 200


class Desk(Protocol):
    """Read-only views of the routing tables."""

    def view(self, case_no: str) -> tuple[Case, tuple[CaseEvent, ...]] | None:
        """Return a case and its history without locking it."""

    def sorting(self, case_no: str) -> dict[str, Any] | None:
        """Return what the rules proposed: {"why", "proposal"}."""

    def waiting(
        self, node: str, after: tuple[datetime, str] | None, limit: int, hidden: Sequence[str]
    ) -> Sequence[WaitingRow]:
        """Return the pile, oldest first, after a place in it, without accusations in the `hidden` states."""

    def oldest_waiting(self, node: str) -> datetime | None:
        """Return since when the oldest one waits."""

    def count_waiting(self, node: str) -> dict[str, int]:
        """Return how many wait, by state."""

    def hand_offs(self, case_no: str) -> Sequence[HandOff]:
        """Return the receipts of custody of a case, in order."""

    def sent_acts(self, case_no: str) -> Sequence[SentAct]:
        """Return the acts on a case that crossed nodes, in order."""


def show_case(work: RoutingWork, desk: Desk, case_no: str, actor: Actor | None, here: Here) -> dict[str, Any]:
    """Return the case page: facts, history, documents, reasons, and the acts open to this actor now."""
    case, history = _view(desk, case_no)
    check_sealed(case, actor)
    sorting = desk.sorting(case_no) or {"why": "", "proposal": None}
    page = _facts(case)
    page["history"] = [_step(event) for event in history]
    page["why"], page["proposal"] = sorting["why"], sorting["proposal"]
    page["acts"] = _acts(work, case, actor, here)
    page["receipts"] = [_told(row) for row in desk.hand_offs(case_no)]
    page["linked"] = _linked(work, case)
    page["directives"] = [_told(row) for row in desk.sent_acts(case_no)]
    page["wishes"] = wishes.shown(work, case_no, petitioner=False)
    page["repeats"] = repeats.shown(work, case, actor)
    page["assistance"] = assisting.shown(case, history, here.clock.now())
    reads = actor is not None and (case.holder == here.node or actor.unit in case.assists)
    text = work.texts.get(case_no) if reads else None
    if text is not None:
        page["subject"], page["text"] = text.subject, text.text
    return page


def _view(desk: Desk, case_no: str) -> tuple[Case, tuple[CaseEvent, ...]]:
    found = desk.view(case_no)
    if found is None:
        raise Unknown("案件", case_no)
    return found


def _facts(case: Case) -> dict[str, Any]:
    transfer = case.transfer
    return {
        "case_no": case.case_no,
        "state": case.state.value,
        "label": STATE_LABELS[case.state],
        "holder": case.holder,
        "unit": case.unit,
        "seq": case.seq,
        "epoch": case.epoch,
        "channel": case.channel,
        "persons": case.persons,
        "received_on": _iso(case.received_on),
        "registered_on": _iso(case.registered_on),
        "accepted_on": _iso(case.accepted_on),
        "served_on": _iso(case.served_on),
        "report_due": _iso(case.report_due),
        "category": list(case.category),
        "place": case.place,
        "petition_class": case.petition_class.value if case.petition_class else None,
        "claims": [
            {"number": claim.number, "petition_class": claim.petition_class, "route": claim.route}
            for claim in case.claims
        ],
        "path": list(case.path),
        "sender": case.sender,
        "assists": list(case.assists),
        "designated": case.designated,
        "dispute": _dispute(case),
        "late_objection": case.late_objection,
        "returns": len(case.returns),
        "call_backs": [_owed(call) for call in case.call_backs],
        "transfer": None
        if transfer is None
        else {"to_node": transfer.to_node, "to_unit": transfer.to_unit, "since": transfer.offered_at.isoformat()},
        "documents": [
            {"kind": document.kind.value, "number": document.number, "issued_on": document.issued_on.isoformat()}
            for document in case.documents
        ],
        "as_of": case.updated_at.isoformat() if case.updated_at else None,
    }


def _owed(call: CallBack) -> dict[str, Any]:
    """A call-back that is owed, as JSON values."""
    told = {"rated": call.rated.value, "node": call.node, "unit": call.unit}
    return told | {"since": call.since.isoformat(), "attempts": call.attempts}


def _dispute(case: Case) -> dict[str, Any] | None:
    if case.state is not CaseState.DISPUTED:
        return None
    return {"stage": case.dispute_stage, "node": case.dispute_node, "parties": list(case.dispute_parties)}


def _told(row: HandOff | SentAct) -> dict[str, Any]:
    """A row of records as JSON values."""
    values = {field.name: getattr(row, field.name) for field in fields(row)}
    return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in values.items()}


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day else None


def _step(event: CaseEvent) -> dict[str, Any]:
    document = getattr(event, "document", None)
    return {
        "seq": event.head.seq,
        "act": event.head.act,
        "name": event.MESSAGE.name,  # type: ignore[attr-defined]  # every concrete event has one
        "label": label_of(event),
        "at": event.head.at.isoformat(),
        "node": event.head.node,
        "role": event.head.actor.role.value,
        "document": document.number if document else None,
        "reasons": [reason.text for reason in getattr(event, "reasons", ())],
    }


def _linked(work: RoutingWork, case: Case) -> list[dict[str, Any]]:
    """Cases that belong to this one: its parts, what it is a part of, what was merged into it."""
    return [
        {
            "case_no": found.case_no,
            "kind": found.kind,
            "state": found.state,
            "label": STATE_LABELS[CaseState(found.state)] if found.state else "",
            "holder": found.holder,
        }
        for found in work.desk_books.related(case.case_no)
    ]


def _acts(work: RoutingWork, case: Case, actor: Actor | None, here: Here) -> list[dict[str, str]]:
    """The acts that this person could take now; what is filled in, the other guards look at."""
    if actor is None:
        return []
    given = replace(given_here(work, here), node=case.holder)
    open_now = {step.command: row for row, step in offered(as_it_will_stand(case), actor, given)}
    if case.in_transfer:  # what may be said meanwhile waits until somebody has the case
        open_now = {name: row for name, row in open_now.items() if name in WISHES}
    if case.holder != here.node:
        open_now = {name: row for name, row in open_now.items() if name in DIRECTIVES}
    return [{"act": name, "transition": row.id, "label": row.label} for name, row in open_now.items()]


def track(work: RoutingWork, desk: Desk, case_no: str) -> dict[str, Any]:
    """Return what the petitioner may see (PR-11): each step and its day, the state, who has it, and as of when.

    While facts are missing, it says which: only what the petitioner can read can be completed (T45).
    """
    case, history = _view(desk, case_no)
    steps = [
        {"label": label_of(event), "on": event.head.at.date().isoformat(), "node": event.head.node}
        for event in history
        if event.head.act in PUBLIC_ACTS
    ]
    return {
        "case_no": case.case_no,
        "state": case.state.value,
        "label": STATE_LABELS[case.state],
        "holder": case.holder,
        "in_transfer_to": case.transfer.to_node if case.transfer else None,
        "received_on": _iso(case.received_on),
        "served_on": _iso(case.served_on),
        "missing": _missing(work, case),
        "wishes": wishes.shown(work, case_no, petitioner=True),
        "parts": [row for row in _linked(work, case) if row["kind"] == "has-part-of"],
        "steps": steps,
        "as_of": case.updated_at.isoformat() if case.updated_at else None,
    }


def _missing(work: RoutingWork, case: Case) -> str:
    """Return what a petitioner was asked for last, "" when nothing is missing or its text is not here."""
    if case.state is not CaseState.AWAITING_COMPLETION:
        return ""
    asked = [document.number for document in case.documents if document.kind is DocumentKind.COMPLETION_REQUEST]
    papers = [document.paper for document in work.documents.of(case.case_no, asked[-1:])]
    return str(papers[0].get("missing", "")) if papers else ""


def list_waiting(desk: Desk, here: Here, after: str, limit: int, actor: Actor | None = None) -> dict[str, Any]:
    """Return one page of the pile, oldest first, with the age of each and of the oldest of all.

    GD-1: what is or may be an accusation is listed for named officers, and before registration for the registrar.
    """
    now = here.clock.now()
    role = actor.role if actor else None
    hidden = () if role in SEALED_READERS else ("S02",) if role is Role.REGISTRAR else ("S01", "S02")
    rows = desk.waiting(here.node, place_in_list(after), min(limit, MAX_ROWS), hidden)
    oldest = desk.oldest_waiting(here.node)
    return {
        "rows": [
            {
                "case_no": row.case_no,
                "state": row.state,
                "since": row.since.isoformat(),
                "age_seconds": round((now - row.since).total_seconds()),
                "why": row.why,
            }
            for row in rows
        ],
        "next": f"{rows[-1].since.isoformat()}|{rows[-1].case_no}" if len(rows) == min(limit, MAX_ROWS) else None,
        "oldest_age_seconds": round((now - oldest).total_seconds()) if oldest else 0,
    }


def place_in_list(after: str) -> tuple[datetime, str] | None:
    """Read where a page of a list begins: a moment and a number; None for its beginning."""
    if not after:
        return None
    since, _, case_no = after.partition("|")
    try:
        moment = datetime.fromisoformat(since)
        # A moment that UTC has no year for overflows here and not in the database.
        place = moment.astimezone(UTC) if moment.tzinfo else None
    except (ValueError, OverflowError):
        place = None
    if place is None:
        raise Invalid("after", "page", "翻页位置无效，请从第一页重新开始。")
    return place, case_no


def show_document(work: RoutingWork, desk: Desk, case_no: str, number: str, actor: Actor | None) -> dict[str, Any]:
    """Return the text of a document of a case; Unknown where this node does not have it."""
    check_sealed(_view(desk, case_no)[0], actor)
    for document in work.documents.of(case_no, [number]):
        return {"kind": document.kind, "number": document.number, "paper": dict(document.paper)}
    raise Unknown("文书", number)


def transition_table() -> list[dict[str, Any]]:
    """Return the whole table T1–T58 for documents and pages."""
    return [
        {
            "id": row.id,
            "label": row.label,
            "article": row.article,
            "built": row.built,
            "limit": row.limit,
            "steps": [
                {
                    "act": step.command,
                    "from": sorted(state.value for state in step.start),
                    "to": [state.value for state in step.end],
                    "actors": sorted(role.value for role in step.actors),
                    "guards": list(step.guards),
                    "document": step.document,
                }
                for step in row.steps
            ],
        }
        for row in TRANSITIONS
    ]
