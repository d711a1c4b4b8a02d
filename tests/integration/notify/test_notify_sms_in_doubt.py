"""A text message that meets a hanging gateway: it leaves by the second within a minute, and never twice if it is known.

Both gateways are real HTTP servers; the minute is that of the node's clock. What is asked in between is what a timer
asks every second.
"""

import json
from dataclasses import replace

import pytest

from lianxi.runtime.clock import FixedClock
from services.notify.domain.deliveries import Fate
from services.notify.senders import SmsGateways
from services.notify.senders.sms import DOUBT
from tests.integration.notify.sms_gateway import DESCRIBED, SECRET, SmsGateway, described
from tests.integration.notify.test_notify_sms import PAUSES, a_message
from tests.unit.notify.post_room import NOW

PROMISED = 60
STATUS = {"arrived": {"field": "status", "is": "DELIVRD"}, "lost": {"field": "status", "is": "UNDELIV"}}


@pytest.fixture
def gateways():
    made = [SmsGateway(), SmsGateway()]
    yield made
    for gateway in made:
        gateway.stop()


def sections(gateways, **changed):
    """Describe both gateways; with `asked` they have a status address that takes our own ids."""
    asked, found = changed.pop("asked", False), {}
    for name, gateway in zip(("first", "second"), gateways, strict=True):
        found[name] = {**DESCRIBED, "timeout": 0.2, **changed, "url": gateway.url}
        if asked:
            status = {**STATUS, "url": gateway.url.replace("/send", "/status/${number}"), "by_id": True}
            found[name]["status"] = status
    return found


@pytest.fixture
def office(an_office, mail_server, tmp_path):
    """Return how to open the township's notify with gateways described like this."""

    def opened(described_as):
        (tmp_path / "secret").write_text(SECRET, encoding="utf-8")
        (tmp_path / "sms.yaml").write_text(json.dumps({"gateways": described_as}), encoding="utf-8")
        made = an_office(mail_server, LIANXI_SMS_FILE=str(tmp_path / "sms.yaml"))
        (number,) = made.expect_people(phone="13900000000")
        made.call("choose", case_no=number, channels=["sms"])
        return made, number

    return opened


def seconds_until_somebody_has_it(office, gateways):
    """Let the timer tick until a gateway has the message; return the seconds that took, at most two minutes."""
    for second in range(120):
        office.send(after=0 if second == 0 else 1)
        if any(gateway.messages for gateway in gateways):
            return second
    return 120


def row_of(office, number):
    (row,) = office.call("deliveries", case_no=number)["rows"]
    return row["state"], row["provider"]


@pytest.mark.database
@pytest.mark.parametrize("asked", [True, False], ids=["with a status address", "with ids only"])
def test_a_message_that_a_hanging_gateway_never_took_leaves_by_the_second_within_sixty_seconds(office, gateways, asked):
    first, second = gateways
    first.hangs = True
    made, number = office(sections(gateways, asked=asked))

    assert seconds_until_somebody_has_it(made, gateways) <= PROMISED

    assert (len(first.messages), len(second.messages)) == (0, 1)
    assert row_of(made, number) == ("sent", "second")
    for _ in range(3):
        made.send(after=PROMISED)
    assert len(second.requests) == 1


@pytest.mark.database
def test_a_gateway_that_denies_it_at_its_status_address_is_left_for_the_second_within_sixty_seconds(office, gateways):
    first, second = gateways
    first.knows_status = True
    first.behave("silent")
    made, number = office(sections(gateways, asked=True, knows_ids=False))

    assert seconds_until_somebody_has_it(made, gateways) <= PROMISED

    assert (len(first.requests), first.messages, len(second.messages)) == (1, {}, 1)
    assert row_of(made, number) == ("sent", "second")


@pytest.mark.database
@pytest.mark.parametrize("asked", [True, False], ids=["with a status address", "with ids only"])
def test_a_message_that_the_first_took_before_it_fell_silent_is_never_given_to_the_second(office, gateways, asked):
    first, second = gateways
    first.knows_status = True
    first.behave("taken, then silent")
    made, number = office(sections(gateways, asked=asked))
    for _ in range(2 * PROMISED):
        made.send(after=1)

    assert (len(first.messages), second.requests) == (1, [])
    assert row_of(made, number) == ("sent", "first")


@pytest.mark.database
def test_without_a_second_gateway_the_message_waits_for_the_first_and_arrives_once(office, gateways):
    first, _ = gateways
    first.hangs = True
    only = {"first": sections(gateways)["first"]}
    made, number = office(only)
    for _ in range(4):
        made.send(after=30)
    assert row_of(made, number)[0] == "failed"

    first.hangs = False
    for _ in range(10):
        made.send(after=300)

    assert row_of(made, number) == ("sent", "first")
    assert len(first.messages) == 1


class Phone:
    """The senders of a node with both gateways, without a database."""

    def __init__(self, gateways, **changed):
        self.clock = FixedClock(NOW)
        names = zip(("first", "second"), (gateway.url for gateway in gateways), strict=True)
        self._senders = SmsGateways(described(*names, timeout=0.2, **changed), PAUSES)

    def send(self, provider=""):
        with self._senders.session() as session:
            return session.send(replace(a_message(provider=provider), at=self.clock.now()))


def test_where_nobody_can_know_whether_the_first_has_it_the_second_gets_it(gateways):
    """The decision: a gateway that took the message and is away for good is told from one that did not by nobody."""
    first, second = gateways
    first.hangs = first.takes_all_the_same = True
    phone = Phone(gateways)
    doubtful = phone.send()
    assert (doubtful.fate, doubtful.provider, doubtful.until) == (Fate.LATER, "first", NOW + DOUBT)

    phone.clock.advance(seconds=DOUBT.total_seconds())
    result = phone.send("first")

    assert (result.fate, result.provider) == (Fate.TAKEN, "second")
    assert (len(first.messages), len(second.messages)) == (1, 1)


def test_a_second_that_is_away_too_leaves_the_doubt_with_the_first(gateways):
    first, second = gateways
    first.hangs = True
    second.behave(503)
    phone = Phone(gateways)
    phone.send()
    phone.clock.advance(seconds=DOUBT.total_seconds())

    result = phone.send("first")

    assert (result.fate, result.provider, result.until) == (Fate.LATER, "first", None)


def test_a_second_that_may_have_it_is_asked_in_its_turn_and_the_first_no_more(gateways):
    first, second = gateways
    first.hangs = True
    second.behave("taken, then silent")
    phone = Phone(gateways)
    phone.send()
    phone.clock.advance(seconds=DOUBT.total_seconds())
    result = phone.send("first")
    assert (result.fate, result.provider) == (Fate.LATER, "second")
    asked = len(first.requests)

    phone.clock.advance(seconds=DOUBT.total_seconds())

    assert phone.send("second").fate is Fate.TAKEN
    assert (len(second.messages), len(first.requests)) == (1, asked)


def test_a_gateway_that_can_be_asked_by_nothing_counts_as_having_it(gateways):
    first, second = gateways
    first.behave("silent")

    result = Phone(gateways, knows_ids=False).send()

    assert (result.fate, result.reason, second.requests) == (Fate.UNSURE, "may-have-taken", [])
