"""Agencies on a real database: what they hear, in which order, by webhook through every failure, from any cursor."""

import base64
import json
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from email.utils import format_datetime

import pytest
from cloudevents.v1.http import from_http
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from standardwebhooks import Webhook

from lianxi.runtime.clock import FixedClock, SystemClock
from lianxi.runtime.crypto import KeyRing
from services.notify.domain.agencies import SCHEDULE, AgencyEvent
from services.notify.handlers import agencies, webhooks
from services.notify.handlers.agencies_desk import keys_of
from services.notify.senders.agencies import WebhookSender
from tests.integration.notify.webhook_receiver import status
from tests.support.builders import CITY, NUMBER, OFFICE, TOWNSHIP, Road
from tests.unit.notify.post_room import NOW

pytestmark = pytest.mark.database
GRANT = {"name": "police", "units": [OFFICE], "fields": ["accepted_on", "unit", "document.number", "transfer.to_unit"]}
HOUR = 3600


class Outside:
    """Notify with agencies, and a clock that runs as the test says."""

    def __init__(self, office, sender):
        self.office, self.database = office, office.database
        self.wall = FixedClock(NOW)
        self.desk = replace(
            office.service._agencies, wall=self.wall, start=self._start, chance=lambda: 0.0, send=self._send,
            check=sender.check,
        )  # fmt: skip
        self._sender, self._hand_free = sender, False
        office.service._agencies = self.desk

    def _start(self, work):
        """Webhooks get their events when the test says so, and not already when an event has come."""
        if self._hand_free:
            work()
        return self._hand_free

    def _send(self, agency, event, now):
        keys = [key for key, _ in keys_of(agency, now, self.desk.open)]
        # receivers judge a signature by their own clock
        return self._sender.send(agency.grant.webhook, event, keys, SystemClock().now())

    def add(self, **grant):
        return self.office.call("add_agency", grant={**GRANT, **grant}, by="root")

    def change(self, action, **more):
        return self.office.call("change_agency", name="police", action=action, by="root", **more)

    def standing(self, name="police"):
        return self.office.call("agencies", name=name)["rows"][0]

    def bring(self, *, after=0):
        self.wall.advance(seconds=after)
        self._hand_free = True
        webhooks.bring(self.office.open_work, self.desk)
        self._hand_free = False

    def events(self, after=0, limit=500):
        return self.office.call("agency_events", login="agency-police", after=after, limit=limit)

    def hear(self, road):
        self.office.receive(*road.events)
        return [event.MESSAGE.name for event in road.events]


@pytest.fixture
def outside(an_office, tmp_path):
    ring = tmp_path / "ring.yaml"
    KeyRing.generate().write(ring)
    with closing(WebhookSender(frozenset({"127.0.0.1"}), deadline=3.0)) as sender:
        yield Outside(an_office(LIANXI_KEYRING_FILE=str(ring)), sender)


def names(rows):
    return [row["type"].removeprefix("lianxi.").removesuffix(".v1") for row in rows]


def test_an_agency_hears_of_the_cases_of_its_units_in_their_order_and_in_its_fields_only(outside):
    outside.add(webhook="https://agency.example.org/events")
    outside.hear(Road().at_the_township().accepted())

    rows = outside.events()["rows"]

    assert names(rows) == ["case-transferred", "case-delivered", "case-accepted"]
    assert [row["agencycursor"] for row in rows] == [1, 2, 3]
    assert set(rows[2]["data"]) == {"accepted_on", "unit", "document"}
    assert set(rows[2]["data"]["document"]) == {"number"}
    assert rows[2]["subject"] == NUMBER
    assert "somebody" not in json.dumps(rows)


def test_events_that_come_twice_are_kept_once(outside):
    outside.add(webhook="https://agency.example.org/")
    raws = outside.office.receive(*Road().at_the_township().accepted().events)
    outside.office.receive_raw(raws)
    with outside.office.open_work() as work:
        known = work.agencies.after("police", 0, 10)
        work.agencies.add("police", known, NOW)

    ids = [row["id"] for row in outside.events()["rows"]]

    assert len(ids) == len(set(ids)) == 3


