"""Webhooks over TLS: an event goes to who proves its name by an authority this node trusts, and else waits."""

import ssl
from contextlib import closing
from datetime import timedelta

import pytest

from lianxi.ops.certificates import SERVER, Authority
from lianxi.runtime.clock import SystemClock
from lianxi.runtime.crypto import KeyRing
from services.notify.senders.agencies import WebhookSender
from tests.integration.notify.test_agencies import Outside
from tests.integration.notify.webhook_receiver import WebhookReceiver

pytestmark = pytest.mark.database
HOST = "127.0.0.1"


@pytest.fixture(scope="module")
def authorities(tmp_path_factory):
    """The authority agencies have their certificates from, and one that nobody knows."""
    made = [Authority(tmp_path_factory.mktemp(name) / "ca") for name in ("known", "stranger")]
    for authority in made:
        authority.make("630100", SystemClock().now() - timedelta(days=30))
    return made


@pytest.fixture
def outside(an_office, tmp_path, authorities):
    ring = tmp_path / "ring.yaml"
    KeyRing.generate().write(ring)
    with closing(WebhookSender(frozenset({HOST}), authorities[0].certificate_file, deadline=4.0)) as sender:
        yield Outside(an_office(LIANXI_KEYRING_FILE=str(ring)), sender)


@pytest.fixture
def receiver_with():
    """Start a receiver with a certificate, or one that does not speak TLS."""
    started = []

    def start(issued=None):
        tls = None
        if issued is not None:
            tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            tls.load_cert_chain(issued.path, issued.path.with_suffix(".key"))
        started.append(WebhookReceiver(tls))
        return started[-1]

    yield start
    for receiver in started:
        receiver.stop()


def test_an_event_goes_to_who_proves_its_name(outside, receiver_with, authorities):
    receiver = receiver_with(authorities[0].issue("agency", SERVER, [HOST], SystemClock().now()))
    outside.add(webhook=receiver.url(scheme="https"))
    outside.change("test")
    outside.bring()

    assert (outside.standing()["webhook_cursor"], len(receiver.requests)) == (1, 1)


WRONG = {
    "an authority nobody knows": lambda _known, stranger, now: stranger.issue("agency", SERVER, [HOST], now),
    "a certificate that ran out": lambda known, _stranger, now: known.issue(
        "agency", SERVER, [HOST], now - timedelta(days=20), days=10
    ),
    "another name": lambda known, _stranger, now: known.issue("agency", SERVER, ["other.example.org"], now),
    "silence instead of TLS": lambda *_: None,
}


@pytest.mark.parametrize("wrong", WRONG)
def test_an_event_does_not_leave_to_who_cannot_prove_its_name_and_comes_when_that_is_mended(
    outside, receiver_with, authorities, wrong
):
    now = SystemClock().now()
    receiver = receiver_with(WRONG[wrong](*authorities, now))
    outside.add(webhook=receiver.url(scheme="https"))
    outside.change("test")
    outside.bring()
    failed = outside.standing()
    mended = receiver_with(authorities[0].issue("agency", SERVER, [HOST], now))
    outside.database.query(f"UPDATE notify.agency SET webhook = '{mended.url(scheme='https')}' RETURNING 1")
    outside.bring(after=6)

    reason = "too-slow" if "silence" in wrong else "tls-failed"
    assert (failed["reason"], failed["failures"], failed["webhook_cursor"]) == (reason, 1, 0)
    assert receiver.requests == [], "nothing of the event went over the line"
    assert (outside.standing()["webhook_cursor"], len(mended.requests)) == (1, 1)
