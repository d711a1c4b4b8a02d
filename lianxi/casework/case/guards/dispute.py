"""Guards of T16 beyond its limit, T19, T20 and T53: late objections, disputes, designation, assisting units."""

from collections.abc import Iterable
from typing import Any

from lianxi.casework.case.guards.before_acceptance import within_objection_limit
from lianxi.casework.case.guards.given import Given, guard
from lianxi.casework.case.jurisdiction import common_node, node_of
from lianxi.casework.case.state import Case
from lianxi.casework.messages.facts import CaseState, Role

MINUTES_FIELDS = ("attended", "minutes")


@guard
def own_unit_or_department(case: Case, command: Any, given: Given) -> str | None:
    """T16: the organ that has the case; at a lower petition department its dispatcher, for what another node sent."""
    if case.state is not CaseState.REGISTERED:
        if not case.sender:
            return "本案由信访人直接向本单位提出，没有可以提出异议的转送。"
        return None if command.actor.unit == case.unit else f"案件由 {case.unit} 办理，其他单位不能提出异议。"
    if command.actor.role not in {Role.DISPATCHER, Role.DEPARTMENT_LEADER}:
        return "案件在信访部门待分办，异议由信访部门提出。"
    sent = case.sender and case.sender != given.node and not case.unit
    return None if sent else "本案不是其他节点转来待办的，没有可以提出异议的转送。"


@guard
def after_objection_limit(case: Case, command: Any, given: Given) -> str | None:
    """T16 (CF-5): only what is too late is filed as late."""
    return None if within_objection_limit(case, command, given) else "异议期限未过，请按期提出异议。"


@guard
def late_objection_filed(case: Case, _command: Any, _given: Given) -> str | None:
    """T16 (CF-5): the sender may override what stands rejected because it was late."""
    return None if case.late_objection else "没有逾期异议可以受理。"


@guard
def not_designated(case: Case, _command: Any, _given: Given) -> str | None:
    """T16, T19: what was decided under Art. 24 is not opened again by an objection or another dispute."""
    return "本案已依照第二十四条指定受理机关，不再提出异议或争议。" if case.designated else None


@guard
def two_organs_disagree(case: Case, command: Any, given: Given) -> str | None:
    """T19 (R-24-1): at least two organs of the directory, one of them the one that has the case."""
    parties = dict.fromkeys(command.parties)
    if len(parties) < 2 or case.unit not in parties:  # noqa: PLR2004  a dispute takes two
        return f"管辖争议应写明至少两个单位，其中包括现受理单位 {case.unit}。"
    return _all_known(parties, given)


@guard
def dispute_reasoned(_case: Case, command: Any, _given: Given) -> str | None:
    """T19: the report says what each organ holds, and by which rule."""
    reasoned = all(command.paper.get(name, "").strip() for name in ("reasons", "basis"))
    return None if reasoned else "争议报告应写明各方理由和依据。"


@guard
def party_or_decider(case: Case, command: Any, given: Given) -> str | None:
    """T19: a party refers the dispute on, or the superior that was to decide it."""
    if command.actor.node == case.dispute_node and command.actor.role in {Role.DISPATCHER, Role.DEPARTMENT_LEADER}:
        return None if command.to_conference else "请作出指定，或者提请联席会议协调。"
    parties = {case.unit, *case.dispute_parties}
    ours = command.actor.unit in parties or (command.actor.node == given.node and not command.actor.unit)
    return None if ours and case.dispute_stage == "consult" else "争议由当事单位在协商不成时提请；已提请的，等待决定。"


@guard
def decided_inside_the_city(case: Case, _command: Any, _given: Given) -> str | None:
    """T19 (R-24-7): what no office of the city stands above goes to the province, outside this system."""
    return None if common_node(case.dispute_parties) else "争议各方没有本市范围内的共同上级，请按程序报省级协调。"


@guard
def party_agrees(case: Case, command: Any, _given: Given) -> str | None:
    """T20 (R-24-1): while they consult, the organ that has the case records what all of them agreed."""
    if case.dispute_stage != "consult":
        return "争议已提请上级或者联席会议，不再由各方商定。"
    if command.actor.unit != case.unit:
        return f"协商结果由现受理单位 {case.unit} 记录。"
    return None if command.paper.get("consent", "").strip() else "应写明各方同意的意见和日期。"


@guard
def decided_by_superior(case: Case, command: Any, _given: Given) -> str | None:
    """T20 (R-24-2): the common superior decides what was referred to it."""
    if case.dispute_stage != "designate":
        return "争议没有提请共同的上一级决定。"
    return None if command.actor.node == case.dispute_node else f"由共同的上一级 {case.dispute_node} 决定。"


@guard
def decided_by_conference(case: Case, command: Any, _given: Given) -> str | None:
    """T20 (R-24-3): the joint conference of the node the dispute was referred to."""
    if case.dispute_stage != "conference":
        return "争议没有提请联席会议协调。"
    return None if command.actor.node == case.dispute_node else f"由 {case.dispute_node} 的联席会议协调。"


@guard
def minutes_kept(_case: Case, command: Any, _given: Given) -> str | None:
    """T20 (DOC-7): the minutes say who attended and what was settled."""
    complete = all(command.paper.get(name, "").strip() for name in MINUTES_FIELDS)
    return None if complete else "协调会议纪要应写明参加单位和议定事项。"


@guard
def lead_and_assists_known(_case: Case, command: Any, given: Given) -> str | None:
    """T12–T14, T20 (R-24-6): one lead, other units assist, all of them in the directory."""
    lead = getattr(command, "lead", "")
    if not lead:
        lead = command.to_unit
    elif "." not in lead:
        return "请指定具体的主办单位。"
    if lead in command.assists or len(set(command.assists)) != len(command.assists):
        return "协办单位不能与主办单位相同，也不能重复。"
    if any("." not in unit for unit in command.assists):
        return "协办单位应为具体单位。"
    return _all_known([organ for organ in (lead, *command.assists) if organ], given)


@guard
def sent_as_designated(case: Case, command: Any, given: Given) -> str | None:
    """T12–T14: a case whose organ was designated goes to that organ."""
    if not case.designated or command.to_unit == case.designated:
        return None
    towards = command.to_node != given.node and common_node((command.to_node, case.designated)) == command.to_node
    return None if towards and not command.to_unit else f"本案已指定由 {case.designated} 受理，应转送该单位。"


@guard
def assisting_unit(case: Case, command: Any, _given: Given) -> str | None:
    """T53: a unit that was named as assisting."""
    return None if command.actor.unit in case.assists else "本单位不是本案的协办单位。"


@guard
def assistance_written(_case: Case, command: Any, _given: Given) -> str | None:
    """T53: what the unit found, for the leading one's opinion."""
    return None if command.paper.get("opinion", "").strip() else "应写明协办意见。"


@guard
def assistance_missing(case: Case, _command: Any, _given: Given) -> str | None:
    """T53: somebody is still to be reminded."""
    return None if case.assists_missing else "没有尚未提出意见的协办单位。"


def _all_known(organs: Iterable[str], given: Given) -> str | None:
    for organ in organs:
        node = node_of(organ)
        known = given.units if node == given.node else given.organs(node) if node else frozenset()
        if not node or ("." in organ and organ not in known):
            return f"单位目录中没有 {organ}。"
    return None
