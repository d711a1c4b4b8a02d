"""Agencies beside dead ones, with real hands: what is dead holds up nobody else, and nothing is sent twice for it."""

import threading
from contextlib import closing
from dataclasses import replace

import pytest

from lianxi.runtime.crypto import KeyRing
from services.notify.domain.agencies import Answer
from services.notify.handlers import webhooks
from services.notify.handlers.turns import Turns
from services.notify.senders.agencies import Hands, WebhookSender
from tests.integration.notify.test_agencies import Outside
from tests.support.builders import CITY, NUMBER, Road
from tests.support.waiting import eventually

pytestmark = pytest.mark.database
DEAD = [f"dead-{number}" for number in range(8)]
LIVING = [f"living-{number}" for number in range(5)]


class DatabaseGoneError(Exception):
    """What a transaction ends with that was not committed."""


@pytest.fixture
def outside(an_office, tmp_path):
    ring = tmp_path / "ring.yaml"
    KeyRing.generate().write(ring)
    with closing(WebhookSender(frozenset({"127.0.0.1"}), deadline=20.0)) as sender:
        found = Outside(an_office(LIANXI_KEYRING_FILE=str(ring)), sender)
        found.desk = replace(found.desk, turns=Turns(doubtful=2))
        yield found


def a_case(number):
    return Road(f"{NUMBER[:-5]}{number:05d}").at_the_township().accepted()


def test_more_dead_agencies_than_hands_hold_up_nobody(outside):
    for name in (*DEAD, *LIVING):
        outside.add(name=name, divisions=[CITY], webhook="https://agency.example.org/")
    answers, told, holds = {"dead": Answer(0, "unreachable")}, [], threading.Event()

    def send(agency, event, _now):
        if agency.grant.name in DEAD:
            if answers["dead"] is None:
                holds.wait(120)
            return Answer(0, "too-slow")
        told.append((agency.grant.name, event.cursor))
        return Answer(204)

    broken = []
    hands = Hands(4, broken.append)
    outside.desk = replace(outside.desk, send=send)
    outside.hear(a_case(1))
    outside.bring()
    first = len(told)
    outside.wall.advance(seconds=6)
    outside.hear(a_case(2))
    answers["dead"] = None
    outside.desk = replace(outside.desk, start=hands.start)
    webhooks.bring(outside.office.open_work, outside.desk)

    eventually(lambda: len(told) == 2 * first)
    waiting = outside.desk.turns.room
    holds.set()
    eventually(lambda: all(outside.standing(name)["failures"] == 2 for name in DEAD))

    assert waiting == 0, "the dead hold the hands that are meant for them, all the while"
    assert {name for name, _ in told} == set(LIVING)
    for name in LIVING:
        cursors = [cursor for agency, cursor in told if agency == name]
        assert cursors == sorted(set(cursors))
    assert broken == []


def test_what_could_not_be_written_down_is_written_down_later_and_not_sent_again(outside, receiver):
    outside.add(webhook=receiver.url())
    outside.hear(a_case(1))
    opened, whole = [], outside.office.open_work

    def open_work():
        opened.append(1)
        if len(opened) == 2:
            raise DatabaseGoneError
        return whole()

    outside.office.open_work = open_work
    with pytest.raises(DatabaseGoneError):
        outside.bring()
    before = outside.standing()["webhook_cursor"]
    outside.bring()

    assert (before, outside.standing()["webhook_cursor"]) == (0, 3)
    assert len(receiver.requests) == 3


def test_what_a_process_had_taken_when_it_died_is_brought_two_minutes_later(outside, receiver):
    outside.add(webhook=receiver.url())
    outside.hear(a_case(1))
    now = outside.wall.now()
    with outside.office.open_work() as work:
        taken = work.agencies.claim("of-a-dead-process", now + webhooks.LEASE, now, steady=100, doubtful=0)
    outside.bring(after=119)
    early = len(receiver.requests)
    outside.bring(after=2)

    assert ([agency.grant.name for agency in taken], early, len(receiver.requests)) == (["police"], 0, 3)


def test_a_turn_that_waited_too_long_for_a_hand_is_left_to_who_takes_it_next(outside, receiver):
    outside.add(webhook=receiver.url())
    outside.hear(a_case(1))
    whole = outside.office.open_work

    def open_work():
        opened = whole()
        outside.wall.advance(seconds=61)
        return opened

    outside.office.open_work = open_work
    outside.bring()
    outside.office.open_work = whole
    late = len(receiver.requests)
    outside.bring(after=60)

    assert (late, len(receiver.requests)) == (0, 3)


def test_a_webhook_that_is_slow_with_every_event_makes_way_for_the_next(outside):
    outside.add(webhook="https://agency.example.org/")
    told = []

    def slow(_agency, event, _now):
        told.append(event.cursor)
        outside.wall.advance(seconds=14)
        return Answer(204)

    outside.desk = replace(outside.desk, send=slow)
    outside.hear(a_case(1))
    outside.hear(a_case(2))
    outside.bring()

    assert told == [1, 2, 3, 4, 5, 6]
    assert outside.standing()["webhook_cursor"] == 6