def test_with_divisions_an_agency_hears_of_the_cases_there_narrowed_by_categories(outside):
    outside.add(units=[], divisions=[CITY], categories=["城乡建设"], webhook="https://agency.example.org/")
    outside.add(name="water", units=[], divisions=[CITY], categories=["环境保护"], webhook="https://water.example.org/")
    told = outside.hear(Road().at_the_township())

    assert names(outside.events()["rows"]) == told[1:], "all but the receipt: what it is about is not known before"
    assert outside.office.call("agency_events", login="agency-water")["rows"] == []


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"fields": ["petitioner_key"]}, "fields"),
        ({"fields": ["text"]}, "fields"),
        ({"fields": ["document.colour"]}, "fields"),
        ({"fields": ["document.digest"]}, "fields"),
        ({"divisions": ["630999"]}, "divisions"),
        ({"categories": ["水务"]}, "categories"),
        ({"events": ["case-closed"]}, "events"),
        ({"events": ["case-received"]}, "events"),
        ({"name": "Police!"}, "name"),
        ({"units": [], "divisions": []}, "units"),
        ({"webhook": ""}, "webhook"),
        ({"webhook": "http://agency.example.org/"}, "webhook"),
        ({"webhook": "https://10.0.0.1/"}, "webhook"),
        ({"webhook": "https://[::1]/"}, "webhook"),
        ({"webhook": "https://169.254.169.254/latest"}, "webhook"),
        ({"webhook": "https://user@agency.example.org/"}, "webhook"),
    ],
)
def test_a_grant_that_makes_no_sense_is_refused_by_its_field(outside, change, field):
    problem = outside.office.refuse(
        "add_agency", grant={**GRANT, "webhook": "https://agency.example.org/", **change}, by="root"
    )

    assert (problem["status"], problem["field"].rpartition(".")[2]) == (422, field)
    assert "\n" not in problem["detail"]
    checked = outside.office.refuse("check_agency", grant={**GRANT, "webhook": "https://agency.example.org/", **change})
    assert checked == problem, "what would be refused can be asked before anything is made"


def test_a_foreign_client_verifies_and_reads_what_a_webhook_gets(outside, receiver):
    key = outside.add(webhook=receiver.url())["key"]
    outside.hear(Road().at_the_township().accepted())
    outside.bring()

    read = []
    for headers, body in receiver.requests:
        Webhook(key).verify(body, headers)
        read.append(from_http({name.lower(): value for name, value in headers.items()}, body))

    assert [event["agencycursor"] for event in read] == [1, 2, 3]
    assert read[2].data["unit"] == OFFICE
    assert outside.standing()["webhook_cursor"] == 3


def test_a_key_pair_signs_so_that_only_its_public_half_has_to_be_known(outside, receiver):
    key = outside.add(webhook=receiver.url(), scheme="v1a")["key"]
    outside.change("test")
    outside.bring()

    headers, body = receiver.requests[0]
    signature = base64.b64decode(headers["webhook-signature"].removeprefix("v1a,"))
    public = Ed25519PublicKey.from_public_bytes(base64.b64decode(key.removeprefix("whpk_")))
    public.verify(signature, f"{headers['webhook-id']}.{headers['webhook-timestamp']}.{body}".encode())


def test_after_a_change_of_keys_both_sign_for_a_day(outside, receiver):
    old = outside.add(webhook=receiver.url())["key"]
    new = outside.change("rotate")["key"]
    for after in (0, 25 * HOUR):
        outside.change("test")
        outside.bring(after=after)

    (first_headers, first), (later_headers, later) = receiver.requests
    assert new != old
    for key in (old, new):
        Webhook(key).verify(first, first_headers)
    Webhook(new).verify(later, later_headers)
    assert len(later_headers["webhook-signature"].split()) == 1


@pytest.mark.parametrize(
    ("brought", "goes_on"),
    [(f"00-{'a7' * 16}-{'b3' * 8}-01", True), ("00-x\r\nHost: elsewhere", False), (7, False)],
)
def test_a_webhook_goes_on_in_the_trace_of_its_event_and_in_no_other(receiver, brought, goes_on):
    body = json.dumps({"specversion": "1.0", "traceparent": brought, "data": {}})
    event = AgencyEvent(cursor=1, event_id="1", type="lianxi.agency-test.v1", body=body)

    with closing(WebhookSender(frozenset({"127.0.0.1"}))) as sender:
        sender.send(receiver.url(), event, [], SystemClock().now())

    (headers, _), given = receiver.requests[0], str(brought)
    assert (headers.get("traceparent", "")[:35] == given[:35]) is goes_on
    assert headers.get("traceparent") != brought


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (status(500), "http-500"),
        (status(302, "Location: http://127.0.0.1/elsewhere\r\n"), "http-302"),
        ("close", "no-answer"),
        ("silence", "too-slow"),
        (b"HTTP/1.1 500 x\r\nX: " + b"x" * 100_000, "http-500"),
        (b"not http\r\n\r\n", "no-answer"),
        (b"HTTP/1.1 200 OK\r\nContent-Le", "no-answer"),
        ("drip", "too-slow"),
    ],
)
def test_whatever_a_webhook_does_its_event_comes_again(outside, receiver, answer, reason):
    outside.add(webhook=receiver.url())
    outside.change("test")
    receiver.answers = [answer]
    outside.bring()
    failed = outside.standing()
    outside.bring(after=4)
    early = len(receiver.requests)
    outside.bring(after=2)

    assert (failed["reason"], failed["failures"], failed["webhook_cursor"]) == (reason, 1, 0)
    assert early == 1
    assert receiver.bodies[0] == receiver.bodies[1]
    assert outside.standing()["webhook_cursor"] == 1


