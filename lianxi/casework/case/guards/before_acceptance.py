"""Guards of T1–T23 and T45: from the contact to the door of the competent organ."""

from typing import Any

from lianxi.casework.case.guards.given import Given, guard
from lianxi.casework.case.state import Case
from lianxi.casework.identifiers import DivisionCode
from lianxi.casework.messages.facts import PetitionClass, Role, TransferKind
from lianxi.law.clocks import ClockCode
from lianxi.law.deadlines import due

MAX_REPRESENTATIVES = 5
CATEGORY_LEVELS = 3


@guard
def facts_complete(_case: Case, command: Any, _given: Given) -> str | None:
    """T1, T2 (R-19-1): a petition says something."""
    return None if command.text_digest else "来件没有内容，请补充请求、事实和理由。"


@guard
def representatives_at_most_five(_case: Case, command: Any, _given: Given) -> str | None:
    """T2 (R-20-3)."""
    return "多人走访应推选代表，代表不得超过5人。" if command.representatives > MAX_REPRESENTATIVES else None


@guard
def same_matter_checked(_case: Case, command: Any, _given: Given) -> str | None:
    """T3: the check for the same person and matter is done."""
    return None if command.same_matter_checked else "登记前应完成“同人同事”核对。"


@guard
def claims_given(_case: Case, command: Any, _given: Given) -> str | None:
    """T3 (R-31-8): at least one claim, numbered from one."""
    numbers = [claim.number for claim in command.claims]
    return None if numbers and numbers == list(range(1, len(numbers) + 1)) else "至少应有一项诉求，并从1起连续编号。"


@guard
def category_given(_case: Case, command: Any, _given: Given) -> str | None:
    """T3: a first level at least, at most three levels."""
    levels = len(command.category)
    return None if 1 <= levels <= CATEGORY_LEVELS and all(command.category) else "应选定信访内容分类（一至三级）。"


@guard
def place_given(_case: Case, command: Any, _given: Given) -> str | None:
    """T3: the place of the problem (问题属地) is known."""
    return None if command.place else "应确定问题属地。"


@guard
def earlier_case_open(case: Case, command: Any, given: Given) -> str | None:
    """T4 (R-19-3): the case joined is an earlier, open one of the same petitioner."""
    earlier = given.earlier
    if earlier is None or earlier.case_no == case.case_no:
        return f"本节点没有可并入的案件 {command.into}。"
    if not earlier.is_open:
        return "被并入的案件已经终结，不能并案。"
    if not given.same_person and earlier.petitioner_key != case.petitioner_key:
        return "两件信访事项不是同一信访人，不能并案。"
    started = (earlier.received_on or given.today, earlier.case_no)
    return None if started < (case.received_on or given.today, case.case_no) else "只能并入更早的案件。"


@guard
def not_an_accusation(case: Case, _command: Any, _given: Given) -> str | None:
    """GD-1: class B travels sealed, on a road of its own (T9)."""
    return "检举控告类事项须按密件办理，不能走普通程序。" if case.petition_class is PetitionClass.ACCUSATION else None


@guard
def organ_at_this_node(_case: Case, command: Any, given: Given) -> str | None:
    """T12: the organ stands in the directory of this node."""
    if command.to_node != given.node:
        return "转送本级机关时，目标应在本节点。"
    return None if command.to_unit in given.units else f"本节点单位目录中没有 {command.to_unit or '（未填单位）'}。"


@guard
def node_below(_case: Case, command: Any, given: Given) -> str | None:
    """T13 (GD-4): a direct lower node; a level may be skipped only as a direct transfer (CF-38)."""
    own, target = DivisionCode.parse(given.node), DivisionCode.parse(command.to_node)
    if own == target or not own.contains(target):
        return f"{command.to_node} 不是本节点的下级。"
    if target.parent != own and not command.direct:
        return "越过一级转送应选“直转”，并抄送被越过的一级。"
    if command.to_unit and command.to_unit not in given.organs(command.to_node):
        return f"节点 {command.to_node} 的单位目录中没有 {command.to_unit}。"
    return None


