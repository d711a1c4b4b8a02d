"""Text messages through real HTTP gateways that take, refuse, break, fall silent or are away: none lost, none twice."""

import hashlib
import hmac
import json
from dataclasses import replace
from datetime import timedelta

import pytest

from lianxi.runtime.clock import FixedClock
from services.notify.domain.deliveries import Fate
from services.notify.domain.letters import Letter
from services.notify.senders import SmsGateways
from tests.integration.notify.mail_server import free_port
from tests.integration.notify.sms_gateway import DESCRIBED, SECRET, SmsGateway, described
from tests.unit.notify.post_room import NOW

PAUSES = (5, 15, 60, 300)


@pytest.fixture
def gateway():
    made = SmsGateway()
    yield made
    made.stop()


@pytest.fixture
def another():
    made = SmsGateway()
    yield made
    made.stop()


def a_message(number=1, provider=""):
    return Letter(id=f"d{number}", sender="", to="13900000000", title="登记", body="已登记", at=NOW, provider=provider)


class Phone:
    """The senders of a node with two gateways."""

    def __init__(self, *urls, **changed):
        self.clock = FixedClock(NOW)
        self.gateways = described(*zip(("first", "second"), urls, strict=False), **changed)
        self._senders = SmsGateways(self.gateways, PAUSES)

    def send(self, letter=None):
        with self._senders.session() as session:
            return session.send(replace(letter or a_message(), at=self.clock.now()))


def test_a_message_is_taken_with_its_number_and_nothing_more_is_said_than_described(gateway):
    result = Phone(gateway.url).send()

    assert (result.fate, result.provider, result.receipt) == (Fate.TAKEN, "first", "m-d1")
    headers, asked = gateway.requests[0]
    assert asked == {"mobile": "13900000000", "content": "已登记", "requestId": "d1"}
    assert headers["Authorization"] == f"Bearer {SECRET}"


@pytest.mark.parametrize("way", [429, 503, 401, 301])
def test_a_gateway_that_takes_nothing_is_passed_over_in_the_same_moment(gateway, another, way):
    gateway.behave(way)
    result = Phone(gateway.url, another.url).send()

    assert (result.fate, result.provider) == (Fate.TAKEN, "second")
    assert list(another.messages) == ["d1"]
    assert gateway.messages == {}


@pytest.mark.parametrize("url", ["http://127.0.0.1:{free}/send", "https://127.0.0.1:{port}/send"])
def test_a_refused_connection_and_broken_tls_fail_over_at_once(gateway, another, url):
    phone = Phone(url.format(free=free_port(), port=gateway.port), another.url)

    assert phone.send().provider == "second"
    assert list(another.messages) == ["d1"]


def test_a_gateway_that_was_down_is_left_alone_for_its_pause_and_then_asked_again(gateway, another):
    phone = Phone(gateway.url, another.url)
    gateway.behave(503)
    phone.send(a_message(1))
    phone.send(a_message(2))
    assert len(gateway.requests) == 1

    phone.clock.advance(seconds=PAUSES[0])

    assert phone.send(a_message(3)).provider == "first"


@pytest.mark.parametrize("asked", ["120", (NOW + timedelta(seconds=120)).strftime("%a, %d %b %Y %H:%M:%S +0800")])
def test_retry_after_is_kept_in_seconds_and_as_a_date(gateway, asked):
    phone = Phone(gateway.url)
    gateway.retry_after = asked
    gateway.behave(429)

    assert phone.send().fate is Fate.DOWN
    phone.clock.advance(seconds=119)
    assert (phone.send().fate, len(gateway.requests)) == (Fate.DOWN, 1)
    phone.clock.advance(seconds=1)
    assert phone.send().fate is Fate.TAKEN


@pytest.mark.parametrize("way", ["silent", "hang up", "half", "garbage", "taken, then silent", 500, 502])
def test_what_may_have_been_taken_goes_to_the_same_gateway_again_and_arrives_once(gateway, another, way):
    phone = Phone(gateway.url, another.url)
    gateway.behave(way)
    first = phone.send()
    assert (first.fate, first.provider) == (Fate.LATER, "first")

    phone.clock.advance(seconds=60)
    again = phone.send(a_message(provider=first.provider))

    assert (again.fate, again.receipt) == (Fate.TAKEN, "m-d1")
    assert (len(gateway.messages), another.messages) == (1, {})


def test_a_gateway_that_does_not_know_ids_is_never_given_a_message_twice(gateway):
    phone = Phone(gateway.url, knows_ids=False)
    gateway.behave("taken, then silent")

    result = phone.send()

    assert (result.fate, result.reason, result.receipt) == (Fate.UNSURE, "may-have-taken", "d1")


def test_a_node_that_prefers_twice_to_late_passes_on(gateway, another):
    phone = Phone(gateway.url, another.url, when_unsure="pass-on")
    gateway.behave("silent")

    assert phone.send().provider == "second"


def test_a_node_that_prefers_late_to_twice_waits_for_the_gateway_that_may_have_it(gateway, another):
    phone = Phone(gateway.url, another.url, when_unsure="wait")
    gateway.behave("hang up")
    phone.send()

    result = phone.send(a_message(provider="first"))

    assert (result.fate, result.reason) == (Fate.LATER, "sms-gateway-away")
    assert another.messages == {}


@pytest.mark.parametrize(("way", "dead"), [("nobody", True), ("refuse", False), (400, False)])
def test_a_refusal_for_good_is_final_and_tells_a_dead_number_from_a_bad_message(gateway, another, way, dead):
    gateway.behave(way)
    result = Phone(gateway.url, another.url).send()

    assert (result.fate, result.dead, another.messages) == (Fate.NEVER, dead, {})


