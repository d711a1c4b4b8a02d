"""Snapshots of metrics over real shovels: two hops, the last one from a vhost, and a link that is cut."""

import pytest

from lianxi.bus.observe import PARKED
from lianxi.bus.telemetry import EXCHANGE, Letterbox, snapshot
from lianxi.ops.local.proxy import Proxy
from lianxi.ops.local.stack import Stack
from lianxi.runtime.metrics import exposition
from tests.support.waiting import eventually

pytestmark = [pytest.mark.broker, pytest.mark.database, pytest.mark.timeout(300)]
CITY, DISTRICT, TOWNSHIP = "630100", "630106", "630106200"


@pytest.fixture(scope="module")
def linked(tmp_path_factory):
    """City and district with a broker each, the township a vhost of its district; the city is dialled by a proxy."""
    stack = Stack(tmp_path_factory.mktemp("stack"), [CITY, DISTRICT, TOWNSHIP], own_brokers=True)
    for broker in stack.brokers:
        broker.start()
    proxy = Proxy(stack.broker_of(CITY).ports.amqp)
    stack.link_ports = {DISTRICT: proxy.port}
    try:
        for node in stack.nodes:
            stack.provision_broker(node.code)
        yield stack, proxy
    finally:
        proxy.close()
        stack.remove()


@pytest.fixture
def city_hears(linked, a_desk):
    """Let every node take, show and pass on its snapshots once; the city last, so that its view is what is shown."""
    stack, proxy = linked
    peers = f"{CITY},{DISTRICT},{TOWNSHIP}"
    desks = {
        code: a_desk(code, LIANXI_AMQP_URI=stack.node(code).amqp_uri, LIANXI_PEERS=peers)
        for code in (TOWNSHIP, DISTRICT, CITY)
    }

    def say(code, value=None):
        PARKED.labels("routing", "inbox.up").set(0 if value is None else value)
        letterbox = Letterbox(stack.node(code).amqp_uri, code)
        letterbox.post(EXCHANGE, [snapshot(code, "relay")])
        letterbox.close()

    def heard():
        for desk in desks.values():
            desk.service.exchange_snapshots()
        with desks[CITY].parts.open_work() as work:
            return {part.node: part for part in work.snapshots.all()}

    yield say, heard, proxy
    for desk in desks.values():
        desk.parts.letterbox.close()
    PARKED.remove("routing", "inbox.up")


def test_the_city_sees_a_township_of_a_vhost_and_a_cut_link_leaves_its_last_state_and_its_age(city_hears):
    say, heard, proxy = city_hears

    def known(value):
        say(TOWNSHIP, value)
        say(DISTRICT)
        told = heard()
        return TOWNSHIP in told and DISTRICT in told and told[TOWNSHIP].values["bus_parked"] == value

    eventually(lambda: known(7), within=150)
    before = heard()[TOWNSHIP]
    assert f'node_parked{{node="{TOWNSHIP}"}} 7.0' in exposition().decode()
    assert f'node_snapshot_delay_seconds{{node="{DISTRICT}"}}' in exposition().decode()

    proxy.cut()
    eventually(lambda: known_below(say, heard, 9), within=150)
    silent = heard()[TOWNSHIP]
    shown = exposition().decode()
    assert (silent.taken_at, silent.values["bus_parked"]) == (before.taken_at, 7)
    assert f'node_parked{{node="{TOWNSHIP}"}} 7.0' in shown, "the last known state stays visible"
    assert f'node_snapshot_timestamp_seconds{{node="{TOWNSHIP}"}}' in shown

    proxy.heal()
    eventually(lambda: known(11), within=150)
    assert heard()[TOWNSHIP].received_at > silent.received_at


def known_below(say, heard, value):
    """Whether what the township says now has not reached the city although everybody tried."""
    say(TOWNSHIP, value)
    return heard()[TOWNSHIP].values["bus_parked"] != value
