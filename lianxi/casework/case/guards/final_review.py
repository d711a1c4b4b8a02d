"""Guards of T28, T39, T40 and T49: hearings and the final review."""

from datetime import date
from typing import Any

from lianxi.casework.case.guards.given import Given, guard
from lianxi.casework.case.guards.handling import served_between
from lianxi.casework.case.state import Case, final_reviewing_node
from lianxi.casework.messages.facts import Disposition, DocumentKind
from lianxi.law.clocks import ClockCode
from lianxi.law.deadlines import due

SUMMONS_FIELDS = ("time", "venue", "chair", "invited")
HEARING_FIELDS = ("attended", "record", "conclusion")


@guard
def at_final_reviewing_node(case: Case, command: Any, _given: Given) -> str | None:
    """T39, T40, T49 (RO-1…RO-4): the organ above the reviewing one decides."""
    organ = final_reviewing_node(case.holder)
    return None if organ and command.actor.node == organ else f"复核机关为 {organ or '省级机关'}。"


@guard
def parties_summoned(_case: Case, command: Any, _given: Given) -> str | None:
    """T28, T39 (DOC-12): the notice says when and where, who presides, and who is to come."""
    missing = [name for name in SUMMONS_FIELDS if not command.paper.get(name, "").strip()]
    return f"听证通知书应写明时间、地点、主持人和参加人，缺少：{'、'.join(missing)}。" if missing else None


@guard
def hearing_minuted(_case: Case, command: Any, _given: Given) -> str | None:
    """T28, T39 (DOC-12): the minutes say who came, what was said, and what the hearing concluded."""
    complete = all(command.paper.get(name, "").strip() for name in HEARING_FIELDS)
    return None if complete else "听证笔录应写明到会人员、陈述内容和听证结论。"


@guard
def final_hearing_in_time(case: Case, command: Any, given: Given) -> str | None:
    """T39 (D-14): no hearing brings back a time that is over, and two hearings share no day."""
    day = command.decided_on or given.today
    held = [hearing.pause for hearing in case.final_hearings]
    if held and day <= held[-1][1]:
        return "上一次听证的笔录于今日签署，新的听证自次日起决定。"
    asked_on = case.final_received_on or day
    limit = due(ClockCode.FINAL, asked_on, given.calendar, hearings=held).legal_due
    return None if day <= limit else f"复核期限已于{limit.isoformat()}届满，不再举行听证。"


@guard
def upheld_or_amended(_case: Case, command: Any, _given: Given) -> str | None:
    """T40 (R-36-3): the last instance decides itself; it sends nothing back."""
    back = command.disposition is Disposition.SET_ASIDE
    return "复核意见为终结性意见，应当维持或者变更，不再责令重新办理。" if back else None


@guard
def signer_not_of_earlier_instances(case: Case, command: Any, _given: Given) -> str | None:
    """T40 (GD-2): who handled, signed or reviewed the matter does not decide it for good."""
    return "原承办人、签发人和复查人员不得作出复核决定。" if command.actor.person in case.handlers else None


@guard
def final_opinion_served(case: Case, command: Any, given: Given) -> str | None:
    """T40 (D-15): the final opinion is served with proof, after the request was admitted."""
    if not command.service.proof.strip():
        return "复核意见应附送达凭证。"
    in_order = served_between(_admitted_on(case, given), command.service, given.today)
    return None if in_order else "送达日期应在受理复核之后、今天之前（公告送达满30日）。"


def _admitted_on(case: Case, given: Given) -> date:
    notices = [document.issued_on for document in case.documents if document.kind is DocumentKind.FINAL_REVIEW_NOTICE]
    return max(notices, default=given.today)


@guard
def no_report_pending(case: Case, _command: Any, _given: Given) -> str | None:
    """T49 (R-22-6): while the assigner still checks a report, the case does not end."""
    return "交办事项的办结报告尚未审核通过，请交办方先予审核。" if case.report else None
