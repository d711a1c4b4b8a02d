"""Guards of T54–T56, T58 and the end of T45: what a petitioner may bring, how often, until when, and who calls back."""

from datetime import timedelta
from typing import Any

from lianxi.casework.case.call_backs import is_of, owed
from lianxi.casework.case.guards.given import Given, guard
from lianxi.casework.case.state import Case
from lianxi.casework.messages.petitioner import Rated
from lianxi.law.clocks import ClockCode
from lianxi.law.deadlines import due, local_day

BETWEEN_URGES = timedelta(days=7)
"""A petitioner may urge once a week; more often it would only bury the others."""
CALL_BACK_FIELDS = ("caller", "result_of_call")
"""What every record of a call-back says; what the petitioner said is asked for once somebody was reached."""


@guard
def material_stated(_case: Case, command: Any, _given: Given) -> str | None:
    """T54: material says something."""
    return None if command.paper.get("text", "").strip() else "请写明补充的内容。"


@guard
def not_urged_lately(case: Case, _command: Any, given: Given) -> str | None:
    """T55: once a week."""
    if case.urged_on is None or given.today >= case.urged_on + BETWEEN_URGES:
        return None
    again = case.urged_on + BETWEEN_URGES
    return f"本事项已于{case.urged_on.isoformat()}催办，{again.isoformat()}后可以再次催办。"


@guard
def rating_open(case: Case, command: Any, given: Given) -> str | None:
    """T56 (PR-21): the department once the matter is registered, the organ once served; until 30 days from service.

    A rating counts on the day it was given: one that waited for a case in transfer is not late because the case was.
    """
    if command.rated is Rated.UNIT and case.served_on is None:
        return "责任单位答复送达后才能评价。"
    if case.registered_on is None:
        return "信访事项登记后才能评价。"
    if case.served_on is None:
        return None
    limit = due(ClockCode.RATE, case.served_on, given.calendar).legal_due
    rated_on = command.decided_on or given.today
    return None if rated_on <= limit else f"评价期限已过（{limit.isoformat()}）。"


@guard
def rating_is_new(case: Case, command: Any, _given: Given) -> str | None:
    """T56 (PR-22): one rating of each, which may be changed until the window closes; the same again changes nothing."""
    if f"{command.rated}:{command.rating}" not in case.ratings:
        return None
    return "您已经这样评价过，无须重复提交；评价期限内可以改为其他评价，以最后一次为准。"


@guard
def call_back_here(case: Case, command: Any, _given: Given) -> str | None:
    """T58 (PR-23): somebody of the rated organ calls back."""
    return None if any(is_of(call, command.actor) for call in case.call_backs) else "没有须由您的单位回访的评价。"


@guard
def call_back_owed(case: Case, command: Any, _given: Given) -> str | None:
    """T58 (PR-23): for the rating that is named, a call-back is owed by this organ."""
    call = owed(case, command.rated)
    return None if call and is_of(call, command.actor) else "所选的评价对象没有须由您的单位办理的回访。"


@guard
def called_in_time(case: Case, command: Any, given: Given) -> str | None:
    """T58: a call is recorded after it was made, and was made after the rating."""
    call = owed(case, command.rated)
    first, last = local_day(call.since) if call else given.today, command.decided_on or given.today
    if first <= command.called_on <= last:
        return None
    return f"回访日期应在{first.isoformat()}（评价之日）至{last.isoformat()}之间。"


@guard
def call_back_told(_case: Case, command: Any, _given: Given) -> str | None:
    """T58: the record says who called and what follows; what the petitioner said, once somebody was reached."""
    wanted = (*CALL_BACK_FIELDS, "said") if command.reached else CALL_BACK_FIELDS
    if all(command.paper.get(name, "").strip() for name in wanted):
        return None
    told = "、信访人的意见" if command.reached else ""
    return f"回访记录应写明回访人{told}和回访结果（未联系上的写明情况）。"


@guard
def completion_overdue(case: Case, _command: Any, given: Given) -> str | None:
    """T45 (CF-35): the days for the missing facts have passed."""
    if case.completion_asked_on is None:
        return "没有待补正的内容。"
    limit = due(ClockCode.SUPPLEMENT, case.completion_asked_on, given.calendar).legal_due
    return None if given.today > limit else f"补正期限未到（{limit.isoformat()}）。"
