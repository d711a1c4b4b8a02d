"""Which days are free, and how sure that is."""

import json
from datetime import date, timedelta

import pytest

from lianxi.law import calendar_data, deadlines
from lianxi.law.clocks import ClockCode
from lianxi.law.errors import DateRuleError
from lianxi.law.notices import YearNotice


@pytest.fixture(scope="module")
def calendar():
    return calendar_data.load()


def entry(name, rest, work=()):
    return {"name": name, "rest": list(rest), "work": list(work)}


def notice_data(year=2027, **changes):
    """A notice made up for these tests; its days are nobody's."""
    holidays = [
        entry("元旦", [f"{year - 1}-12-31..{year}-01-01"]),
        entry("春节", [f"{year}-02-10..{year}-02-12"]),
        entry("清明节", [f"{year}-04-05"]),
        entry("劳动节", [f"{year}-05-01..{year}-05-03"]),
        entry("端午节", [f"{year}-06-09"]),
        entry("中秋节", [f"{year}-09-15"]),
        entry("国庆节", [f"{year}-10-01..{year}-10-07"]),
    ]
    return {"year": year, "title": "测试用通知", "document": "测试〔0〕1号", "holidays": holidays} | changes


def a_notice(year=2027, extra=()):
    data = notice_data(year)
    return YearNotice.parse(data | {"holidays": [*data["holidays"], *extra]})


def saturday_of(year):
    day = date(year, 3, 1)
    return day + timedelta(days=(5 - day.weekday()) % 7)


def test_published_years_know_makeup_workdays(calendar):
    assert calendar.is_workday(date(2026, 10, 10))
    assert calendar.is_makeup_workday(date(2026, 10, 10))
    assert not calendar.is_makeup_workday(date(2026, 10, 9))
    assert not calendar.is_workday(date(2026, 10, 7))
    assert not calendar.is_provisional(date(2004, 1, 1))
    assert not calendar.is_provisional(date(2026, 12, 31))


def test_rest_days_are_named(calendar):
    assert calendar.rest_name(date(2015, 9, 3)) == "抗战胜利70周年纪念日"
    assert calendar.rest_name(date(2026, 8, 8)) == "周末"


def test_workdays_are_counted_forwards_and_backwards(calendar):
    assert calendar.add_workdays(date(2026, 9, 29), 5) == date(2026, 10, 12)
    assert calendar.minus_workdays(date(2026, 10, 12), 5) == date(2026, 9, 29)
    assert calendar.add_workdays(date(2026, 10, 1), 0) == date(2026, 10, 1)


def test_d_18_later_years_are_forecast_and_marked(calendar):
    assert calendar.is_provisional(date(2027, 1, 1))
    assert not calendar.is_workday(date(2027, 10, 1))
    assert calendar.year(2027).source.startswith("holidays ")
    assert calendar.year(2100).provisional


@pytest.mark.parametrize("year", [2003, 2101])
def test_d_18_a_year_outside_the_calendar_is_refused(calendar, year):
    with pytest.raises(DateRuleError, match=f"日历不含{year}年"):
        calendar.is_workday(date(year, 6, 1))


def test_the_calendar_lists_its_years(calendar):
    assert list(calendar.years) == list(range(2004, 2101))
    assert len(calendar.years) == 97
    with pytest.raises(KeyError):
        calendar.years[1999]


def test_a_notice_makes_its_year_certain_and_decides_its_days():
    saturday = saturday_of(2027)
    sunday = saturday + timedelta(days=1)
    worked = [saturday.isoformat(), sunday.isoformat()]
    calendar = calendar_data.load([a_notice(extra=[entry("补休", ["2027-03-01"], worked)])])

    assert not calendar.is_provisional(date(2027, 6, 1))
    assert calendar.is_workday(saturday)
    assert calendar.is_workday(sunday)
    assert not calendar.is_workday(date(2027, 3, 1))
    assert calendar.is_workday(date(2027, 2, 5)), "the forecast for 2027 no longer counts"
    assert calendar.is_provisional(date(2028, 6, 1))