def test_without_any_gateway_up_all_messages_wait(gateway):
    phone = Phone(f"http://127.0.0.1:{free_port()}/", gateway.url)
    gateway.behave(503)

    assert phone.send().fate is Fate.DOWN
    assert phone.send().reason == "sms-no-gateway"


def the_callback(*reports):
    body = json.dumps({"reports": [{"messageId": number, "status": status} for number, status in reports]})
    return body, {"X-Signature": hmac.new(SECRET.encode(), body.encode(), hashlib.sha256).hexdigest()}


@pytest.fixture
def office(an_office, gateway, mail_server, tmp_path):
    """The township's notify with a mail server and one gateway; petitioners have a phone and an e-mail address."""
    (tmp_path / "secret").write_text(SECRET, encoding="utf-8")
    section = {**DESCRIBED, "url": gateway.url}
    (tmp_path / "sms.yaml").write_text(json.dumps({"gateways": {"first": section}}), encoding="utf-8")
    return an_office(mail_server, LIANXI_SMS_FILE=str(tmp_path / "sms.yaml"))


@pytest.mark.database
def test_a_petitioner_who_wants_text_messages_gets_them_and_a_receipt_shows_at_the_case(office, gateway, mail_server):
    (number,) = office.expect_people(phone="13900000000", email="a@example.org")
    office.call("choose", case_no=number, channels=["sms"])
    office.send()

    (message,) = gateway.messages.values()
    assert number in message["content"]
    assert "ABCDE-FGHJK" in message["content"]
    assert mail_server.letters == []
    (row,) = office.call("deliveries", case_no=number)["rows"]
    assert (row["state"], row["channel"], row["provider"]) == ("sent", "sms", "first")

    body, headers = the_callback((f"m-{row['id']}", "DELIVRD"))
    assert office.call("receipts", provider="first", headers=headers, body=body) == {"taken": 1}
    assert office.call("receipts", provider="first", headers=headers, body=body) == {"taken": 0}

    (row,) = office.call("deliveries", case_no=number)["rows"]
    assert (row["state"], [each["outcome"] for each in row["tried"]]) == ("delivered", ["sent"])


@pytest.mark.database
def test_a_receipt_that_nobody_got_it_sends_it_by_mail_and_leaves_the_number_alone(office, gateway, mail_server):
    (number,) = office.expect_people(phone="13900000000", email="a@example.org")
    office.call("choose", case_no=number, channels=["sms"])
    office.send()
    (row,) = office.call("deliveries", case_no=number)["rows"]
    body, headers = the_callback((f"m-{row['id']}", "UNDELIV"))
    office.call("receipts", provider="first", headers=headers, body=body)

    office.send(after=1)

    assert [letter["To"] for letter in mail_server.letters] == ["a@example.org"]
    assert len(gateway.messages) == 1
    assert office.database.query("SELECT channel, reason FROM notify.dead_address") == [("sms", "undelivered")]


@pytest.mark.database
def test_a_receipt_that_is_quicker_than_the_answer_counts(office, gateway):
    (number,) = office.expect_people(phone="13900000000")
    office.call("choose", case_no=number, channels=["sms"])
    ((identity,),) = office.database.query("SELECT id FROM notify.delivery")
    body, headers = the_callback((f"m-{identity}", "DELIVRD"))
    office.call("receipts", provider="first", headers=headers, body=body)

    office.send()

    assert [row["state"] for row in office.call("deliveries", case_no=number)["rows"]] == ["delivered"]
    assert len(gateway.messages) == 1


@pytest.mark.database
@pytest.mark.parametrize("headers", [{}, {"X-Signature": "0" * 64}])
def test_a_receipt_from_a_stranger_is_refused_and_changes_nothing(office, headers):
    body, _ = the_callback(("m-1", "DELIVRD"))

    refused = office.refuse("receipts", provider="first", headers=headers, body=body)

    assert (refused["status"], refused["rule"]) == (403, "receipt-signature")
    assert office.database.query("SELECT count(*) FROM notify.receipt") == [(0,)]


@pytest.mark.database
def test_an_hour_without_any_provider_loses_and_doubles_nothing(office, gateway, mail_server):
    numbers = office.expect_people(count=30, phone="1390000{:04d}", email="p{}@example.org")
    for number in numbers[::2]:
        office.call("choose", case_no=number, channels=["sms"])
    mail_server.stop()
    gateway.behave(*[503] * 1000)
    for _ in range(60):
        office.send(after=60)
    assert (gateway.messages, mail_server.letters) == ({}, [])

    gateway._ways.clear()
    mail_server.start()
    for _ in range(12):
        office.send(after=60)

    assert len(gateway.messages) == 15
    assert len(mail_server.letters) == len(set(mail_server.ids)) == 15
    assert {state for (state,) in office.database.query("SELECT state FROM notify.delivery")} == {"sent"}
    assert office.database.query("SELECT max(attempts) FROM notify.delivery") == [(1,)]


@pytest.mark.database
def test_no_table_of_notify_holds_an_address(office):
    (number,) = office.expect_people(phone="13900000000", email="a@example.org")
    office.call("choose", case_no=number, channels=["sms"])
    office.send()

    tables = ("delivery", "attempt", "dead_address", "choice", "receipt", "letter")
    dumped = "".join(str(office.database.query(f"SELECT * FROM notify.{table}")) for table in tables)
    assert number in dumped
    assert "13900000000" not in dumped
    assert "example.org" not in dumped
    assert "ABCDE" not in dumped
