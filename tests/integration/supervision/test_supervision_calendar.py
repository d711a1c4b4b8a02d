"""A holiday notice that is stored while supervision runs moves the open clocks by itself, and the moves are listed."""

import json
from datetime import datetime

import pytest

from lianxi.runtime.clock import SHANGHAI
from tests.support.builders import Road
from tests.unit.supervision.test_supervision_recompute import LOADED, NOTICE


@pytest.fixture
def years(tmp_path):
    """The directory of notices."""
    directory = tmp_path / "years"
    directory.mkdir()
    return directory


@pytest.fixture
def desk(a_desk, years):
    """A city with one case whose first clocks end on days of 2027, of which nobody has published the holidays."""
    desk = a_desk(LIANXI_CALENDAR_DIR=str(years))
    road = Road(start=datetime(2026, 12, 19, 10, tzinfo=SHANGHAI)).at_the_township()
    desk.until(road.now)
    desk.follow(road)
    return desk


def store(years):
    (years / "2027.json").write_text(json.dumps(NOTICE.as_data()), encoding="utf-8")


def days(desk):
    return desk.database.query(
        "SELECT code, legal_due, provisional FROM supervision.clock WHERE status = 'open' ORDER BY 1, 2"
    )


def versions(desk):
    return {version for (version,) in desk.database.query("SELECT calendar_version FROM supervision.clock_move")}


def test_a_notice_stored_while_it_runs_moves_the_open_clocks(desk, years):
    desk.service.keep_to_calendar()
    before = days(desk)
    assert any(provisional for _, _, provisional in before)

    store(years)
    desk.service.keep_to_calendar()

    assert not any(provisional for _, _, provisional in days(desk))
    assert versions(desk) == {LOADED.version}


def test_a_notice_stored_while_it_was_down_moves_them_at_the_start(desk, years):
    store(years)

    desk.service.keep_to_calendar()

    assert not any(provisional for _, _, provisional in days(desk))


def test_whoever_asks_later_is_told_every_clock_with_its_old_and_new_day(desk, years):
    store(years)
    desk.service.keep_to_calendar()

    first = desk.call("recompute")
    again = desk.call("recompute")

    assert first == again
    assert first["calendar"] == LOADED.version
    assert first["total"] == len(first["changed"]) > 0
    notice = next(row for row in first["changed"] if row["clock"] == "NOTICE")
    assert notice["before"]["provisional"] is True
    assert notice["after"] == {"raw_due": "2027-01-03", "legal_due": "2027-01-04", "provisional": False}


def test_a_notice_taken_back_and_loaded_again_is_listed_once(desk, years):
    store(years)
    first = desk.call("recompute")
    (years / "2027.json").unlink()
    taken_back = desk.call("recompute")
    store(years)

    assert taken_back["total"] == first["total"]
    assert desk.call("recompute") == first