def test_dx_1_becomes_certain_once_the_notice_is_loaded():
    calendar = calendar_data.load([a_notice()])

    assert not deadlines.due(ClockCode.DISPOSE, date(2026, 12, 20), calendar).provisional


def test_a_working_day_clock_that_jumps_over_an_unpublished_year_stays_provisional():
    calendar = calendar_data.load([a_notice(2028)])

    due = deadlines.due(ClockCode.CONFERENCE, date(2026, 12, 31), calendar, days=300)

    assert due.legal_due.year == 2028
    assert due.provisional


def test_a_notice_speaks_about_the_december_before_its_year():
    before, after = calendar_data.load(), calendar_data.load([a_notice()])

    assert before.is_workday(date(2026, 12, 31))
    assert not after.is_workday(date(2026, 12, 31))
    assert not after.is_workday(date(2026, 10, 1)), "the rest of 2026 stays as published"
    assert after.is_makeup_workday(date(2026, 10, 10))


def test_a_forecast_year_keeps_its_december_from_the_next_notice_and_stays_provisional():
    calendar = calendar_data.load([a_notice(2029)])

    assert not calendar.is_workday(date(2028, 12, 31))
    assert calendar.is_provisional(date(2028, 12, 31))


def test_a_notice_without_a_december_leaves_the_year_before_alone():
    data = notice_data()
    data["holidays"][0] = entry("元旦", ["2027-01-01"])

    calendar = calendar_data.load([YearNotice.parse(data)])

    assert calendar.year(2026).source.endswith(calendar_data.load().year(2026).source)


def test_the_december_before_the_first_year_is_nobodys():
    assert calendar_data.load([a_notice(2004)]).year(2004).source == "测试〔0〕1号"
    assert not calendar_data.load([a_notice(2005)]).is_workday(date(2004, 12, 31))


def test_the_version_names_each_notice_by_its_days():
    plain, loaded = calendar_data.load(), calendar_data.load([a_notice()])
    other = calendar_data.load([a_notice(extra=[entry("补休", ["2027-03-01"])])])

    assert plain == calendar_data.load()
    assert len({plain.version, loaded.version, other.version}) == 3
    assert loaded.version.startswith(plain.version + "+2027-")


def test_two_notices_for_one_year_are_refused():
    with pytest.raises(DateRuleError, match="两份"):
        calendar_data.load([a_notice(), a_notice()])


def test_d_17_and_cf_19_a_node_may_add_its_own_days_off(calendar):
    day = date(2026, 3, 20)
    local = calendar.with_local_rest([day], "开斋节")

    assert calendar.is_workday(day)
    assert not local.is_workday(day)
    assert local.rest_name(day) == "开斋节"
    assert local != calendar
    assert deadlines.due(ClockCode.DISPOSE, date(2026, 3, 5), local).legal_due == date(2026, 3, 23)


def test_stored_notices_are_read_back(tmp_path):
    notice = a_notice()
    (tmp_path / "2027.json").write_text(json.dumps(notice.as_data()), encoding="utf-8")

    assert calendar_data.read_notices(tmp_path) == (notice,)
    assert calendar_data.from_directory(tmp_path) == calendar_data.load([notice])
    assert calendar_data.from_directory(tmp_path / "nowhere") == calendar_data.load()


def test_a_damaged_stored_notice_is_named(tmp_path):
    (tmp_path / "2027.json").write_text('{"year": 20', encoding="utf-8")

    with pytest.raises(DateRuleError, match=r"2027\.json"):
        calendar_data.from_directory(tmp_path)


def with_entry(position, **changes):
    data = notice_data()
    data["holidays"][position] |= changes
    return data


