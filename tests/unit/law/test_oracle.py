"""The dates agree with the oracle, which was written without looking at `lianxi.law`."""

import random
from datetime import timedelta

import pytest

from lianxi.law import calendar_data, deadlines
from lianxi.law.clocks import CLOCKS, ClockCode, Unit
from lianxi.law.errors import DateRuleError
from tests.support import date_oracle

CASES = 20_000


@pytest.fixture(scope="module")
def calendar():
    return calendar_data.load()


def computed(question, calendar):
    options = {name: value for name, value in question.items() if name not in {"code", "start"}}
    try:
        due = deadlines.due(ClockCode(question["code"]), question["start"], calendar, **options)
    except DateRuleError:
        return None
    return due.raw_due, due.legal_due


def test_every_day_of_the_typed_years_is_a_workday_for_both_or_for_neither(calendar):
    day = date_oracle.FIRST
    while day <= date_oracle.LAST:
        assert calendar.is_workday(day) == (day in date_oracle.WORKING), day
        day += timedelta(days=1)


def test_the_oracle_knows_every_clock_that_ends_on_a_day():
    ends_on_a_day = {code.value for code, rule in CLOCKS.items() if rule.unit is not Unit.HOUR}

    assert set(date_oracle.ALL_CODES) == ends_on_a_day


def test_random_questions_get_the_same_answer_from_both(calendar):
    chance = random.Random()
    seed = chance.randrange(2**32)
    chance = random.Random(seed)
    refused = 0

    for _ in range(CASES):
        question = date_oracle.random_question(chance)
        expected = date_oracle.verdict(**question)
        refused += expected is None
        assert computed(question, calendar) == expected, f"seed {seed}: {question}"

    assert CASES // 50 < refused < CASES // 3, "the questions no longer mix answers and refusals"
