"""Loading a year's notice moves the open clocks it touches, and lists them."""

from contextlib import nullcontext
from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest

from lianxi.law import calendar_data
from lianxi.law.notices import YearNotice
from lianxi.law.receipts import SHANGHAI
from services.supervision.handlers.recompute import list_moves, recompute
from tests.support.builders import TOWNSHIP, Road
from tests.unit.supervision.watch import Watch

NOTICE = YearNotice.parse(
    {
        "year": 2027,
        "title": "测试用的安排",
        "document": "测试〔2026〕0号",
        "holidays": [
            {"name": "元旦", "rest": ["2027-01-01..2027-01-03"], "work": ["2027-01-09"]},
            {"name": "春节", "rest": ["2027-02-05..2027-02-12"], "work": []},
            {"name": "清明节", "rest": ["2027-04-03..2027-04-05"], "work": []},
            {"name": "劳动节", "rest": ["2027-05-01..2027-05-05"], "work": []},
            {"name": "端午节", "rest": ["2027-06-09"], "work": []},
            {"name": "中秋节", "rest": ["2027-09-15"], "work": []},
            {"name": "国庆节", "rest": ["2027-10-01..2027-10-07"], "work": []},
        ],
    }
)
LOADED = calendar_data.load([NOTICE])


@pytest.fixture
def road():
    """NOTICE from 19 December 2026: fifteen days end on Sunday 3 January 2027."""
    return Road(start=datetime(2026, 12, 19, 10, tzinfo=SHANGHAI)).at_the_township()


def moved(watch, calendar=LOADED, **more):
    watch.office = replace(watch.office, calendar=calendar)
    return recompute(lambda: nullcontext(watch.work), watch.office, watch.clock.now(), **more)


def test_what_the_notice_touches_is_moved_and_listed(road):
    watch = Watch(TOWNSHIP, at=road.now).follow(road)
    before = watch.clock_of(road, "NOTICE")
    assert before.provisional

    changes = [change.as_data() for change in moved(watch)]

    after = watch.clock_of(road, "NOTICE")
    assert (after.raw_due, after.provisional) == (before.raw_due, False)
    assert {change["clock"] for change in changes} >= {"NOTICE"}
    listed = next(change for change in changes if change["clock"] == "NOTICE")
    assert listed["before"]["provisional"] is True
    assert listed["after"] == {"raw_due": "2027-01-03", "legal_due": after.legal_due.isoformat(), "provisional": False}
    assert after.calendar_version == LOADED.version


def test_a_second_time_nothing_changes(road):
    watch = Watch(TOWNSHIP, at=road.now).follow(road)
    moved(watch)
    watch.work.files.written.clear()

    assert moved(watch) == []
    assert watch.work.files.written == []


def test_what_was_moved_stays_listed_with_its_calendar(road):
    watch = Watch(TOWNSHIP, at=road.now).follow(road)
    changes = [change.as_data() for change in moved(watch)]
    moved(watch)

    assert list_moves(LOADED.version, watch.work, 100)["changed"] == changes
    assert list_moves(LOADED.version, watch.work, 1) == {
        "calendar": LOADED.version,
        "total": len(changes),
        "changed": changes[:1],
    }
    assert list_moves("another", watch.work, 100) == {"calendar": "another", "total": 0, "changed": []}


def test_clocks_of_published_years_stay_and_ended_ones_too(road):
    early = Road("63010000020260302W00009").at_the_township()
    watch = Watch(TOWNSHIP).follow(early, road)

    changed = {change.after.case_no for change in moved(watch, page=2)}

    assert changed == {road.case.case_no}
    assert watch.clock_of(early, "NOTICE").calendar_version != LOADED.version
    assert not any(change.after.closed_on for change in moved(watch))


def test_a_clock_that_was_red_and_gets_more_days_will_be_red_again_only_then(road):
    holidays = calendar_data.load([_with_longer_new_year()])
    watch = Watch(TOWNSHIP, at=road.now).follow(road)
    notice = watch.clock_of(road, "NOTICE")
    watch.day_after(notice.legal_due).sweep()
    assert ("ClockBreached", "NOTICE") in watch.told()
    watch.forget()

    moved(watch, holidays)
    watch.sweep()
    assert watch.told("ClockBreached") == []

    later = watch.clock_of(road, "NOTICE").legal_due
    assert later > notice.legal_due
    watch.day_after(later).sweep()
    assert ("ClockBreached", "NOTICE") in watch.told()
    assert ("SupervisionProposed", "NOTICE") not in watch.told()


def _with_longer_new_year():
    first = date(2027, 1, 1)
    return replace(NOTICE, rest=NOTICE.rest | {first + timedelta(days=day): "元旦" for day in range(7)}, work={})