@pytest.mark.parametrize(
    ("data", "field", "words"),
    [
        (["a", "list"], "notice", "键值"),
        (notice_data(year=2027) | {"year": "2027"}, "year", "四位年份"),
        (notice_data() | {"year": True}, "year", "四位年份"),
        (notice_data(year=2100), "year", "之间"),
        (notice_data(holidays=[]), "holidays", "非空列表"),
        (notice_data(holidays="元旦"), "holidays", "非空列表"),
        (notice_data(holidays=["元旦"]), "holidays", "键值"),
        (notice_data(title=" "), "title", "不能为空"),
        (notice_data(document=7), "document", "不能为空"),
        (with_entry(1, name=None), "name", "不能为空"),
        (with_entry(1, rest="2027-02-10"), "rest", "日期列表"),
        (with_entry(1, rest=[["2027-02-10"]]), "rest", "每一项"),
        (with_entry(1, rest=["2027-02-30"]), "rest", "不是日期"),
        (with_entry(1, rest=["2027-02-12..2027-02-10"]), "rest", "起止"),
        (with_entry(1, rest=["2027-02-10..2027-06-10"]), "rest", "起止"),
        (with_entry(1, rest=["2027-02-10", "2027-02-10"]), "rest", "两次"),
        (with_entry(1, rest=["2028-02-10"]), "holidays", "不属于"),
        (with_entry(0, rest=["2026-11-30", "2027-01-01"]), "holidays", "不属于"),
        (with_entry(1, work=["2027-02-08"]), "work", "不是周末"),
        (with_entry(3, work=["2027-05-01"]), "work", "既放假又上班"),
        (with_entry(0, rest=["2027-01-02"]), "rest", "2027-01-01"),
        (with_entry(6, rest=["2027-10-01..2027-10-02"]), "rest", "2027-10-03"),
        (with_entry(4, name="端五"), "holidays", "缺少端午节"),
    ],
)
def test_d_16_a_notice_cut_short_or_contradicting_itself_is_refused(data, field, words):
    with pytest.raises(DateRuleError, match=words) as caught:
        YearNotice.parse(data)

    assert caught.value.field == field


@pytest.mark.parametrize("missing", ["01-01", "05-01", "05-02", "10-01", "10-02", "10-03"])
def test_d_16_each_fixed_holiday_must_be_free(missing):
    data = notice_data()
    for holiday in data["holidays"]:
        first, _, last = holiday["rest"][0].partition("..")
        days = [date.fromisoformat(first) + timedelta(days=number) for number in range(10)]
        named = [day.isoformat() for day in days if day.isoformat() <= (last or first)]
        holiday["rest"] = [day for day in named if day != f"2027-{missing}"]

    with pytest.raises(DateRuleError, match=f"2027-{missing}"):
        YearNotice.parse(data)


def test_a_range_of_days_covers_a_month_at_most():
    longest = with_entry(1, rest=["2027-02-10..2027-03-13"])

    assert len(YearNotice.parse(longest).rest) == len(YearNotice.parse(notice_data()).rest) - 3 + 32
    with pytest.raises(DateRuleError, match="起止"):
        YearNotice.parse(with_entry(1, rest=["2027-02-10..2027-03-14"]))


def test_a_date_of_yaml_is_as_good_as_text():
    data = with_entry(2, rest=[date(2027, 4, 5)])

    assert YearNotice.parse(data).rest == YearNotice.parse(notice_data()).rest


def test_the_calendar_is_read_again_when_a_notice_has_been_stored(tmp_path):
    noted = calendar_data.NotedCalendar(tmp_path / "years")
    assert noted.current().is_workday(date(2027, 2, 11))

    (tmp_path / "years").mkdir()
    (tmp_path / "years" / "2027.json").write_text(json.dumps(a_notice().as_data()), encoding="utf-8")

    assert not noted.current().is_workday(date(2027, 2, 11))
    assert noted.current() is noted.current()