def test_a_huge_answer_counts_by_its_status_alone(outside, receiver):
    outside.add(webhook=receiver.url())
    outside.change("test")
    receiver.answers = [b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n" + b"x" * 1_000_000]
    outside.bring()

    assert outside.standing()["webhook_cursor"] == 1


def in_ten_minutes():
    return format_datetime(SystemClock().now() + timedelta(seconds=602))


@pytest.mark.parametrize(("code", "later"), [(429, lambda: "600"), (503, in_ten_minutes)], ids=["seconds", "a date"])
def test_retry_after_is_kept(outside, receiver, code, later):
    outside.add(webhook=receiver.url())
    outside.change("test")
    receiver.answers = [status(code, f"Retry-After: {later()}\r\n")]
    outside.bring()
    outside.bring(after=500)
    early = len(receiver.requests)
    outside.bring(after=103)

    assert (early, len(receiver.requests)) == (1, 2)


def test_a_webhook_dead_for_days_is_paused_and_its_events_wait(outside, receiver):
    outside.add(webhook=receiver.url())
    outside.hear(Road().at_the_township().accepted())
    receiver.answers = [status(500)] * 20
    for pause in (0, *(each.total_seconds() for each in SCHEDULE)):
        outside.bring(after=pause)
    told = outside.office.call("inbox", node=TOWNSHIP, role="D")["rows"]

    assert sum(SCHEDULE, timedelta()) >= timedelta(hours=75)
    assert (outside.standing()["state"], len(receiver.requests)) == ("paused", 10)
    assert any("police" in row["body"] for row in told)

    receiver.answers = []
    outside.bring(after=HOUR)
    assert len(receiver.requests) == 10
    outside.change("resume")
    outside.bring()
    assert outside.standing()["webhook_cursor"] == 3
    book = outside.office.call("agencies", name="police")["book"]
    assert [line["action"] for line in book] == ["added", "paused", "resume"]


def test_a_webhook_that_is_gone_is_paused_at_once(outside, receiver):
    outside.add(webhook=receiver.url())
    outside.change("test")
    receiver.answers = [status(410)]
    outside.bring()

    assert outside.standing()["state"] == "paused"


def test_an_event_can_be_sent_again_by_hand(outside, receiver):
    outside.add(webhook=receiver.url())
    outside.hear(Road().at_the_township().accepted())
    outside.bring()
    outside.change("resend", after=1)
    outside.bring()

    assert [json.loads(body)["agencycursor"] for body in receiver.bodies] == [1, 2, 3, 2, 3]


def test_a_name_that_leads_into_this_network_is_not_connected_to(outside, receiver):
    url = f"https://localhost:{receiver.port}/"
    outside.add(webhook=url)
    outside.change("test")
    outside.bring()

    assert outside.standing()["reason"] == "target-not-allowed"
    assert receiver.requests == []


def test_a_dead_agency_holds_up_none_but_itself(outside, receiver):
    outside.add(webhook=receiver.url())
    outside.add(name="dead", webhook="http://127.0.0.1:9/")
    outside.hear(Road().at_the_township().accepted())
    outside.bring()

    assert outside.standing()["webhook_cursor"] == 3
    assert outside.standing("dead")["failures"] == 1


def test_from_any_cursor_to_now_nothing_is_missing_and_nothing_twice(outside):
    outside.add(webhook="https://agency.example.org/")
    outside.hear(Road().at_the_township().accepted())
    read, after = [], 0
    while page := outside.events(after=after, limit=2)["rows"]:
        read += page
        after = page[-1]["agencycursor"]

    assert [row["agencycursor"] for row in read] == [1, 2, 3]
    assert outside.events(after=3) == {"rows": [], "next": 3, "last": 3, "oldest": 1}


def test_a_paused_agency_misses_nothing(outside, receiver):
    outside.add(webhook=receiver.url())
    outside.change("pause")
    outside.hear(Road().at_the_township().accepted())
    outside.bring()
    before = len(receiver.requests)
    outside.change("resume")
    outside.bring()

    assert (before, len(receiver.requests)) == (0, 3)


def test_a_removed_agency_hears_nothing_and_may_come_back_with_its_cursor_going_on(outside):
    outside.add(webhook="https://agency.example.org/")
    road = Road().at_the_township()
    outside.hear(road)
    outside.change("remove")
    gone = outside.office.refuse("agency_events", login="agency-police")
    outside.add(webhook="https://agency.example.org/")
    outside.change("test")

    assert gone["status"] == 404
    assert outside.events(after=2)["rows"][0]["agencycursor"] == 3


def test_what_was_kept_for_an_agency_cannot_be_changed(outside):
    outside.add(webhook="https://agency.example.org/")
    outside.change("test")

    with pytest.raises(Exception, match="never changed"):
        outside.database.query("UPDATE notify.agency_event SET body = '' RETURNING 1")


def test_events_are_kept_for_ninety_days_at_least(outside):
    outside.add(webhook="https://agency.example.org/")
    outside.change("test")
    for days, left in ((90, 1), (20, 0)):
        outside.wall.advance(days=days)
        with outside.office.open_work() as work:
            agencies.tidy(work, outside.desk)
        assert len(outside.events()["rows"]) == left
