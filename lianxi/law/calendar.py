"""Working days and rest days as a value.

A `Calendar` answers one question, whether people work on a given day, for all
years it may be asked about, and says from which source it knows. It is passed
to whoever computes a date; nobody reaches for a global one. Where the years
come from is the business of `calendar_data`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

from lianxi.law.errors import DateRuleError

ONE_DAY = timedelta(days=1)
SATURDAY = 5
FIRST_YEAR = 2004
LAST_YEAR = 2100
WEEKEND = "周末"


@dataclass(frozen=True, slots=True)
class CalendarYear:
    """What differs from the plain week in one year: rest days and make-up workdays, each with its name."""

    rest: Mapping[date, str]
    makeup: Mapping[date, str]
    source: str
    provisional: bool = False


@dataclass(frozen=True, slots=True)
class Calendar:
    """Who works when. Two calendars of the same version are equal."""

    version: str
    years: Mapping[int, CalendarYear] = field(compare=False, repr=False)
    local_rest: Mapping[date, str] = field(default_factory=dict, compare=False, repr=False)

    def year(self, number: int) -> CalendarYear:
        """The year's table; refused outside the years this calendar covers (D-18)."""
        found = self.years.get(number)
        if found is None:
            raise DateRuleError("date", "D-18", f"日历不含{number}年，请核对日期")
        return found

    def is_workday(self, day: date) -> bool:
        """Whether organs work on this day: no weekend, no holiday, or a make-up workday (D-5, D-6)."""
        table = self.year(day.year)
        if day in table.rest or day in self.local_rest:
            return False
        return day.weekday() < SATURDAY or day in table.makeup

    def is_makeup_workday(self, day: date) -> bool:
        """Whether this is a weekend day on which people work in exchange for a holiday (D-5)."""
        return day in self.year(day.year).makeup and self.is_workday(day)

    def is_provisional(self, day: date) -> bool:
        """Whether the year of this day is a forecast, its official notice not being loaded (D-18)."""
        return self.year(day.year).provisional

    def rest_name(self, day: date) -> str:
        """Why this day is free: the holiday's name or the weekend; only asked of rest days."""
        return self.year(day.year).rest.get(day) or self.local_rest.get(day) or WEEKEND

    def next_workday(self, day: date) -> date:
        """This day if people work on it, otherwise the first workday after it (D-4)."""
        while not self.is_workday(day):
            day += ONE_DAY
        return day

    def add_workdays(self, day: date, count: int) -> date:
        """The count-th workday after this day; the day itself is not counted (D-2, D-6)."""
        while count > 0:
            day += ONE_DAY
            if self.is_workday(day):
                count -= 1
        return day

    def minus_workdays(self, day: date, count: int) -> date:
        """The count-th workday before this day."""
        while count > 0:
            day -= ONE_DAY
            if self.is_workday(day):
                count -= 1
        return day

    def with_local_rest(self, days: Iterable[date], name: str) -> "Calendar":
        """The same calendar with a node's own days off, such as minority holidays (D-17, CF-19)."""
        added = dict.fromkeys(days, name)
        marks = ",".join(sorted(day.isoformat() for day in added))
        return replace(self, version=f"{self.version}+{name}:{marks}", local_rest={**self.local_rest, **added})
