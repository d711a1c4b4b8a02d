"""Since when nobody reads the queue of an agency, from looks a minute apart."""

from datetime import datetime, timedelta

import pytest

from lianxi.bus.inspection import Fit, QueueSeen
from lianxi.ops.agency_queue import user_of
from lianxi.runtime.clock import SHANGHAI
from lianxi.runtime.metrics import exposition
from services.notify.storage import agency_queues
from services.notify.storage.agency_queues import AgencyQueues, queue_of

NOW = datetime(2026, 3, 2, 10, tzinfo=SHANGHAI)
UNREAD, READ, EMPTY = (
    QueueSeen(Fit.AS_DECLARED, 3, 0),
    QueueSeen(Fit.AS_DECLARED, 700, 1),
    QueueSeen(Fit.AS_DECLARED, 0, 0),
)


@pytest.fixture
def queues():
    made = AgencyQueues("amqp://nobody:nothing@127.0.0.1:1/")
    made.learn({}, NOW)
    return made


def shown():
    lines = dict(
        line.rsplit(" ", 1) for line in exposition().decode().splitlines() if line.startswith("notify_agency_q")
    )
    return float(lines["notify_agency_queue_unread_seconds"]), float(lines["notify_agency_queue_ready"])


def test_the_longest_unread_queue_and_the_fullest_one_are_shown(queues):
    queues.learn({"agency.police": UNREAD, "agency.court": READ}, NOW)
    queues.learn({"agency.police": UNREAD, "agency.court": READ, "agency.school": UNREAD}, NOW + timedelta(hours=5))

    assert shown() == (5 * 3600, 700)


@pytest.mark.parametrize("seen", [READ, EMPTY, QueueSeen(Fit.MISSING)])
def test_a_queue_that_is_read_or_empty_is_not_unread_and_the_reckoning_begins_anew(queues, seen):
    queues.learn({"agency.police": UNREAD}, NOW)
    queues.learn({"agency.police": seen}, NOW + timedelta(hours=5))
    assert shown()[0] == 0

    queues.learn({"agency.police": UNREAD}, NOW + timedelta(hours=6))
    assert shown()[0] == 0


def test_while_the_broker_is_away_what_was_shown_stays(queues, monkeypatch):
    monkeypatch.setattr(agency_queues, "standing_of", lambda _uri, _names: None)
    queues.learn({"agency.police": UNREAD}, NOW)
    queues.learn({"agency.police": UNREAD}, NOW + timedelta(hours=1))

    queues.look(["police"], NOW + timedelta(hours=9))

    assert shown() == (3600, 3)


def test_it_is_the_queue_that_the_operator_made():
    assert queue_of("police") == user_of("police")
