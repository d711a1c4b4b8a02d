"""Receipts of a gateway that calls nobody back: it is asked over real HTTP until it knows, or is given up."""

import json

import pytest

from services.notify.handlers import ask_receipts
from tests.integration.notify.sms_gateway import DESCRIBED, SECRET, SmsGateway

pytestmark = pytest.mark.database
PAUSES = (60, 300)
HOURS = 2


@pytest.fixture
def gateway():
    made = SmsGateway()
    yield made
    made.stop()


@pytest.fixture
def office(an_office, gateway, mail_server, tmp_path):
    """The township's notify with a gateway that has no callback, only a status address."""
    (tmp_path / "secret").write_text(SECRET, encoding="utf-8")
    section = {name: part for name, part in DESCRIBED.items() if name != "receipts"} | {"url": gateway.url}
    section["status"] = {
        "url": gateway.url.replace("/send", "/status/${number}"),
        "every": list(PAUSES),
        "hours": HOURS,
        "arrived": {"field": "status", "is": "DELIVRD"},
        "lost": {"field": "status", "is": "UNDELIV"},
    }
    (tmp_path / "sms.yaml").write_text(json.dumps({"gateways": {"first": section}}), encoding="utf-8")
    return an_office(mail_server, LIANXI_SMS_FILE=str(tmp_path / "sms.yaml"))


@pytest.fixture
def sent(office, gateway):
    """A text message that the gateway took: its petition, and the number it is asked for by."""
    (petition,) = office.expect_people(phone="13900000000", email="a@example.org")
    office.call("choose", case_no=petition, channels=["sms"])
    office.send()
    (delivery,) = gateway.messages
    return petition, f"m-{delivery}"


def ask(office, *, after=0):
    """Let so many seconds go by and ask for what is due."""
    office.wall.advance(seconds=after)
    enquiries = office.service._enquiries
    return ask_receipts(office.open_work, type(enquiries)(enquiries.gateways, office.wall, enquiries.note))


def state(office, petition):
    (row,) = office.call("deliveries", case_no=petition)["rows"]
    return row["state"], row["reason"]


def test_a_message_is_asked_for_until_it_has_arrived_and_then_no_more(office, gateway, sent):
    petition, number = sent
    assert ask(office, after=PAUSES[0] - 1) == 0
    assert ask(office, after=1) == 1
    assert state(office, petition) == ("sent", "")

    gateway.status_of[number] = "DELIVRD"
    assert ask(office, after=PAUSES[1] - 1) == 0
    assert ask(office, after=1) == 1

    assert state(office, petition) == ("delivered", "")
    assert ask(office, after=HOURS * 3600) == 0
    assert gateway.asked == [(number, f"Bearer {SECRET}")] * 2


def test_a_message_nobody_got_goes_by_mail_and_its_number_is_left_alone(office, gateway, sent, mail_server):
    _, number = sent
    gateway.status_of[number] = "UNDELIV"
    ask(office, after=PAUSES[0])

    office.send(after=1)

    assert [letter["To"] for letter in mail_server.letters] == ["a@example.org"]
    assert office.database.query("SELECT channel, reason FROM notify.dead_address") == [("sms", "undelivered")]


def test_a_gateway_that_never_knows_is_given_up_in_the_end_and_the_message_stays_sent(office, gateway, sent):
    petition, _ = sent
    for _ in range(HOURS * 3600 // PAUSES[1] + 2):
        ask(office, after=PAUSES[1])

    assert state(office, petition) == ("sent", "no-receipt")
    asked = len(gateway.asked)
    assert ask(office, after=PAUSES[1]) == 0
    assert asked == HOURS * 3600 // PAUSES[1]


@pytest.mark.parametrize("way", ["hang up", "garbage", 500, 503, 302, 404])
def test_a_gateway_that_cannot_answer_now_says_nothing_of_the_message(office, gateway, sent, way):
    petition, number = sent
    gateway.behave_when_asked(way)
    gateway.status_of[number] = "DELIVRD"

    ask(office, after=PAUSES[0])
    assert state(office, petition) == ("sent", "")

    ask(office, after=PAUSES[1])
    assert state(office, petition) == ("delivered", "")


def test_a_gateway_that_is_away_is_asked_once_a_turn_whatever_waits(office, gateway):
    numbers = office.expect_people(count=5, phone="1390000{:04d}", email="p{}@example.org")
    for number in numbers:
        office.call("choose", case_no=number, channels=["sms"])
    office.send()
    gateway.behave_when_asked(503)

    assert ask(office, after=PAUSES[0]) == 1
    assert ask(office, after=PAUSES[1]) == 5
    assert len(gateway.messages) == 5


def test_a_message_sent_anew_is_asked_for_from_the_beginning(office, gateway, sent):
    petition, number = sent
    gateway.status_of[number] = "UNDELIV"
    office.call("choose", case_no=petition, channels=["sms"])
    ask(office, after=PAUSES[0])
    ((asked, due),) = office.database.query("SELECT asked, ask_at IS NULL FROM notify.delivery")
    assert asked == 1
    assert due is False

    office.send(after=1)

    assert office.database.query("SELECT channel, asked, ask_at FROM notify.delivery") == [("mail", 0, None)]
