"""Green, yellow, red: how near a clock is to its end.

A clock is yellow once a fifth of its time or five days are left before
`raw_due`, whichever comes first, and red once `legal_due` has passed (PR-25).
Clocks of working days count working days instead, one at least. A clock of
five days or fewer turns yellow on its last day but one, or it would never be
green. The thresholds are a setting (CF-25).
"""

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from lianxi.law.calendar import ONE_DAY, Calendar
from lianxi.law.clocks import ClockRule, Unit
from lianxi.law.deadlines import Due


class Lamp(StrEnum):
    """The three colours of the case page."""

    GREEN = "green"
    YELLOW = "yellow"
    RED = "red"


@dataclass(frozen=True, slots=True)
class Thresholds:
    """When a clock turns yellow: percentage of its length, days, working days; whichever is reached first."""

    percent: int = 20
    days: int = 5
    workdays: int = 1


def lamp(today: date, rule: ClockRule, due: Due, calendar: Calendar, thresholds: Thresholds = Thresholds()) -> Lamp:
    """The lamp of a running clock on this day."""
    if today > due.legal_due:
        return Lamp.RED
    return Lamp.YELLOW if today >= yellow_from(rule, due, calendar, thresholds) else Lamp.GREEN


def yellow_from(rule: ClockRule, due: Due, calendar: Calendar, thresholds: Thresholds = Thresholds()) -> date:
    """The first day on which the clock is yellow."""
    start = due.derivation.start
    if rule.unit is Unit.WORKDAY:
        total = _workdays_between(start, due.raw_due, calendar)
        return calendar.minus_workdays(due.raw_due, max(thresholds.workdays, total * thresholds.percent // 100))
    total = (due.raw_due - start).days
    least = thresholds.days if total > thresholds.days else 1
    return due.raw_due - timedelta(days=max(least, total * thresholds.percent // 100))


def red_from(due: Due) -> date:
    """The first day on which the clock is overdue; a supervision order is proposed then (PR-26)."""
    return due.legal_due + ONE_DAY


def _workdays_between(start: date, end: date, calendar: Calendar) -> int:
    """Working days after start up to and including end."""
    days = (start + number * ONE_DAY for number in range(1, (end - start).days + 1))
    return sum(calendar.is_workday(day) for day in days)
