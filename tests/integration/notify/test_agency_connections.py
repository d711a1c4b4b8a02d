"""One connection carries many events to a webhook; if it breaks between two of them, neither is lost nor a failure."""

import ssl
from contextlib import closing
from datetime import timedelta

import pytest

from lianxi.ops.certificates import SERVER, Authority
from lianxi.runtime.clock import SystemClock
from services.notify.domain.agencies import AgencyEvent
from services.notify.senders import connections
from services.notify.senders.agencies import WebhookSender
from tests.integration.notify.patient_receiver import PatientReceiver
from tests.support.waiting import eventually

HOST = "127.0.0.1"


def answered(rest):
    return b"HTTP/1.1 200 OK\r\n" + rest


@pytest.fixture
def receiver():
    started = PatientReceiver()
    yield started
    started.stop()


@pytest.fixture
def sender():
    with closing(WebhookSender(frozenset({HOST}), deadline=20.0)) as opened:
        yield opened


def sent(sender, receiver, cursor, scheme="http"):
    event = AgencyEvent(cursor=cursor, event_id=f"case.{cursor}", type="lianxi.case-accepted.v1", body='{"data":{}}')
    return sender.send(receiver.url(scheme), event, [], SystemClock().now())


def ids(receiver):
    return [headers["webhook-id"] for headers, _ in receiver.requests]


@pytest.mark.parametrize(
    ("answer", "opened"),
    [
        (b"HTTP/1.1 204 No Content\r\n\r\n", 1),
        (answered(b"Content-Length: 2\r\n\r\nok"), 1),
        (answered(b"content-length: 0\r\nConnection: keep-alive\r\n\r\n"), 1),
        (answered(b"Content-Length: 0\r\nConnection: close\r\n\r\n"), 3),
        (answered(b"Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n"), 3),
        (answered(b"\r\nuntil the end"), 3),
        (answered(b"Content-Length: 9\r\n\r\nnot all"), 3),
        (answered(b"Content-Length: 2\r\n\r\nmore than was said"), 3),
        (answered(b"Content-Length: 1000000\r\n\r\n"), 3),
        (b"HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n", 3),
    ],
)
def test_a_connection_goes_on_if_the_answer_has_a_known_end_and_is_through(sender, receiver, answer, opened):
    receiver.answers = [answer] * 3

    answers = [sent(sender, receiver, cursor) for cursor in (1, 2, 3)]

    assert [answer.taken for answer in answers] == [True] * 3
    assert ids(receiver) == ["case-1", "case-2", "case-3"]
    assert len(receiver.connections) == opened


def test_an_event_after_the_other_side_has_hung_up_goes_over_a_new_connection(sender, receiver):
    sent(sender, receiver, 1)
    receiver.hang_up()

    answer = sent(sender, receiver, 2)

    assert answer.taken
    assert (ids(receiver), len(receiver.connections)) == (["case-1", "case-2"], 2)


def test_an_event_whose_kept_connection_breaks_without_an_answer_is_sent_again_at_once_under_its_id(sender, receiver):
    receiver.answers = [b"HTTP/1.1 204 No Content\r\n\r\n", "close"]
    sent(sender, receiver, 1)

    answer = sent(sender, receiver, 2)

    assert answer.taken
    assert (ids(receiver), len(receiver.connections)) == (["case-1", "case-2", "case-2"], 2)


def test_a_new_connection_that_breaks_without_an_answer_is_a_failure(sender, receiver):
    receiver.answers = ["close"]

    answer = sent(sender, receiver, 1)

    assert (answer.reason, len(receiver.requests)) == ("no-answer", 1)


@pytest.mark.parametrize("limit", ["LONGEST_REST", "LONGEST_LIFE"])
def test_a_connection_is_not_kept_for_long(sender, receiver, limit, monkeypatch):
    sent(sender, receiver, 1)
    monkeypatch.setattr(connections, limit, -1.0)
    sent(sender, receiver, 2)
    monkeypatch.undo()
    sent(sender, receiver, 3)

    assert len(receiver.connections) == 2


def test_connections_that_nobody_uses_are_closed(sender, receiver, monkeypatch):
    sent(sender, receiver, 1)
    sender.close_idle()
    sent(sender, receiver, 2)
    before = len(receiver.connections)
    monkeypatch.setattr(connections, "LONGEST_REST", -1.0)
    sender.close_idle()

    assert before == 1
    eventually(lambda: receiver.connections[0].fileno() == -1)


def test_over_tls_too_one_connection_carries_many_events(tmp_path):
    authority = Authority(tmp_path / "ca")
    authority.make("630100", SystemClock().now() - timedelta(days=1))
    issued = authority.issue("webhook", SERVER, (HOST,), SystemClock().now())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(issued.path, issued.path.with_suffix(".key"))
    receiver, sender = PatientReceiver(context), WebhookSender(frozenset({HOST}), authority.certificate_file)

    answers = [sent(sender, receiver, cursor, "https") for cursor in (1, 2, 3)]
    receiver.hang_up()
    after = sent(sender, receiver, 4, "https")
    sender.close()
    receiver.stop()

    assert [answer.reason for answer in (*answers, after)] == ["http-204"] * 4
    assert len(receiver.connections) == 2
