"""A link over TLS: the child's certificate is its only way into the parent's broker, and a narrow one."""

import ssl
from dataclasses import dataclass

import pika
import pika.exceptions
import pytest
from pika.adapters.blocking_connection import BlockingConnection

from lianxi.bus.topology import child_queue
from lianxi.ops.bundle import certified, tls_address
from lianxi.ops.certificates import CHILD, SERVER, Authority
from lianxi.ops.local.broker import Broker
from lianxi.ops.local.processes import free_ports
from lianxi.ops.rendering import Address, LinkSettings, definitions
from lianxi.ops.topology import load
from lianxi.runtime.clock import SystemClock
from tests.support.sharing import STATE
from tests.support.waiting import eventually

pytestmark = [pytest.mark.broker, pytest.mark.timeout(300)]
CITY, CHILD_CODE, SISTER = "630100", "630104", "630105"
NODES = load().select([CITY, CHILD_CODE, SISTER])
LARGEST = 16 * 1024 * 1024


def password(user):
    return f"secret-of-{user}"


@dataclass
class Ends:
    """The parent's and the child's broker, and the authority whose certificates they show."""

    parent: Broker
    child: Broker
    authority: Authority
    port: int

    def context(self, code=CHILD_CODE, authority=None):
        trusted = ssl.create_default_context(cafile=str(self.authority.certificate_file))
        if code:
            folder = (authority or self.authority).directory / "issued" / code
            trusted.load_cert_chain(folder / "child.pem", folder / "child.key")
        return trusted

    def dial(self, code=CHILD_CODE, *, credentials=None, context=None):
        options = pika.SSLOptions(context or self.context(code), "localhost")
        login = credentials or pika.credentials.ExternalCredentials()
        where = pika.ConnectionParameters(
            "localhost", self.port, CITY, login, ssl_options=options, connection_attempts=1
        )
        return BlockingConnection(where)


def certificates(directory, codes):
    authority, now = Authority(directory), SystemClock().now()
    authority.make("西宁市", now)
    for code in codes:
        authority.issue(code, SERVER, ["localhost", "127.0.0.1"], now)
        authority.issue(code, CHILD, [code], now)
    return authority


@pytest.fixture(scope="module")
def ends(tmp_path_factory):
    authority = certificates(tmp_path_factory.mktemp("ca"), [CITY, CHILD_CODE, SISTER])
    (port,) = free_ports(1)
    served = authority.directory / "issued" / CITY
    tls = {
        "listeners.ssl.1": f"127.0.0.1:{port}",
        "ssl_options.cacertfile": str(authority.certificate_file),
        "ssl_options.certfile": str(served / "server.pem"),
        "ssl_options.keyfile": str(served / "server.key"),
        "ssl_options.verify": "verify_peer",
        "ssl_options.fail_if_no_peer_cert": "true",
        "auth_mechanisms.1": "EXTERNAL",
        "auth_mechanisms.2": "PLAIN",
        "ssl_cert_login_from": "common_name",
    }
    folder = STATE / f"tls-{port}"
    parent = Broker(folder / "parent", configuration=tls, plugins=["rabbitmq_auth_mechanism_ssl"])
    child = Broker(folder / "child")
    try:
        parent.start(within=120)
        child.start(within=120)
        parent.management.import_definitions(
            definitions(NODES, CITY, own=Address(port=parent.ports.amqp), parent=None, password=certified(password))
        )
        above = tls_address("localhost", port, str(authority.directory / "issued" / CHILD_CODE))
        above.query["cacertfile"] = str(authority.certificate_file)
        own = Address(port=child.ports.amqp)
        link = LinkSettings(reconnect_seconds=1)
        child.management.import_definitions(
            definitions(NODES, CHILD_CODE, own=own, parent=above, password=certified(password), link=link)
        )
        yield Ends(parent, child, authority, port)
    finally:
        child.remove()
        parent.remove()


def app(broker, code):
    return BlockingConnection(pika.URLParameters(broker.uri(code)))


def one_message(broker, code, queue):
    with app(broker, code) as connection:
        method, _, body = connection.channel().basic_get(queue, auto_ack=True)
    return body if method else None


def publish(broker, code, exchange, key):
    with app(broker, code) as connection:
        channel = connection.channel()
        channel.confirm_delivery()
        channel.basic_publish(exchange, key, b"frame", mandatory=True)


