"""On which day something happened: the day from which, or by which, a clock counts.

An instant has the day it has in Asia/Shanghai, whatever offset it came with.
A petitioner who posts a request in time is in time, so the postmark counts for
requests for review. Publication replaces service after thirty days, and a
unit that never issued its acceptance notice counts as having accepted on the
fifteenth day.
"""

from datetime import date, datetime, timedelta, timezone

from lianxi.law.calendar import ONE_DAY, Calendar
from lianxi.law.clocks import ClockCode
from lianxi.law.errors import DateRuleError

# China has kept UTC+8 without summer time since 1991, and no date here is older than 2004.
SHANGHAI = timezone(timedelta(hours=8), "Asia/Shanghai")
ANNOUNCEMENT_DAYS = 30
DEEMED_ACCEPTANCE_DAYS = 15
_POSTED_REQUESTS = frozenset({ClockCode.ASK_REVIEW, ClockCode.ASK_FINAL})


def in_shanghai(instant: datetime) -> datetime:
    """The same instant on a clock in Shanghai; refused without an offset, because its day would be a guess."""
    if instant.tzinfo is None:
        raise DateRuleError("start", "D-13a", "时间须带时区，例如 2026-08-04T23:50:00+08:00")
    try:
        return instant.astimezone(SHANGHAI)
    except OverflowError as error:
        raise DateRuleError("start", "D-18", "时间超出可计算的范围") from error


def local_day(instant: datetime) -> date:
    """The day of this instant in Asia/Shanghai; 23:59:59 still belongs to its day (D-13a)."""
    return in_shanghai(instant).date()


def portal_receipt_day(instant: datetime, calendar: Calendar, *, next_workday: bool = False) -> date:
    """When a petition filed on the portal counts as received: that day, or the next workday if so set (CF-17)."""
    day = local_day(instant)
    return calendar.next_workday(day) if next_workday else day


def filing_day(code: ClockCode, received: date, postmark: date | None = None) -> date:
    """The day a request counts as made: the postmark of a posted review request (D-8), else receipt (D-13b)."""
    if postmark is None:
        return received
    if code not in _POSTED_REQUESTS:
        raise DateRuleError("postmark", "D-8", "邮戳日只适用于申请复查、复核；其他期限以收到日为准")
    if postmark > received:
        raise DateRuleError("postmark", "D-8", "邮戳日晚于收到日，请核对")
    return postmark


def served_by_announcement(published: date) -> date:
    """The day on which a public announcement counts as service (D-15)."""
    return published + ANNOUNCEMENT_DAYS * ONE_DAY


def deemed_accepted_on(received: date) -> date:
    """The acceptance date of a unit that issued no notice: silence wins no time (R-34-3, CF-12)."""
    return received + DEEMED_ACCEPTANCE_DAYS * ONE_DAY
