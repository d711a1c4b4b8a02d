"""A derivation reads like an explanation given over the counter."""

from datetime import date

import pytest

from lianxi.law import calendar_data, deadlines
from lianxi.law.clocks import ClockCode

EXPLAINED = (
    "1. 2026-08-04（星期二）为起算事件日，当日不计入，第1日为2026-08-05（星期三）〔D-2，《民法典》第二百零一条〕\n"
    "2. 办理期限60日，按自然日连续计算（D-1，期间的节假日不扣除，D-7），"
    "第60日为2026-10-03（星期六）〔R-34-1，《信访工作条例》第三十四条〕\n"
    "3. 届满日2026-10-03（星期六）为休息日，经2026-10-03至2026-10-07国庆节，"
    "顺延至2026-10-08（星期四）〔D-4，《民法典》第二百零三条〕\n"
    "日历版本：chinesecalendar-1.11.0"
)


@pytest.fixture(scope="module")
def calendar():
    return calendar_data.load()


def test_it_names_rule_article_and_the_holiday_rolled_over(calendar):
    due = deadlines.due(ClockCode.HANDLE, date(2026, 8, 4), calendar)

    assert str(due.derivation) == EXPLAINED


def test_it_tells_extension_and_makeup_workday(calendar):
    due = deadlines.due(ClockCode.HANDLE, date(2025, 11, 16), calendar, extension_days=30)

    assert [step.rule for step in due.derivation.steps] == ["D-2", "R-34-1", "R-34-2", "D-5"]
    assert "60日+30日" in due.derivation.steps[2].text
    assert "2026-02-14（星期六）为调休上班日" in due.derivation.steps[3].text


def test_it_tells_a_roll_onto_a_makeup_workday(calendar):
    due = deadlines.due(ClockCode.DISPOSE, date(2026, 9, 4), calendar)

    assert [step.rule for step in due.derivation.steps] == ["D-2", "R-22-1", "D-4", "D-5"]
    assert "经2026-09-19周末，顺延" in due.derivation.steps[2].text


def test_it_tells_which_days_a_clock_of_working_days_left_out(calendar):
    due = deadlines.due(ClockCode.OBJECT, date(2026, 9, 29), calendar)
    texts = [step.text for step in due.derivation.steps]

    assert "休息日不计入：2026-10-01至2026-10-07国庆节、2026-10-11周末" in texts
    assert "2026-10-10（星期六）为调休上班日，按工作日计算" in texts


def test_a_setting_of_the_office_is_named_instead_of_an_article(calendar):
    due = deadlines.due(ClockCode.ARCHIVE, date(2026, 8, 4), calendar)

    assert "〔T43，本单位设置CF-37〕" in str(due.derivation)


def test_practice_has_neither_article_nor_setting(calendar):
    due = deadlines.due(ClockCode.SIMPLE, date(2026, 8, 4), calendar)

    assert due.derivation.steps[-1].article is None
    assert "〔PR-13〕" in str(due.derivation)


def test_it_travels_as_plain_data(calendar):
    due = deadlines.due(ClockCode.NOTICE, date(2026, 8, 4), calendar)

    assert due.derivation.as_data()[1] == {
        "rule": "R-23-5",
        "article": "《信访工作条例》第二十三条第二款、第三款",
        "text": due.derivation.steps[1].text,
        "day": "2026-08-19",
    }
