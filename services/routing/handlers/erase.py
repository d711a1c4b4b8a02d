"""Blank the texts of ended cases when their petitioner's data are erased; the history, which names nobody, stays.

Intake decides whether the law allows it. This side refuses a case that is still open, whatever it is told. Nodes whose
units assisted have the words too and know no petitioner, so the node that holds the case tells them.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from lianxi.casework.case.jurisdiction import node_of
from lianxi.casework.case.state import Case
from lianxi.casework.errors import Conflict, Forbidden, Invalid
from lianxi.casework.identifiers import CaseNumber
from lianxi.casework.messages.custody import AssistedTextErased
from lianxi.casework.messages.facts import Actor, Role
from services.routing.handlers import Here, RoutingWork

MOST_CASES = 1000


def read_numbers(body: Mapping[str, Any]) -> list[str]:
    """Read `{case_nos}`."""
    given = body.get("case_nos")
    if not isinstance(given, list) or len(given) > MOST_CASES:
        raise Invalid("case_nos", "list", f"应当是不超过{MOST_CASES}个信访编号的列表。")
    return [str(CaseNumber.parse(number, "case_nos")) for number in given]


def erase_texts(work: RoutingWork, case_nos: Sequence[str], actor: Actor | None, here: Here) -> dict[str, Any]:
    """Blank the texts of these cases, all of them or none."""
    if actor is None or actor.node != here.node or actor.role is not Role.DEPARTMENT_LEADER:
        raise Forbidden("只有本节点信访部门负责人可以删除个人信息。", rule="PIPL-45")
    for case_no in sorted(case_nos):
        case = work.cases.get(case_no)
        if case is not None and case.is_open:
            raise Conflict(f"{case_no}尚未办结，不能删除信访内容。", rule="PIPL-13")
    for case_no in sorted(case_nos):
        _tell_assists(work, work.cases.get(case_no), here)
    return {"erased": work.erase_texts(sorted(case_nos))}


def _tell_assists(work: RoutingWork, case: Case | None, here: Here) -> None:
    """Tell the nodes of all units that ever assisted a case held here."""
    if case is None or case.holder != here.node:
        return
    events = [work.cases.read(text).event for text in work.cases.history(case.case_no)]
    carriers = [*events, *(getattr(event, "transfer", None) for event in events)]
    nodes = {node_of(unit) for each in carriers for unit in getattr(each, "assists", ())} - {"", here.node}
    for node in sorted(nodes):
        work.links.send(node, AssistedTextErased(case_no=case.case_no, from_node=here.node, to_node=node))
