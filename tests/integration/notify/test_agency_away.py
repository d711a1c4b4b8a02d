"""An agency whose server stands still for days: tried for 75 hours, given up, told of, and at last brought to now."""

import json
from contextlib import closing
from datetime import timedelta

import pytest

from lianxi.runtime.crypto import KeyRing
from services.notify.domain.agencies import JITTER, SCHEDULE
from services.notify.handlers import agencies
from services.notify.senders.agencies import WebhookSender
from tests.integration.notify.test_agencies import HOUR, Outside
from tests.integration.notify.webhook_receiver import status
from tests.support.builders import NUMBER, TOWNSHIP, Road

pytestmark = pytest.mark.database


@pytest.fixture
def outside(an_office, tmp_path):
    ring = tmp_path / "ring.yaml"
    KeyRing.generate().write(ring)
    with closing(WebhookSender(frozenset({"127.0.0.1"}), deadline=20.0)) as sender:
        yield Outside(an_office(LIANXI_KEYRING_FILE=str(ring)), sender)


def a_case(number):
    """Another case on its way to the office."""
    return Road(f"{NUMBER[:-5]}{number:05d}").at_the_township().accepted()


def taken(receiver):
    return [json.loads(body) for body in receiver.bodies]


def test_an_agency_that_is_away_for_three_days_gets_every_event_once_and_in_order(outside, receiver):
    outside.add(webhook=receiver.url())
    outside.hear(a_case(1))
    receiver.answers = [status(503)] * 7
    began = outside.wall.now()
    for day in range(3):  # nobody looks in between: every timer that was due meanwhile runs when the clock has moved on
        outside.hear(a_case(day + 2))
        for _ in range(3):
            outside.bring(after=8 * HOUR)
    failed = len(receiver.requests)
    outside.bring(after=20 * HOUR)

    assert outside.wall.now() - began >= timedelta(days=3)
    assert outside.standing()["state"] == "active"
    arrived = taken(receiver)[7:]
    assert failed <= 9
    assert [event["agencycursor"] for event in arrived] == list(range(1, 13))
    assert len({event["id"] for event in arrived}) == 12


def test_every_pause_of_the_schedule_is_kept_to_the_second_and_the_last_failure_gives_up(outside, receiver):
    outside.add(webhook=receiver.url())
    outside.change("test")
    receiver.answers = [status(500)] * 20
    outside.bring()
    for number, pause in enumerate(SCHEDULE, start=1):
        outside.bring(after=pause.total_seconds() - 1)
        assert len(receiver.requests) == number, "not a second too early"
        outside.bring(after=1)
        assert len(receiver.requests) == number + 1
    standing = outside.standing()

    assert sum(SCHEDULE, timedelta()) >= timedelta(hours=75)
    assert 0 < JITTER < 1
    assert (standing["state"], standing["reason"]) == ("paused", "http-500")


def test_an_agency_that_was_given_up_is_measured_and_told_of_and_finds_everything_when_it_comes_back(outside, receiver):
    outside.add(webhook=receiver.url())
    outside.hear(a_case(1))
    receiver.answers = [status(500)] * 10
    for pause in (0, *(each.total_seconds() for each in SCHEDULE)):
        outside.bring(after=pause)
    before = len(receiver.requests)
    for day in range(4):  # away for days more; events go on to be kept for it
        outside.hear(a_case(day + 2))
        outside.bring(after=24 * HOUR)
    told = outside.office.call("inbox", node=TOWNSHIP, role="DL")["rows"]
    with outside.office.open_work() as work:
        oldest, given_up = work.agencies.standing()

    assert (before, len(receiver.requests)) == (10, 10), "nobody knocks at the door of one that was given up"
    assert (oldest, given_up) == (None, 1)
    assert sum("police" in row["body"] for row in told) == 1

    outside.change("resume")
    outside.bring()
    arrived = [event["agencycursor"] for event in taken(receiver)[10:]]
    replayed = outside.events(after=3)["rows"]
    with outside.office.open_work() as work:
        standing = work.agencies.standing()

    assert arrived == list(range(1, 16))
    assert [row["agencycursor"] for row in replayed] == list(range(4, 16))
    assert standing == (None, 0)
    assert taken(receiver)[10:][3:] == replayed, "by webhook and from the cursor: the same events under the same ids"


def test_the_age_of_what_waits_is_that_of_the_first_event_an_agency_lacks(outside, receiver):
    outside.add(webhook=receiver.url())
    outside.hear(a_case(1))
    since = outside.wall.now()
    receiver.answers = [status(500)]
    outside.bring()
    outside.wall.advance(seconds=30)
    outside.hear(a_case(2))
    with outside.office.open_work() as work:
        waiting, _ = work.agencies.standing()
    outside.bring(after=6)
    with outside.office.open_work() as work:
        nothing, _ = work.agencies.standing()
        agencies.tidy(work, outside.desk)

    assert (waiting, nothing) == (since, None)
