"""On which day something happened."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from lianxi.law import calendar_data, deadlines, receipts
from lianxi.law.clocks import ClockCode
from lianxi.law.errors import DateRuleError

NIGHT = datetime(2026, 2, 10, 15, 59, 59, tzinfo=UTC)


@pytest.fixture(scope="module")
def calendar():
    return calendar_data.load()


def test_d_13a_the_day_is_the_day_in_shanghai_whatever_the_offset():
    same_instant = NIGHT.astimezone(timezone(timedelta(hours=-11)))

    assert deadlines.local_day(NIGHT) == deadlines.local_day(same_instant) == date(2026, 2, 10)
    assert deadlines.local_day(NIGHT + timedelta(seconds=1)) == date(2026, 2, 11)


def test_d_13a_an_instant_without_an_offset_is_refused():
    with pytest.raises(DateRuleError, match="时区"):
        deadlines.local_day(datetime(2026, 2, 10, 12))  # noqa: DTZ001 - the missing offset is the point


def test_an_instant_beyond_the_end_of_time_is_refused():
    with pytest.raises(DateRuleError, match="范围"):
        deadlines.local_day(datetime(9999, 12, 31, 23, tzinfo=UTC))


def test_d_13a_and_cf_17_the_portal_counts_the_same_day_unless_the_office_set_the_next_workday(calendar):
    saturday = datetime(2026, 8, 8, 9, tzinfo=UTC)

    assert receipts.portal_receipt_day(saturday, calendar) == date(2026, 8, 8)
    assert receipts.portal_receipt_day(saturday, calendar, next_workday=True) == date(2026, 8, 10)


def test_d_13b_a_letter_counts_from_the_day_it_came():
    assert receipts.filing_day(ClockCode.DISPOSE, date(2026, 8, 10)) == date(2026, 8, 10)


@pytest.mark.parametrize("code", [ClockCode.ASK_REVIEW, ClockCode.ASK_FINAL])
def test_d_8_a_request_posted_in_time_is_in_time(calendar, code):
    due = deadlines.due(code, date(2026, 9, 3), calendar)
    posted, received = date(2026, 10, 8), date(2026, 10, 12)

    assert deadlines.in_time(code, due, received, posted)
    assert not deadlines.in_time(code, due, received)
    assert not deadlines.in_time(code, due, received, date(2026, 10, 9))


def test_d_8_a_postmark_helps_nobody_but_who_asks_for_review():
    with pytest.raises(DateRuleError) as caught:
        receipts.filing_day(ClockCode.OBJECT, date(2026, 10, 12), date(2026, 10, 8))

    assert (caught.value.field, caught.value.rule) == ("postmark", "D-8")


def test_d_8_a_letter_may_be_posted_and_received_on_one_day():
    assert receipts.filing_day(ClockCode.ASK_REVIEW, date(2026, 10, 8), date(2026, 10, 8)) == date(2026, 10, 8)


def test_d_8_a_postmark_later_than_the_letter_is_refused():
    with pytest.raises(DateRuleError, match="晚于"):
        receipts.filing_day(ClockCode.ASK_REVIEW, date(2026, 10, 12), date(2026, 10, 13))


def test_d_15_an_announcement_serves_after_thirty_days():
    assert receipts.served_by_announcement(date(2026, 8, 1)) == date(2026, 8, 31)


def test_r_34_3_and_cf_12_silence_wins_no_time():
    assert receipts.deemed_accepted_on(date(2026, 8, 1)) == date(2026, 8, 16)
