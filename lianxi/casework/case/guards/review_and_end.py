"""Guards of T35–T43: review, request for a final review, lapse, withdrawal, archive."""

from datetime import date
from typing import Any

from lianxi.casework.case.guards.given import Given, guard
from lianxi.casework.case.guards.handling import served_between
from lianxi.casework.case.state import Case, final_reviewing_node, reviewing_node
from lianxi.casework.messages.facts import CaseState, DocumentKind, Route
from lianxi.law.clocks import ClockCode
from lianxi.law.deadlines import due, in_time

MAX_REHANDLING_DAYS = 60


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
def lapsed_on_the_way(case: Case, command: Any, _given: Given) -> str | None:
    """T35, T38 (D-8): a case closed by lapse opens again for a request of that very right that was posted in time."""
    if case.state is not CaseState.CLOSED_BY_LAPSE:
        return None
    for_final = command.MESSAGE.name == "request-final-review"
    if case.lapsed_from is not (CaseState.REVIEW_SERVED if for_final else CaseState.REPLIED):
        return "案件已因期满终结，不能再提出此项申请。"
    return None if command.posted_on else "案件已因期满终结；只有期限内交邮的申请可以补办，请填写邮戳日期。"


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
    """T36, T49 (R-35-5)."""
    grounds = {"out-of-scope", "skipped-level", "late", "accepted-elsewhere", "statutory-route"}
    return None if command.ground in grounds else f"不予受理应选定事由：{'、'.join(sorted(grounds))}。"


@guard
def signer_not_handler(case: Case, command: Any, _given: Given) -> str | None:
    """T37: who handled or signed the opinion does not review it."""
    return "原承办人、签发人不得作出复查决定。" if command.actor.person in case.handlers else None


@guard
def review_served(case: Case, command: Any, given: Given) -> str | None:
    """T37 (D-15): an opinion that stands or is amended is served with proof, after the review was admitted.

    An earlier day would take from the petitioner part of the thirty days for a final review.
    """
    if command.service is None or not command.service.proof.strip():
        return "复查意见应附送达凭证。"
    notices = [document.issued_on for document in case.documents if document.kind is DocumentKind.REVIEW_NOTICE]
    admitted = max(notices, default=given.today)
    in_order = served_between(admitted, command.service, given.today)
    return None if in_order else "送达日期应在受理复查之后、今天之前（公告送达满30日）。"


@guard
def rehandling_at_most_sixty_days(_case: Case, command: Any, _given: Given) -> str | None:
    """T37 (CF-33)."""
    return None if 1 <= command.rehandle_days <= MAX_REHANDLING_DAYS else "重新办理期限不得超过60日。"


@guard
def right_has_lapsed(case: Case, _command: Any, given: Given) -> str | None:
    """T41: the legal due day of the right is over and service is proven; an assigner still waits for no report."""
    final = case.review_served_on is not None and case.state is CaseState.REVIEW_SERVED
    served = case.review_served_on if final else case.served_on
    if served is None:
        return "没有送达凭证，期限未起算。"
    if case.assigned_by and (case.state is CaseState.REPLIED or case.report):
        return "交办事项的办结报告尚未审核通过，不能终结。"
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