@guard
def here_or_below(case: Case, command: Any, given: Given) -> str | None:
    """T14: an organ of this node or a lower node."""
    check = organ_at_this_node if command.to_node == given.node else node_below
    return check(case, command, given)


@guard
def report_due_ahead(_case: Case, command: Any, given: Given) -> str | None:
    """T14 (R-22-6): the day set lies ahead."""
    return None if command.report_due > given.today else "交办的反馈期限应晚于今天。"


@guard
def not_assigned_from_above(case: Case, _command: Any, given: Given) -> str | None:
    """T14: one report is owed at a time; what a superior assigned is sent on by a transfer and reported to it."""
    if case.assigned_by and case.assigned_by != given.node:
        return f"本案由 {case.assigned_by} 交办并须向其报告，请用转送，不再另行交办。"
    return None


@guard
def offered_to_this_node(case: Case, _command: Any, given: Given) -> str | None:
    """T15, T17: custody is on its way to this node, and to no other."""
    if case.transfer is None or case.transfer.to_node != given.node:
        return "没有移交给本节点的手续，不能接收此案。"
    return None


@guard
def hand_back_under_way(case: Case, _command: Any, _given: Given) -> str | None:
    """T50: the case was on its way back and the other server could not take it; what led to that is decided anew."""
    return None if case.in_transfer else "案件没有在退回途中。"


@guard
def own_unit(case: Case, command: Any, _given: Given) -> str | None:
    """The organ in whose hands the case is acts, nobody else."""
    return None if command.actor.unit == case.unit else f"案件由 {case.unit or '信访部门'} 办理，其他单位不能办理。"


@guard
def own_unit_or_window(case: Case, command: Any, given: Given) -> str | None:
    """T45: a unit asks and takes in for its own cases only; the window and the petitioner bring what is missing."""
    return own_unit(case, command, given) if command.actor.role in {Role.CASE_OFFICER, Role.UNIT_HEAD} else None


@guard
def within_objection_limit(case: Case, _command: Any, given: Given) -> str | None:
    """T16 (R-23-6, CF-5): five working days from receipt."""
    dates = due(ClockCode.OBJECT, case.delivered_on or given.today, given.calendar)
    if given.today <= dates.legal_due:
        return None
    return f"异议应在收到之日起5个工作日内提出，期限为 {dates.legal_due.isoformat()}。"


@guard
def first_objection(case: Case, _command: Any, _given: Given) -> str | None:
    """T16 (R-23-11, CF-6): one objection per transfer."""
    return "对同一次转送只能提出一次异议。" if case.objections else None


@guard
def objection_reasoned(_case: Case, command: Any, _given: Given) -> str | None:
    """T16: reasons, basis and the organ thought competent."""
    written = (command.paper.get("reasons", ""), command.paper.get("basis", ""), command.proposed_organ)
    reasoned = all(text.strip() for text in written)
    return None if reasoned else "异议应写明理由、依据和建议的受理机关。"


@guard
def decided_by_sender(case: Case, command: Any, _given: Given) -> str | None:
    """T17, T18: the node that sent the case decides on the objection to it."""
    return None if command.actor.node == case.sender else f"异议由发送方 {case.sender} 决定。"


@guard
def reason_given(_case: Case, command: Any, _given: Given) -> str | None:
    """A refusal, return or extension says why."""
    return None if command.paper.get("reason", "").strip() else "应写明理由。"


@guard
def completion_stated(_case: Case, command: Any, _given: Given) -> str | None:
    """T45: the petitioner must be able to see what is missing."""
    return None if command.paper.get("missing", "").strip() else "应写明需要补正的内容。"


def transfer_kind(command: Any) -> TransferKind:
    """Whether a dispatch is an assignment (it has a day for the report) or a transfer."""
    return TransferKind.ASSIGN if getattr(command, "report_due", None) else TransferKind.TRANSFER
