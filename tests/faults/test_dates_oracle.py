"""A million random questions to the law and to the oracle: not one answer may differ.

LIANXI_DATE_CASES sets another number. Work is shared among processes; each batch
has its own seed, which a failure names.
"""

import multiprocessing
import os
import random
import secrets
from concurrent.futures import ProcessPoolExecutor

import pytest

from lianxi.law import calendar_data, deadlines
from lianxi.law.clocks import ClockCode
from lianxi.law.errors import DateRuleError
from tests.support import date_oracle

CASES = int(os.environ.get("LIANXI_DATE_CASES", "1000000"))
BATCH = 25_000


def wrong_answers(seed, count):
    """The questions of one batch on which law and oracle differ, and how many were refused by both."""
    calendar = calendar_data.load()
    chance = random.Random(seed)
    wrong, refused = [], 0
    for _ in range(count):
        question = date_oracle.random_question(chance)
        expected = date_oracle.verdict(**question)
        options = {name: value for name, value in question.items() if name not in {"code", "start"}}
        try:
            due = deadlines.due(ClockCode(question["code"]), question["start"], calendar, **options)
            found = (due.raw_due, due.legal_due)
        except DateRuleError:
            found = None
        refused += expected is None
        if found != expected:
            wrong.append((seed, question, found, expected))
    return wrong, refused


@pytest.mark.timeout(600)
def test_a_million_random_dates_are_right(capsys):
    batches = [min(BATCH, CASES - done) for done in range(0, CASES, BATCH)]
    seeds = [secrets.randbits(64) for _ in batches]

    with ProcessPoolExecutor(os.cpu_count(), mp_context=multiprocessing.get_context("spawn")) as pool:
        results = list(pool.map(wrong_answers, seeds, batches))

    wrong = [case for found, _ in results for case in found]
    refused = sum(count for _, count in results)
    with capsys.disabled():
        print(f"\ndates against the oracle: {sum(batches):,} cases, {refused:,} refused by both, {len(wrong)} wrong")  # noqa: T201
    assert wrong == []