def test_both_directions_of_a_link_cross_tls(ends):
    publish(ends.child, CHILD_CODE, "link.out.up", f"{CHILD_CODE}.case.tls")
    publish(ends.parent, CITY, "", child_queue(CHILD_CODE).name)

    assert eventually(lambda: one_message(ends.parent, CITY, "inbox.up") == b"frame", within=150)
    assert eventually(lambda: one_message(ends.child, CHILD_CODE, "inbox.down") == b"frame", within=150)


def refused(act):
    """Carry out an attempt and return the broker's reply code; 0 when it was let through."""
    try:
        act()
    except (pika.exceptions.ChannelClosedByBroker, pika.exceptions.ConnectionClosedByBroker) as closed:
        return closed.reply_code
    return 0


def publishing(channel, exchange, key, **properties):
    channel.confirm_delivery()
    channel.basic_publish(exchange, key, b"x", pika.BasicProperties(**properties))


ATTEMPTS = {
    "publish under a sister's code": (403, lambda ch: publishing(ch, "up", f"{SISTER}.case.forged")),
    "publish under a code that only begins like its own": (403, lambda ch: publishing(ch, "up", f"{CHILD_CODE}x.case")),
    "publish past the exchange": (403, lambda ch: publishing(ch, "", "inbox.up")),
    "publish to the events of the node": (403, lambda ch: publishing(ch, "case", f"{CHILD_CODE}.case.forged")),
    "publish in somebody else's name": (406, lambda ch: publishing(ch, "up", f"{CHILD_CODE}.case", user_id=SISTER)),
    "read a sister's queue": (403, lambda ch: ch.basic_get(child_queue(SISTER).name)),
    "read what came up": (403, lambda ch: ch.basic_get("inbox.up")),
    "declare a queue": (403, lambda ch: ch.queue_declare("mine", durable=True)),
    "declare a queue of no name": (403, lambda ch: ch.queue_declare("", exclusive=True)),
    "declare an exchange": (403, lambda ch: ch.exchange_declare("mine")),
    "bind a sister's queue": (403, lambda ch: ch.queue_bind(child_queue(SISTER).name, "up", "#")),
    "purge a sister's queue": (403, lambda ch: ch.queue_purge(child_queue(SISTER).name)),
    "delete its own queue": (403, lambda ch: ch.queue_delete(child_queue(CHILD_CODE).name)),
    "delete the exchange": (403, lambda ch: ch.exchange_delete("up")),
}


@pytest.mark.parametrize("attempt", sorted(ATTEMPTS))
def test_a_child_can_do_nothing_else(ends, attempt):
    code, act = ATTEMPTS[attempt]
    connection = ends.dial()
    try:
        assert refused(lambda: act(connection.channel())) == code
    finally:
        if connection.is_open:
            connection.close()


def test_a_child_may_publish_under_its_own_code(ends):
    with ends.dial() as connection:
        assert refused(lambda: publishing(connection.channel(), "up", f"{CHILD_CODE}.case.own")) == 0


def test_a_message_larger_than_agreed_is_refused(ends):
    def oversize():
        with ends.dial() as connection:
            channel = connection.channel()
            channel.confirm_delivery()
            channel.basic_publish("up", f"{CHILD_CODE}.case.big", b"x" * (LARGEST + 1))

    assert refused(oversize) == 406


def test_nobody_comes_in_without_a_certificate(ends):
    with pytest.raises((pika.exceptions.AMQPConnectionError, ssl.SSLError, OSError)):
        ends.dial(context=ends.context(code=""))


def test_a_certificate_of_another_authority_is_worth_nothing(ends, tmp_path):
    other = certificates(tmp_path / "other", [CHILD_CODE])

    with pytest.raises((pika.exceptions.AMQPConnectionError, ssl.SSLError, OSError)):
        ends.dial(context=ends.context(authority=other))


@pytest.mark.parametrize("guess", ["", "guess", password(SISTER)])
def test_no_password_opens_the_place_of_a_sister(ends, guess):
    login = pika.PlainCredentials(SISTER, guess)

    with pytest.raises((pika.exceptions.ProbableAuthenticationError, pika.exceptions.AMQPConnectionError)):
        ends.dial(credentials=login)
