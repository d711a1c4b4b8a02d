"""What lengthens a period, what does not, and what is refused."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from lianxi.law import calendar_data, deadlines
from lianxi.law.clocks import CLOCKS, ClockCode, Unit
from lianxi.law.errors import DateRuleError

START = date(2026, 8, 4)


@pytest.fixture(scope="module")
def calendar():
    return calendar_data.load()


def refusal(calendar, code, start=START, **options):
    with pytest.raises(DateRuleError) as caught:
        deadlines.due(code, start, calendar, **options)
    return caught.value.field, caught.value.rule


def day(text):
    return date.fromisoformat(text)


def test_d_1_days_are_calendar_days_except_where_working_days_are_named(calendar):
    notice = deadlines.due(ClockCode.NOTICE, START, calendar)
    objection = deadlines.due(ClockCode.OBJECT, START, calendar)

    assert notice.raw_due - START == timedelta(days=15)
    assert objection.raw_due == day("2026-08-11")


def test_d_2_day_one_is_the_day_after_the_event(calendar):
    first = deadlines.due(ClockCode.HANDLE, START, calendar).derivation.steps[0]

    assert (first.rule, first.day) == ("D-2", day("2026-08-05"))


def test_d_3_the_last_day_ends_at_midnight_in_shanghai(calendar):
    due = deadlines.due(ClockCode.HANDLE, START, calendar)
    shanghai = timezone(timedelta(hours=8))

    assert not deadlines.overdue(datetime(2026, 10, 8, 23, 59, 59, tzinfo=shanghai), due)
    assert deadlines.overdue(datetime(2026, 10, 8, 16, 0, tzinfo=UTC), due)


def test_d_4_and_d_12_both_dates_are_kept_and_only_the_legal_one_rolls(calendar):
    due = deadlines.due(ClockCode.HANDLE, START, calendar)

    assert (due.raw_due, due.legal_due) == (day("2026-10-03"), day("2026-10-08"))
    assert due.derivation.steps[-1].rule == "D-4"


def test_d_5_a_makeup_workday_counts_and_is_remarked(calendar):
    due = deadlines.due(ClockCode.DISPOSE, day("2026-09-05"), calendar)

    assert due.legal_due == day("2026-09-20")
    assert due.derivation.steps[-1].rule == "D-5"


def test_d_6_a_clock_of_working_days_has_one_due_date(calendar):
    for code, rule in CLOCKS.items():
        if rule.unit is Unit.WORKDAY:
            due = deadlines.due(code, day("2026-02-12"), calendar)
            assert due.raw_due == due.legal_due
            assert calendar.is_workday(due.legal_due)


def test_d_7_holidays_in_the_middle_stop_nothing(calendar):
    due = deadlines.due(ClockCode.DISPOSE, day("2026-02-10"), calendar)

    assert due.raw_due == due.legal_due == day("2026-02-25")


def test_d_9_a_hearing_pauses_nothing_but_the_final_review(calendar):
    for code, rule in CLOCKS.items():
        if code is not ClockCode.FINAL and rule.unit is not Unit.HOUR:
            hearing = (day("2026-08-10"), day("2026-08-14"))
            assert refusal(calendar, code, hearings=[hearing]) == ("hearing", "R-36-2")


def test_d_10_an_extension_counts_from_acceptance_and_rolls_once(calendar):
    due = deadlines.due(ClockCode.HANDLE, day("2025-08-09"), calendar, extension_days=30)

    assert due.legal_due == day("2025-11-07")


def test_d_11_an_index_shows_the_unrolled_day(calendar):
    due = deadlines.due(ClockCode.CHAIN, day("2025-09-20"), calendar)

    assert due.raw_due == day("2025-10-05")
    assert due.derivation.steps[-1].rule == "D-11"


def test_d_14_hearings_in_any_order_add_their_lengths(calendar):
    hearings = [(day("2026-03-20"), day("2026-03-20")), (day("2026-03-10"), day("2026-03-11"))]

    due = deadlines.due(ClockCode.FINAL, day("2026-03-02"), calendar, hearings=hearings)

    assert due.raw_due == day("2026-04-04")
    assert [step.rule for step in due.derivation.steps] == ["D-2", "R-36-2", "D-14", "D-14", "D-4"]


def test_d_14_a_hearing_may_begin_on_the_last_lawful_day_but_not_after_it(calendar):
    # Received on 3 September: the thirtieth day is 3 October, and 8 October is still in time.
    last, after = day("2026-10-08"), day("2026-10-09")

    due = deadlines.due(ClockCode.FINAL, day("2026-09-03"), calendar, hearings=[(last, last)])

    assert due.raw_due == day("2026-10-04")
    assert refusal(calendar, ClockCode.FINAL, day("2026-09-03"), hearings=[(after, after)]) == ("hearing", "D-14")


def test_d_14_an_earlier_hearing_makes_room_for_a_later_one(calendar):
    first, second = (day("2026-08-10"), day("2026-08-30")), (day("2026-09-15"), day("2026-09-15"))

    due = deadlines.due(ClockCode.FINAL, START, calendar, hearings=[second, first])

    assert due.raw_due == START + timedelta(days=30 + 21 + 1)


@pytest.mark.parametrize(
    "hearings",
    [
        [("2026-08-14", "2026-08-10")],
        [("2026-08-03", "2026-08-05")],
        [("2026-08-10", "2026-08-14"), ("2026-08-14", "2026-08-15")],
        [("2026-08-10", "2026-08-14"), ("2026-08-11", "2026-08-12")],
        [("2026-12-01", "2026-12-02")],
        [("2026-08-10", "2027-09-01")],
    ],
    ids=["backwards", "before receipt", "sharing a day", "inside another", "after the end", "longer than a year"],
)
def test_d_14_an_impossible_hearing_is_refused(calendar, hearings):
    held = [(day(begin), day(end)) for begin, end in hearings]

    assert refusal(calendar, ClockCode.FINAL, hearings=held) == ("hearing", "D-14")


def test_d_14_a_hearing_may_last_a_leap_year_and_no_longer(calendar):
    longest = (day("2026-08-10"), day("2027-08-10"))

    due = deadlines.due(ClockCode.FINAL, START, calendar, hearings=[longest])

    assert due.raw_due == START + timedelta(days=30 + 366)


def test_adjacent_hearings_do_not_overlap(calendar):
    hearings = [(START, day("2026-08-05")), (day("2026-08-06"), day("2026-08-06"))]

    due = deadlines.due(ClockCode.FINAL, START, calendar, hearings=hearings)

    assert due.raw_due == START + timedelta(days=33)


@pytest.mark.parametrize("days", [1, 20, 30])
def test_r_34_2_handling_and_its_extension_end_on_the_same_day(calendar, days):
    handled = deadlines.due(ClockCode.HANDLE, START, calendar, extension_days=days)
    extended = deadlines.due(ClockCode.EXTEND, START, calendar, extension_days=days)

    assert handled.raw_due == START + timedelta(days=60 + days)
    assert (extended.raw_due, extended.legal_due) == (handled.raw_due, handled.legal_due)


def test_r_34_2_an_extension_without_a_number_is_the_longest(calendar):
    assert deadlines.due(ClockCode.EXTEND, START, calendar).raw_due == START + timedelta(days=90)


@pytest.mark.parametrize(
    ("code", "days"),
    [
        (ClockCode.HANDLE, -1),
        (ClockCode.HANDLE, 31),
        (ClockCode.HANDLE, True),
        (ClockCode.HANDLE, 1.5),
        (ClockCode.EXTEND, 31),
        (ClockCode.REVIEW, 1),
        (ClockCode.OBJECT, 1),
    ],
)
def test_r_34_2_another_extension_is_refused(calendar, code, days):
    assert refusal(calendar, code, extension_days=days) == ("extension_days", "R-34-2")


def test_s34_rehandling_lasts_as_ordered_but_never_beyond_sixty_days(calendar):
    ordered = deadlines.due(ClockCode.REHANDLE, START, calendar, days=20)

    assert ordered.raw_due == START + timedelta(days=20)
    assert deadlines.due(ClockCode.REHANDLE, START, calendar).raw_due == START + timedelta(days=60)
    assert refusal(calendar, ClockCode.REHANDLE, days=61) == ("days", "S34")
    assert refusal(calendar, ClockCode.REHANDLE, days=0) == ("days", "S34")


def test_an_office_may_set_its_own_length_but_not_the_regulations(calendar):
    assert deadlines.due(ClockCode.OBJ_DECIDE, START, calendar, days=5).raw_due == day("2026-08-11")
    assert refusal(calendar, ClockCode.HANDLE, days=10) == ("days", "R-34-1")
    assert refusal(calendar, ClockCode.NOTICE_KPI, days=10) == ("days", "K-2")
    assert refusal(calendar, ClockCode.SIMPLE, days=10) == ("days", "PR-13")
    assert refusal(calendar, ClockCode.ARCHIVE, days=367) == ("days", "T43")
    assert refusal(calendar, ClockCode.ARCHIVE, days="30") == ("days", "T43")


def test_r_22_6_the_assigner_names_the_day_of_the_report(calendar):
    named = deadlines.due(ClockCode.ASSIGN_RPT, START, calendar, report_due=day("2026-10-03"))
    counted = deadlines.due(ClockCode.ASSIGN_RPT, START, calendar, days=60)

    assert (named.raw_due, named.legal_due) == (day("2026-10-03"), day("2026-10-08"))
    assert (counted.raw_due, counted.legal_due) == (named.raw_due, named.legal_due)
    assert "指定" in str(named.derivation)


@pytest.mark.parametrize("days", [1, 366])
def test_r_22_6_the_named_day_may_be_tomorrow_or_a_year_away(calendar, days):
    named = START + timedelta(days=days)

    assert deadlines.due(ClockCode.ASSIGN_RPT, START, calendar, report_due=named).raw_due == named


def test_r_22_6_a_report_without_a_day_or_with_a_foolish_one_is_refused(calendar):
    assert refusal(calendar, ClockCode.ASSIGN_RPT) == ("report_due", "R-22-6")
    assert refusal(calendar, ClockCode.ASSIGN_RPT, report_due=START) == ("report_due", "R-22-6")
    assert refusal(calendar, ClockCode.ASSIGN_RPT, report_due=day("2027-08-06")) == ("report_due", "R-22-6")
    assert refusal(calendar, ClockCode.ASSIGN_RPT, report_due=day("2026-10-03"), days=3) == ("days", "R-22-6")
    assert refusal(calendar, ClockCode.HANDLE, report_due=day("2026-10-03")) == ("report_due", "R-22-6")


@pytest.mark.parametrize("start", [date(2003, 12, 31), date(2099, 1, 1), date(1, 1, 1), date(9999, 12, 31)])
def test_d_18_a_start_in_an_absurd_year_is_refused(calendar, start):
    assert refusal(calendar, ClockCode.HANDLE, start) == ("start", "D-18")


def test_d_18_the_first_and_the_last_start_are_computed(calendar):
    assert deadlines.due(ClockCode.DISPOSE, date(2004, 1, 1), calendar).legal_due == date(2004, 1, 16)
    assert deadlines.due(ClockCode.ARCHIVE, date(2098, 12, 31), calendar, days=366).provisional


def test_d_18_hearings_that_run_beyond_the_calendar_are_refused(calendar):
    hearings = [(date(2098, 12, 31), date(2099, 12, 30)), (date(2099, 12, 31), date(2100, 12, 30))]

    assert refusal(calendar, ClockCode.FINAL, date(2098, 12, 31), hearings=hearings) == ("date", "D-18")


def test_an_instant_is_not_taken_for_a_date(calendar):
    assert refusal(calendar, ClockCode.HANDLE, datetime(2026, 8, 4, 12, tzinfo=UTC)) == ("start", "D-13a")


def test_r_25_3_urgent_reports_run_in_hours_through_the_holidays():
    known = datetime(2026, 10, 1, 15, 30, tzinfo=UTC)

    written = deadlines.due_at(ClockCode.URGENT, known)
    oral = deadlines.due_at(ClockCode.URGENT_ORAL, known)

    assert written.at.isoformat() == "2026-10-02T01:30:00+08:00"
    assert oral.at.isoformat() == "2026-10-02T00:30:00+08:00"
    assert written.derivation.start == date(2026, 10, 1)
    assert "R-25-3" in str(written.derivation)


def test_r_25_3_hours_need_an_instant_and_days_a_date(calendar):
    assert refusal(calendar, ClockCode.URGENT) == ("start", "R-25-3")
    assert refusal(calendar, ClockCode.URGENT, days=1) == ("days", "R-25-3")
    with pytest.raises(DateRuleError, match="日期起算"):
        deadlines.due_at(ClockCode.HANDLE, datetime(2026, 8, 4, 12, tzinfo=UTC))
    with pytest.raises(DateRuleError, match="起算日应在"):
        deadlines.due_at(ClockCode.URGENT, datetime(2003, 8, 4, 12, tzinfo=UTC))


def test_a_refusal_is_a_problem_document(calendar):
    with pytest.raises(DateRuleError) as caught:
        deadlines.due(ClockCode.HANDLE, START, calendar, extension_days=31)

    problem = caught.value.as_problem()

    assert caught.value.branch == "refused"
    assert str(caught.value) == "extension_days [R-34-2] 延长不得超过30日"
    assert problem == {
        "type": "urn:lianxi:problem:date-rule-refused",
        "title": "期限无法计算",
        "status": 422,
        "detail": "延长不得超过30日",
        "code": "date-rule-refused",
        "rule": "R-34-2",
        "field": "extension_days",
    }
