"""The guards of the transition table, by name. Each says in Chinese why it refuses, or nothing.

A guard sees the case as it is, the command, and what is given from outside (`Given`): the moment, the node, its
organs, the calendar. General guards that hold for every act stand in `lianxi.casework.case.acts`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from lianxi.casework.case.state import Case, final_reviewing_node, reviewing_node
from lianxi.casework.identifiers import DivisionCode
from lianxi.casework.messages.facts import DocumentKind, PetitionClass, Route, ServiceMethod, TransferKind
from lianxi.law.calendar import Calendar
from lianxi.law.clocks import ClockCode
from lianxi.law.deadlines import due, in_time

OPINION_FIELDS = ("request", "facts", "opinion", "basis", "remedy")
MAX_EXTENSION_DAYS = 30
MAX_REHANDLING_DAYS = 60
MAX_REPRESENTATIVES = 5
CATEGORY_LEVELS = 3
ANNOUNCEMENT_DAYS = 30


@dataclass(frozen=True, kw_only=True, slots=True)
class Given:
    """What an act finds outside the case.

    `now` is aware; `today` its day in Asia/Shanghai; `node` the node at which the act is carried out; `units` the
    organs of that node that may be given work, `organs` those of another node; `earlier` the case named by a merge;
    `issue` numbers a document.
    """

    now: datetime
    today: date
    node: str
    calendar: Calendar
    issue: Callable[[DocumentKind], str]
    organs: Callable[[str], frozenset[str]] = lambda _node: frozenset()
    units: frozenset[str] = frozenset()
    earlier: Case | None = None
    offer_id: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)


# Commands differ by class; a guard reads the fields that the table's command of its row has.
Guard = Callable[[Case, Any, Given], str | None]
GUARDS: dict[str, Guard] = {}


def guard(function: Guard) -> Guard:
    """Enter a guard into the table under its own name."""
    GUARDS[function.__name__] = function
    return function


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
    """T3: a first level at least, at most three levels (§7.0)."""
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
    if earlier.petitioner_key != case.petitioner_key:
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
def own_unit(case: Case, command: Any, _given: Given) -> str | None:
    """The organ in whose hands the case is acts, nobody else."""
    return None if command.actor.unit == case.unit else f"案件由 {case.unit or '信访部门'} 办理，其他单位不能办理。"


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
    reasoned = command.paper.get("reasons") and command.paper.get("basis") and command.proposed_organ
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
def every_claim_on_rt6(case: Case, command: Any, _given: Given) -> str | None:
    """T24: the same claims, each of class C and on route RT6 (R-31-6)."""
    if [claim.number for claim in command.claims] != [claim.number for claim in case.claims]:
        return "应对登记的每一项诉求逐项分类。"
    on_route = all(
        claim.petition_class is PetitionClass.RELIEF and claim.route is Route.RT6 for claim in command.claims
    )
    return None if on_route else "本步骤只适用于全部诉求均走信访程序（第三十一条第六项）的案件。"


@guard
def before_raw_due(case: Case, _command: Any, given: Given) -> str | None:
    """T30 (R-34-2): asked for before the sixty days are over."""
    dates = due(ClockCode.HANDLE, case.accepted_on or given.today, given.calendar)
    return None if given.today <= dates.raw_due else f"延期应在办理期限 {dates.raw_due.isoformat()} 届满前批准。"


@guard
def at_most_thirty_days(_case: Case, command: Any, _given: Given) -> str | None:
    """T30 (R-34-2)."""
    return None if 1 <= command.days <= MAX_EXTENSION_DAYS else "延长办理期限不得超过30日。"


@guard
def extended_once(case: Case, _command: Any, _given: Given) -> str | None:
    """T30 (CF-13)."""
    return "办理期限只能延长一次。" if case.extension_days else None


@guard
def every_claim_answered(case: Case, command: Any, _given: Given) -> str | None:
    """T31: one outcome for each claim."""
    answered = sorted(outcome.number for outcome in command.outcomes)
    return None if answered == [claim.number for claim in case.claims] else "处理意见应逐项答复每一项诉求。"


@guard
def opinion_complete(_case: Case, command: Any, _given: Given) -> str | None:
    """T31 (R-32-1, R-32-4): request, facts, opinion, basis and remedy notice."""
    missing = [name for name in OPINION_FIELDS if not command.paper.get(name, "").strip()]
    return f"处理意见书缺少：{'、'.join(missing)}。" if missing else None


@guard
def service_proven(case: Case, command: Any, given: Given) -> str | None:
    """T32 (D-15, CF-18): proof, not before the signature, not in the future; an announcement has run 30 days."""
    service = command.service
    if not service.proof:
        return "没有送达凭证，信访人的期限不能起算。"
    earliest = case.signed_on or given.today
    if service.method is ServiceMethod.ANNOUNCEMENT:
        earliest += timedelta(days=ANNOUNCEMENT_DAYS)
    return (
        None if earliest <= service.served_on <= given.today else "送达日期应在作出之后、今天之前（公告送达满30日）。"
    )


@guard
def report_wanted(case: Case, _command: Any, _given: Given) -> str | None:
    """T33: only an assigned case is reported on."""
    return None if case.assigned_by else "非交办事项不需要报送办结报告。"


@guard
def report_complete(_case: Case, command: Any, _given: Given) -> str | None:
    """T33 (DOC-10)."""
    complete = command.paper.get("facts", "").strip() and command.paper.get("result", "").strip()
    return None if complete else "办结报告应写明事实和处理结果。"


@guard
def decided_by_assigner(case: Case, command: Any, _given: Given) -> str | None:
    """T34: the assigner checks the report."""
    return None if command.actor.node == case.assigned_by else f"办结报告由交办方 {case.assigned_by} 审核。"


@guard
def rt6_only(case: Case, _command: Any, _given: Given) -> str | None:
    """GD-5: review exists for opinions on route RT6."""
    return (
        None
        if case.claims and all(c.route is Route.RT6 for c in case.claims)
        else "只有信访处理意见可以申请复查、复核。"
    )


def _asked_in_time(code: ClockCode, served: date | None, command: Any, given: Given) -> str | None:
    if command.received_on > given.today or (command.posted_on and command.posted_on > command.received_on):
        return "收到日期、寄出日期不能晚于今天，寄出日期不能晚于收到日期。"
    if served is None or command.received_on < served:
        return "申请日期不能早于送达日期。"
    dates = due(code, served, given.calendar)
    if in_time(code, dates, command.received_on, command.posted_on):
        return None
    return f"申请应在送达之日起30日内提出，期限为 {dates.legal_due.isoformat()}。"


@guard
def within_review_limit(case: Case, command: Any, given: Given) -> str | None:
    """T35 (R-35-1, D-8): thirty days from proven service, by postmark when sent by mail."""
    return _asked_in_time(ClockCode.ASK_REVIEW, case.served_on, command, given)


@guard
def within_final_limit(case: Case, command: Any, given: Given) -> str | None:
    """T38 (R-36-1)."""
    if not final_reviewing_node(case.holder):
        return "复核机关在省级，请向省人民政府复查复核机构提出。"
    return _asked_in_time(ClockCode.ASK_FINAL, case.review_served_on, command, given)


@guard
def at_reviewing_node(case: Case, command: Any, _given: Given) -> str | None:
    """T36, T37 (RO-1…RO-4): the reviewing organ decides."""
    organ = reviewing_node(case.holder)
    return None if command.actor.node == organ else f"复查机关为 {organ}。"


@guard
def ground_of_refusal(_case: Case, command: Any, _given: Given) -> str | None:
    """T36 (R-35-5)."""
    grounds = {"out-of-scope", "skipped-level", "late", "accepted-elsewhere", "statutory-route"}
    return None if command.ground in grounds else f"不予受理复查应选定事由：{'、'.join(sorted(grounds))}。"


@guard
def signer_not_handler(case: Case, command: Any, _given: Given) -> str | None:
    """T37: who handled or signed the opinion does not review it."""
    return "原承办人、签发人不得作出复查决定。" if command.actor.person in case.handlers else None


@guard
def review_served(_case: Case, command: Any, given: Given) -> str | None:
    """T37: an opinion that stands or is amended is served with proof."""
    if command.service is None or not command.service.proof:
        return "复查意见应附送达凭证。"
    return None if command.service.served_on <= given.today else "送达日期不能晚于今天。"


@guard
def rehandling_at_most_sixty_days(_case: Case, command: Any, _given: Given) -> str | None:
    """T37 (CF-33)."""
    return None if 1 <= command.rehandle_days <= MAX_REHANDLING_DAYS else "重新办理期限不得超过60日。"


@guard
def right_has_lapsed(case: Case, _command: Any, given: Given) -> str | None:
    """T41: the legal due day of the right is over and service is proven."""
    final = case.review_served_on is not None and case.state == "S32"
    served = case.review_served_on if final else case.served_on
    if served is None:
        return "没有送达凭证，期限未起算。"
    dates = due(ClockCode.ASK_FINAL if final else ClockCode.ASK_REVIEW, served, given.calendar)
    return None if given.today > dates.legal_due else f"申请期限至 {dates.legal_due.isoformat()}，尚未届满。"


@guard
def free_will(_case: Case, command: Any, _given: Given) -> str | None:
    """T42: withdrawn of free will, and that is on record."""
    return None if command.free_will_recorded else "撤回应有信访人自愿撤回的书面材料或记录。"


@guard
def documents_complete(case: Case, _command: Any, _given: Given) -> str | None:
    """T43: the file holds at least the document that ended the case."""
    return None if case.documents else "卷宗中没有文书，不能归档。"


@guard
def completion_stated(_case: Case, command: Any, _given: Given) -> str | None:
    """T45: the petitioner must be able to see what is missing."""
    return None if command.paper.get("missing", "").strip() else "应写明需要补正的内容。"


def transfer_kind(command: Any) -> TransferKind:
    """Whether a dispatch is an assignment (it has a day for the report) or a transfer."""
    return TransferKind.ASSIGN if hasattr(command, "report_due") else TransferKind.TRANSFER
