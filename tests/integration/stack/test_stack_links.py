"""Three brokers linked by the rendered shovels: what crosses, under which key, and what a child may not do."""

import pika
import pytest

from lianxi.ops.local.proxy import Proxy
from lianxi.ops.local.stack import Stack
from lianxi.ops.rendering import link_user
from tests.support.waiting import eventually

pytestmark = [pytest.mark.broker, pytest.mark.timeout(300)]
CITY, DISTRICT, STREET = "630100", "630104", "630104001"


@pytest.fixture(scope="module")
def linked(tmp_path_factory):
    """Three nodes, a broker each; the street dials its district through a proxy."""
    stack = Stack(tmp_path_factory.mktemp("stack"), [CITY, DISTRICT, STREET], own_brokers=True)
    proxy = Proxy(stack.broker_of(DISTRICT).ports.amqp)
    stack.link_ports = {STREET: proxy.port}
    try:
        for broker in stack.brokers:
            broker.start()
        for node in stack.nodes:
            stack.provision_broker(node.code)
        eventually(lambda: running(stack, DISTRICT) and running(stack, STREET), within=150)
        yield stack, proxy
    finally:
        proxy.close()
        stack.remove()


@pytest.fixture
def nodes(linked):
    stack, proxy = linked
    for node in stack.nodes:
        node.broker.start()
        for queue in ("inbox.up", "inbox.down"):
            node.broker.management.delete(f"queues/{node.vhost}/{queue}/contents")
    return stack, proxy


def running(stack, code):
    node = stack.node(code)
    return node.broker.management.shovel_states(node.vhost) == dict.fromkeys(("up", "down", "tele"), "running")


def publish(stack, code, exchange, key, texts):
    """Publish as the node's own processes do, with confirms."""
    with pika.BlockingConnection(pika.URLParameters(stack.node(code).amqp_uri)) as connection:
        channel = connection.channel()
        channel.confirm_delivery()
        for text in texts:
            properties = pika.BasicProperties(delivery_mode=2, headers={"epoch": "e1"}, message_id=text)
            channel.basic_publish(exchange, key, text.encode(), properties, mandatory=True)


def received(stack, code, queue, count):
    """Wait for so many messages; return their keys, bodies and headers."""
    found = []
    with pika.BlockingConnection(pika.URLParameters(stack.node(code).amqp_uri)) as connection:
        channel = connection.channel()

        def arrived():
            while True:
                method, properties, body = channel.basic_get(queue, auto_ack=True)
                if method is None:
                    return len(found) >= count
                found.append((method.routing_key, body.decode(), properties.headers))

        eventually(arrived, within=40)
    return found


def as_child(stack, child):
    """Log in at the parent as the child's shovel does."""
    parent = stack.node(stack.city.parent_of(child).code)
    uri = stack._address(parent.code).uri(parent.vhost, link_user(child), stack.password(link_user(child)))
    return pika.BlockingConnection(pika.URLParameters(uri))


def test_what_goes_up_arrives_at_the_parent_under_its_own_key(nodes):
    stack, _ = nodes

    publish(stack, STREET, "link.out.up", f"{STREET}.receipt.given", ["a receipt"])

    assert received(stack, DISTRICT, "inbox.up", 1) == [(f"{STREET}.receipt.given", "a receipt", {"epoch": "e1"})]


def test_what_goes_down_arrives_at_the_child_it_names_and_no_other(nodes):
    stack, _ = nodes

    publish(stack, CITY, "link.out.down", f"{DISTRICT}.dossier.offered", ["an offer"])

    assert received(stack, DISTRICT, "inbox.down", 1) == [(f"{DISTRICT}.dossier.offered", "an offer", {"epoch": "e1"})]
    assert received(stack, STREET, "inbox.down", 0) == []


def test_a_message_for_a_child_that_does_not_exist_comes_back_to_the_sender(nodes):
    stack, _ = nodes

    with pytest.raises(pika.exceptions.UnroutableError):
        publish(stack, CITY, "link.out.down", "630199.dossier.offered", ["an offer"])


@pytest.mark.parametrize(
    ("exchange", "key"),
    [("up", f"{CITY}.x"), ("up", f"{STREET}1.x"), ("up", STREET), ("case", f"{STREET}.x"), ("", "inbox.up")],
)
def test_a_child_may_publish_under_its_own_code_only(nodes, exchange, key):
    stack, _ = nodes

    with as_child(stack, STREET) as connection:
        channel = connection.channel()
        channel.confirm_delivery()
        with pytest.raises(pika.exceptions.ChannelClosedByBroker) as refused:
            channel.basic_publish(exchange, key, b"forged")

    assert refused.value.reply_code == 403


def test_a_child_may_read_its_own_queue_only(nodes):
    stack, _ = nodes

    with as_child(stack, STREET) as connection:
        assert connection.channel().basic_get(f"down.{STREET}") == (None, None, None)
        for queue in ("inbox.up", "routing.contact"):
            with pytest.raises(pika.exceptions.ChannelClosedByBroker) as refused:
                connection.channel().basic_get(queue)
            assert refused.value.reply_code == 403


def test_a_child_may_not_declare_or_bind(nodes):
    stack, _ = nodes

    with as_child(stack, STREET) as connection:
        with pytest.raises(pika.exceptions.ChannelClosedByBroker):
            connection.channel().queue_declare("mine")
        with pytest.raises(pika.exceptions.ChannelClosedByBroker):
            connection.channel().queue_bind(f"down.{STREET}", "case", "#")


def test_nothing_is_lost_or_swapped_when_the_line_is_cut(nodes):
    stack, proxy = nodes
    texts = [f"{number:03}" for number in range(200)]

    proxy.cut()
    publish(stack, STREET, "link.out.up", f"{STREET}.case.moved", texts[:100])
    publish(stack, DISTRICT, "link.out.down", f"{STREET}.case.asked", texts[:100])
    proxy.heal()
    publish(stack, STREET, "link.out.up", f"{STREET}.case.moved", texts[100:])

    up = received(stack, DISTRICT, "inbox.up", 200)
    down = received(stack, STREET, "inbox.down", 100)
    assert list(dict.fromkeys(body for _, body, _ in up)) == texts
    assert list(dict.fromkeys(body for _, body, _ in down)) == texts[:100]


@pytest.mark.parametrize("victim", [DISTRICT, STREET])
def test_nothing_confirmed_is_lost_when_a_broker_is_killed(nodes, victim):
    stack, _ = nodes
    texts = [f"{number:03}" for number in range(100)]

    publish(stack, STREET, "link.out.up", f"{STREET}.case.moved", texts)
    stack.broker_of(victim).kill()
    stack.broker_of(victim).start()

    arrived = received(stack, DISTRICT, "inbox.up", 100)
    assert set(texts) == {body for _, body, _ in arrived}


def test_a_cut_link_of_a_stack_heals(nodes):
    stack, _ = nodes

    stack.cut_link(STREET)
    publish(stack, STREET, "link.out.up", f"{STREET}.case.moved", ["waiting"])
    assert received(stack, DISTRICT, "inbox.up", 0) == []
    stack.heal_link(STREET)

    assert [body for _, body, _ in received(stack, DISTRICT, "inbox.up", 1)] == ["waiting"]
