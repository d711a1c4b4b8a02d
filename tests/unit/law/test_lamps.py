"""PR-25 and PR-26: when a clock turns yellow and red, and who hears of it."""

from datetime import date, timedelta

import pytest

from lianxi.law import calendar_data, deadlines, lamps
from lianxi.law.clocks import CLOCKS, ClockCode
from lianxi.law.lamps import Lamp

START = date(2026, 8, 4)


@pytest.fixture(scope="module")
def calendar():
    return calendar_data.load()


@pytest.mark.parametrize(
    ("code", "days_left"),
    [
        (ClockCode.HANDLE, 12),
        (ClockCode.EXTEND, 18),
        (ClockCode.REVIEW, 6),
        (ClockCode.DISPOSE, 5),
        (ClockCode.SERVE, 1),
    ],
)
def test_pr_25_yellow_comes_with_a_fifth_or_five_days_left(calendar, code, days_left):
    due = deadlines.due(code, START, calendar)
    turns = due.raw_due - timedelta(days=days_left)

    assert lamps.yellow_from(CLOCKS[code], due, calendar) == turns
    assert lamps.lamp(turns - timedelta(days=1), CLOCKS[code], due, calendar) is Lamp.GREEN
    assert lamps.lamp(turns, CLOCKS[code], due, calendar) is Lamp.YELLOW


@pytest.mark.parametrize(
    ("code", "turns"),
    [
        (ClockCode.OBJECT, date(2026, 8, 10)),
        (ClockCode.OBJ_DECIDE, date(2026, 8, 6)),
        (ClockCode.SIMPLE, date(2026, 8, 14)),
        (ClockCode.REG, date(2026, 8, 4)),
    ],
)
def test_pr_25_clocks_of_working_days_count_working_days(calendar, code, turns):
    due = deadlines.due(code, START, calendar)

    assert lamps.yellow_from(CLOCKS[code], due, calendar) == turns


def test_pr_25_yellow_looks_at_the_counted_day_and_red_at_the_lawful_one(calendar):
    due = deadlines.due(ClockCode.HANDLE, START, calendar)
    rule = CLOCKS[ClockCode.HANDLE]

    assert lamps.lamp(due.raw_due + timedelta(days=1), rule, due, calendar) is Lamp.YELLOW
    assert lamps.lamp(due.legal_due, rule, due, calendar) is Lamp.YELLOW
    assert lamps.lamp(date(2026, 10, 9), rule, due, calendar) is Lamp.RED


def test_pr_25_the_share_is_a_fifth_of_a_length_that_was_set(calendar):
    due = deadlines.due(ClockCode.ASSIGN_RPT, START, calendar, days=100)

    assert lamps.yellow_from(CLOCKS[ClockCode.ASSIGN_RPT], due, calendar) == START + timedelta(days=80)


def test_pr_25_the_share_of_a_clock_of_working_days_is_of_working_days(calendar):
    # Fifteen working days from 12 October end on 2 November; a fifth of them is three.
    due = deadlines.due(ClockCode.CONFERENCE, date(2026, 10, 12), calendar, days=15)

    assert lamps.yellow_from(CLOCKS[ClockCode.CONFERENCE], due, calendar) == date(2026, 10, 28)


def test_cf_25_an_office_may_set_other_thresholds(calendar):
    due = deadlines.due(ClockCode.HANDLE, START, calendar)
    late = lamps.Thresholds(percent=0, days=3)

    turns = lamps.yellow_from(CLOCKS[ClockCode.HANDLE], due, calendar, late)

    assert turns == due.raw_due - timedelta(days=3)
    assert lamps.lamp(turns - timedelta(days=1), CLOCKS[ClockCode.HANDLE], due, calendar, late) is Lamp.GREEN


def test_pr_26_a_clock_is_overdue_from_the_day_after_its_legal_end(calendar):
    due = deadlines.due(ClockCode.HANDLE, START, calendar)

    assert lamps.red_from(due) == date(2026, 10, 9)
