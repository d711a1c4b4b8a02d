"""The published test vectors DV-1 to DV-38, DX-1 and DX-2, one test each."""

from datetime import date

import pytest

from lianxi.law import calendar_data, deadlines
from lianxi.law.clocks import ClockCode

CLOCK_OF = {
    "15d": (ClockCode.DISPOSE, 0),
    "30d": (ClockCode.FINAL, 0),
    "60d": (ClockCode.HANDLE, 0),
    "60d+20d": (ClockCode.HANDLE, 20),
    "60d+30d": (ClockCode.HANDLE, 30),
    "5wd": (ClockCode.OBJECT, 0),
    "10wd": (ClockCode.SIMPLE, 0),
}

# id, start, rule, hearings, raw_due ("-": the same as legal_due), legal_due
VECTORS = """
DV-1  2026-01-31 15d     -                                             2026-02-15 2026-02-24
DV-2  2026-02-10 15d     -                                             2026-02-25 2026-02-25
DV-3  2025-09-20 15d     -                                             2025-10-05 2025-10-09
DV-4  2026-09-05 15d     -                                             2026-09-20 2026-09-20
DV-5  2026-04-24 15d     -                                             2026-05-09 2026-05-09
DV-6  2026-08-04 60d     -                                             2026-10-03 2026-10-08
DV-7  2026-08-04 60d+30d -                                             2026-11-02 2026-11-02
DV-8  2026-09-03 30d     -                                             2026-10-03 2026-10-08
DV-9  2026-02-12 5wd     -                                             -          2026-02-26
DV-10 2026-09-16 5wd     -                                             -          2026-09-22
DV-11 2026-09-29 5wd     -                                             -          2026-10-12
DV-12 2026-04-29 5wd     -                                             -          2026-05-09
DV-13 2026-08-03 30d     2026-08-10..2026-08-14                        2026-09-07 2026-09-07
DV-14 2024-01-26 15d     -                                             2024-02-10 2024-02-18
DV-15 2024-02-03 15d     -                                             2024-02-18 2024-02-18
DV-16 2024-02-14 15d     -                                             2024-02-29 2024-02-29
DV-17 2024-02-29 15d     -                                             2024-03-15 2024-03-15
DV-18 2024-01-01 60d     -                                             2024-03-01 2024-03-01
DV-19 2025-01-01 60d     -                                             2025-03-02 2025-03-03
DV-20 2024-12-17 15d     -                                             2025-01-01 2025-01-02
DV-21 2024-11-29 60d     -                                             2025-01-28 2025-02-05
DV-22 2025-08-09 60d     -                                             2025-10-08 2025-10-09
DV-23 2025-08-09 60d+30d -                                             2025-11-07 2025-11-07
DV-24 2024-07-03 60d+30d -                                             2024-10-01 2024-10-08
DV-25 2025-08-02 60d+20d -                                             2025-10-21 2025-10-21
DV-26 2025-11-17 60d+30d -                                             2026-02-15 2026-02-24
DV-27 2025-11-16 60d+30d -                                             2026-02-14 2026-02-14
DV-28 2025-12-17 15d     -                                             2026-01-01 2026-01-04
DV-29 2026-09-04 15d     -                                             2026-09-19 2026-09-20
DV-30 2024-02-08 5wd     -                                             -          2024-02-21
DV-31 2024-09-30 5wd     -                                             -          2024-10-12
DV-32 2025-01-25 5wd     -                                             -          2025-02-07
DV-33 2025-12-31 5wd     -                                             -          2026-01-08
DV-34 2026-09-18 10wd    -                                             -          2026-10-09
DV-35 2024-09-02 30d     2024-09-23..2024-09-23                        2024-10-03 2024-10-08
DV-36 2025-01-13 30d     2025-01-24..2025-02-07                        2025-02-27 2025-02-27
DV-37 2026-01-12 30d     2026-02-02..2026-02-06                        2026-02-16 2026-02-24
DV-38 2026-03-02 30d     2026-03-10..2026-03-11,2026-03-20..2026-03-20 2026-04-04 2026-04-07
"""
ROWS = [line.split() for line in VECTORS.strip().splitlines()]


@pytest.fixture(scope="module")
def calendar():
    return calendar_data.load()


def hearings_of(text):
    if text == "-":
        return ()
    return [tuple(map(date.fromisoformat, span.split(".."))) for span in text.split(",")]


def test_all_vectors_are_here():
    assert [row[0] for row in ROWS] == [f"DV-{number}" for number in range(1, 39)]


@pytest.mark.parametrize("row", ROWS, ids=[row[0] for row in ROWS])
def test_the_vector_comes_out(calendar, row):
    _, start, rule, hearings, raw_due, legal_due = row
    code, extension = CLOCK_OF[rule]

    found = deadlines.due(
        code, date.fromisoformat(start), calendar, extension_days=extension, hearings=hearings_of(hearings)
    )

    assert found.legal_due.isoformat() == legal_due
    assert found.raw_due.isoformat() == (legal_due if raw_due == "-" else raw_due)
    assert not found.provisional


@pytest.mark.parametrize(
    "code", [ClockCode.ASK_REVIEW, ClockCode.REVIEW, ClockCode.ASK_FINAL, ClockCode.RATE, ClockCode.FEEDBACK]
)
def test_dv_8_holds_for_every_clock_of_thirty_days(calendar, code):
    found = deadlines.due(code, date(2026, 9, 3), calendar)

    assert (found.raw_due, found.legal_due) == (date(2026, 10, 3), date(2026, 10, 8))


def test_dx_1_a_date_in_an_unpublished_year_is_exact_but_provisional(calendar):
    found = deadlines.due(ClockCode.DISPOSE, date(2026, 12, 20), calendar)

    assert found.raw_due == date(2027, 1, 4)
    assert found.provisional
    assert "暂定" in found.derivation.steps[-1].text


def test_dx_2_working_days_counted_into_an_unpublished_year_are_provisional(calendar):
    found = deadlines.due(ClockCode.OBJECT, date(2026, 12, 25), calendar)

    assert found.provisional
    assert found.derivation.steps[-1].rule == "D-18"


@pytest.mark.parametrize(
    ("code", "last"),
    [
        (ClockCode.DISPOSE, date(2026, 12, 16)),
        (ClockCode.REVIEW, date(2026, 12, 1)),
        (ClockCode.HANDLE, date(2026, 11, 1)),
        (ClockCode.EXTEND, date(2026, 10, 2)),
        (ClockCode.REG, date(2026, 12, 30)),
        (ClockCode.OBJ_DECIDE, date(2026, 12, 28)),
        (ClockCode.OBJECT, date(2026, 12, 24)),
        (ClockCode.SIMPLE, date(2026, 12, 17)),
    ],
)
def test_d_18_the_last_start_with_a_certain_date_is_known(calendar, code, last):
    after = date.fromordinal(last.toordinal() + 1)

    assert not deadlines.due(code, last, calendar).provisional
    assert deadlines.due(code, after, calendar).provisional
