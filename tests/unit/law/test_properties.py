"""What holds for every date of the calendar, searched for by hypothesis."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from lianxi.law import calendar_data, deadlines
from lianxi.law.clocks import CLOCKS, ClockCode, Unit

CALENDAR = calendar_data.load()
ONE_DAY = timedelta(days=1)
FIXED = sorted(code for code, rule in CLOCKS.items() if rule.unit in {Unit.DAY, Unit.WORKDAY})

starts = st.dates(date(2004, 1, 1), date(2040, 12, 31))
fixed_clocks = st.sampled_from(FIXED)


@given(fixed_clocks, starts)
def test_legal_due_is_never_a_rest_day(code, start):
    assert CALENDAR.is_workday(deadlines.due(code, start, CALENDAR).legal_due)


@given(fixed_clocks, starts)
def test_d_4_nobody_works_between_the_counted_day_and_the_lawful_one(code, start):
    due = deadlines.due(code, start, CALENDAR)

    between = (due.raw_due + number * ONE_DAY for number in range((due.legal_due - due.raw_due).days))

    assert not any(CALENDAR.is_workday(day) for day in between)


@given(fixed_clocks, starts, st.integers(0, 400))
def test_a_later_start_never_ends_earlier(code, start, later):
    first = deadlines.due(code, start, CALENDAR)
    second = deadlines.due(code, start + later * ONE_DAY, CALENDAR)

    assert first.raw_due <= second.raw_due
    assert first.legal_due <= second.legal_due


@given(starts, st.integers(0, 30), st.integers(0, 20))
def test_d_14_a_pause_adds_exactly_its_length(start, offset, length):
    begin = start + offset * ONE_DAY
    hearing = (begin, begin + length * ONE_DAY)

    paused = deadlines.due(ClockCode.FINAL, start, CALENDAR, hearings=[hearing])

    assert paused.raw_due == deadlines.due(ClockCode.FINAL, start, CALENDAR).raw_due + (length + 1) * ONE_DAY


@given(starts, st.integers(1, 30))
def test_r_34_2_an_extension_adds_exactly_its_length(start, days):
    extended = deadlines.due(ClockCode.HANDLE, start, CALENDAR, extension_days=days)

    assert extended.raw_due == deadlines.due(ClockCode.HANDLE, start, CALENDAR).raw_due + days * ONE_DAY


@given(st.sampled_from([code for code in FIXED if CLOCKS[code].unit is Unit.WORKDAY]), starts)
def test_d_6_as_many_working_days_pass_as_the_clock_says(code, start):
    end = deadlines.due(code, start, CALENDAR).legal_due

    passed = (start + number * ONE_DAY for number in range(1, (end - start).days + 1))

    assert sum(CALENDAR.is_workday(day) for day in passed) == CLOCKS[code].length


@given(fixed_clocks, starts)
def test_d_18_a_date_is_provisional_exactly_when_it_rests_on_a_year_after_2026(code, start):
    due = deadlines.due(code, start, CALENDAR)

    assert due.provisional == (due.legal_due.year > 2026)


@given(fixed_clocks, starts)
def test_every_derivation_begins_with_day_one_and_reaches_its_dates(code, start):
    due = deadlines.due(code, start, CALENDAR)
    days = [step.day for step in due.derivation.steps]

    assert days[0] == start + ONE_DAY
    assert due.raw_due in days
    assert due.legal_due in days
