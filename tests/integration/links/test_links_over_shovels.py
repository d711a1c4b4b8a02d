"""Links over real brokers and shovels: cut, killed, emptied, and still everything once and in order."""

import pika
import pytest

from lianxi.ops.local.proxy import Proxy
from lianxi.ops.local.stack import Stack
from lianxi.ops.rendering import link_user
from tests.integration.links.linked_nodes import LinkedNode, restart_broker, running
from tests.support.waiting import eventually

pytestmark = [pytest.mark.broker, pytest.mark.database, pytest.mark.timeout(300)]
CITY, DISTRICT, TOWN = "630100", "630104", "630104001"
CHILDREN = {CITY: [DISTRICT], DISTRICT: [TOWN], TOWN: []}


@pytest.fixture(scope="module")
def lines(tmp_path_factory):
    """Three brokers; both children dial through a proxy."""
    stack = Stack(tmp_path_factory.mktemp("links"), list(CHILDREN), own_brokers=True)
    proxies = {child: Proxy(stack.broker_of(stack.city.parent_of(child).code).ports.amqp) for child in (DISTRICT, TOWN)}
    stack.link_ports = {child: proxy.port for child, proxy in proxies.items()}
    try:
        for broker in stack.brokers:
            broker.start()
        for node in stack.nodes:
            stack.provision_broker(node.code)
        yield stack, proxies
    finally:
        for proxy in proxies.values():
            proxy.close()
        stack.remove()


@pytest.fixture
def nodes(lines, node_database):
    """The three nodes with fresh databases, running; what a test before left in the queues is gone."""
    stack, proxies = lines
    for node in stack.nodes:
        for queue in ("inbox.up", "inbox.down", "up.out", *(f"down.{child}" for child in CHILDREN[node.code])):
            node.broker.management.delete(f"queues/{node.vhost}/{queue}/contents")
    made = {
        code: LinkedNode(code, children, node_database(code, services=("routing",)), stack.node(code).amqp_uri)
        for code, children in CHILDREN.items()
    }
    eventually(lambda: running(stack, DISTRICT) and running(stack, TOWN), within=150)
    yield made
    for proxy in proxies.values():
        proxy.heal()
    for node in made.values():
        node.stop()


def arrived(nodes, origin, dest, count, *, within=150):
    """Wait until so many numbers are there and acknowledged; return them in the order of their application."""
    hop = DISTRICT if {origin, dest} != {CITY, DISTRICT} else {CITY: DISTRICT, DISTRICT: CITY}[origin]
    eventually(lambda: nodes[dest].count(origin) >= count, within=within)
    eventually(lambda: nodes[origin].settled(hop), within=within)
    return nodes[dest].numbers(origin)


def test_messages_cross_three_levels_in_both_directions(nodes):
    nodes[CITY].send(TOWN, 1, 50)
    nodes[TOWN].send(CITY, 1, 50)
    nodes[TOWN].send(DISTRICT, 1, 50)

    assert arrived(nodes, CITY, TOWN, 50) == list(range(1, 51))
    assert arrived(nodes, TOWN, CITY, 50) == list(range(1, 51))
    assert arrived(nodes, TOWN, DISTRICT, 50) == list(range(1, 51))
    assert sum(node.seen.repeated for node in nodes.values()) == 0


def test_a_cut_line_delays_and_nothing_more(lines, nodes):
    _, proxies = lines
    proxies[TOWN].cut()
    nodes[TOWN].send(CITY, 1, 300)
    nodes[CITY].send(TOWN, 1, 300)

    proxies[TOWN].heal()

    assert arrived(nodes, TOWN, CITY, 300) == list(range(1, 301))
    assert arrived(nodes, CITY, TOWN, 300) == list(range(1, 301))
    assert sum(node.seen.repeated for node in nodes.values()) == 0


def test_what_a_broken_line_repeats_is_applied_once(lines, nodes):
    _, proxies = lines
    for round_ in range(4):
        nodes[TOWN].send(DISTRICT, round_ * 400 + 1, round_ * 400 + 400)
        proxies[TOWN].reset()

    assert arrived(nodes, TOWN, DISTRICT, 1600) == list(range(1, 1601))


def test_what_was_lost_with_a_purged_queue_is_sent_again(lines, nodes):
    stack, proxies = lines
    proxies[TOWN].cut()
    nodes[TOWN].send(DISTRICT, 1, 200, at_once=1)
    town = stack.node(TOWN)
    eventually(lambda: town.broker.management.depth(TOWN, "up.out") >= 200)
    town.broker.management.delete(f"queues/{TOWN}/up.out/contents")
    proxies[TOWN].heal()
    nodes[TOWN].send(DISTRICT, 201, 210)

    assert arrived(nodes, TOWN, DISTRICT, 210) == list(range(1, 211))
    assert 200 <= nodes[TOWN].seen.repeated <= 220


def test_a_child_whose_broker_lost_its_disk_sends_again_by_itself(lines, nodes):
    stack, proxies = lines
    proxies[TOWN].cut()
    nodes[TOWN].send(CITY, 1, 150, at_once=1)
    eventually(lambda: stack.node(TOWN).broker.management.depth(TOWN, "up.out") >= 150)

    restart_broker(stack, TOWN, wipe=True)
    proxies[TOWN].heal()

    assert arrived(nodes, TOWN, CITY, 150) == list(range(1, 151))


def test_a_parents_broker_may_die_at_any_moment(lines, nodes):
    stack, _ = lines
    nodes[TOWN].send(CITY, 1, 400)
    restart_broker(stack, DISTRICT, wipe=False)
    nodes[TOWN].send(CITY, 401, 500)

    assert arrived(nodes, TOWN, CITY, 500) == list(range(1, 501))


def test_a_child_that_uses_anothers_code_is_kept_out_by_the_broker_and_by_us(lines, nodes):
    stack, _ = lines
    parent = stack.node(DISTRICT)
    uri = stack._address(DISTRICT).uri(parent.vhost, link_user(TOWN), stack.password(link_user(TOWN)))
    with pika.BlockingConnection(pika.URLParameters(uri)) as connection:
        channel = connection.channel()
        channel.confirm_delivery()
        with pytest.raises(pika.exceptions.ChannelClosedByBroker):
            channel.basic_publish("up", "630104002.custody.case-reported", b"{}")
        copies = pika.BasicProperties(headers={"CC": ["630104002.custody.case-reported"]})
        other = b'{"v":1,"from":"630104002","to":"630104","link":"630104002>630104"}'
        connection.channel().basic_publish("up", f"{TOWN}.custody.case-reported", other, copies)

    eventually(lambda: nodes[DISTRICT].seen.refusals == [("", "peer")])
    nodes[TOWN].send(DISTRICT, 1, 5)
    assert arrived(nodes, TOWN, DISTRICT, 5) == [1, 2, 3, 4, 5]


def test_a_backlog_of_thousands_is_applied_in_order_in_seconds(lines, nodes):
    _, proxies = lines
    amount = 4000
    proxies[TOWN].cut()
    nodes[TOWN].send(DISTRICT, 1, amount, case_count=500, filling="x" * 700)

    proxies[TOWN].heal()

    assert arrived(nodes, TOWN, DISTRICT, amount) == list(range(1, amount + 1))
    span = "SELECT extract(epoch FROM max(at) - min(at)) FROM told.delivered"
    took = float(nodes[DISTRICT].database.query(span)[0][0])
    print(f"{amount / took:.0f} events a second, applied at the parent")  # noqa: T201  (seen with -s and -rA)
