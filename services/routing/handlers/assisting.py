"""Assisting units that belong to another node (R-24-6): they see the case, give their part there, and are reminded.

The node that holds a case tells the nodes of its assisting units where it stands, each time it gains a step, with the
whole history and with the petition's words, less the numbers that lead to a person. The part of such a unit travels to
the holder like a petitioner's wish: it waits while custody is on its way, follows the case, and arrives once. What the
other node makes of being told, `assist_copies` says.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from lianxi.casework.case.jurisdiction import node_of
from lianxi.casework.case.state import Case
from lianxi.casework.messages.commands import Command
from lianxi.casework.messages.custody import AssistWanted
from lianxi.casework.messages.dispute import AssistOpinionFiled, AssistsUrged, OrganDesignated
from lianxi.casework.messages.events import CaseDelivered, CaseEvent
from lianxi.casework.scrubbing import scrub
from lianxi.law.deadlines import local_day
from services.routing.handlers import Here, RoutingWork

ASSIST = "file-assist-opinion"


def gives_its_part(name: str, command: Command, case: Case, node: str) -> bool:
    """Whether a command is the part of an assisting unit of `node`."""
    unit = command.actor.unit
    return name == ASSIST and unit in case.assists and node_of(unit) == node == command.actor.node


def tell_assists(work: RoutingWork, here: Here, before: Case | None, case: Case) -> None:
    """Tell the other nodes whose units assist, or did until now, how the case stands."""
    units = {*case.assists, *(before.assists if before else ())}
    nodes = sorted({node_of(unit) for unit in units} - {"", here.node})
    if not nodes:
        return
    history = work.cases.history(case.case_no)
    events = [work.cases.read(entry).event for entry in history]
    text = work.texts.sealed(case.case_no, scrub)  # the words without the numbers that lead to a person (V-4)
    for node in nodes:
        own = [event.document.number for event in events if isinstance(event, AssistOpinionFiled) and _of(event, node)]
        wanted = AssistWanted(
            case_no=case.case_no,
            from_node=here.node,
            to_node=node,
            events=history,
            subject_sealed=text.subject if text else "",
            text_sealed=text.text if text else "",
            documents=work.documents.sealed(case.case_no, own) if own else (),
        )
        work.links.send(node, wanted)


def _of(event: AssistOpinionFiled, node: str) -> bool:
    return node_of(event.unit) == node


def shown(case: Case, history: Sequence[CaseEvent], now: datetime) -> list[dict[str, Any]]:
    """Return for each assisting unit since when it is asked, when it gave its part, and how long it lets wait."""
    asked_at: datetime | None = None
    filed: dict[str, AssistOpinionFiled] = {}
    urged: dict[str, str] = {}
    for event in history:
        match event:
            case CaseDelivered() | OrganDesignated():
                asked_at, filed, urged = event.head.at, {}, {}
            case AssistOpinionFiled():
                filed[event.unit] = event
            case AssistsUrged():
                urged |= dict.fromkeys(event.assists, event.urged_on.isoformat())
    return [_row(unit, asked_at, filed.get(unit), urged.get(unit), now) for unit in case.assists]


def _row(
    unit: str, asked_at: datetime | None, filed: AssistOpinionFiled | None, urged_on: str | None, now: datetime
) -> dict[str, Any]:
    waits = (now - asked_at).days if asked_at is not None and filed is None else None
    return {
        "unit": unit,
        "node": node_of(unit),
        "asked_on": local_day(asked_at).isoformat() if asked_at else None,
        "filed_on": filed.filed_on.isoformat() if filed else None,
        "document": filed.document.number if filed else None,
        "waiting_days": waits,
        "urged_on": urged_on,
    }
