"""A broker that lost its disk gets everything again, one that only crashed or restarted gets nothing twice."""

import pytest
from sqlalchemy import create_engine

from lianxi.bus.amqp import connect
from lianxi.bus.messages import EXPIRATION, Outgoing
from lianxi.bus.work import Work
from tests.integration.bus.conftest import relay_process, running
from tests.suites.bus_probe import LOOSE, SCHEMA, TOPOLOGY
from tests.support.waiting import eventually

pytestmark = [pytest.mark.broker, pytest.mark.database]
NUMBERS = range(20)


@pytest.fixture
def sent(own_broker, probe_database, tmp_path):
    """Messages the relay has brought to the queue, where nobody reads them; the relay goes on."""
    TOPOLOGY.declare(own_broker.uri)
    with running(relay_process(own_broker.uri, probe_database.url, SCHEMA, tmp_path / "log")):
        publish(probe_database, {f"m-{number}": {} for number in NUMBERS} | {"brief": {EXPIRATION: "60000"}})
        eventually(lambda: ready(own_broker) == len(NUMBERS) + 1)
        eventually(lambda: unsent(probe_database) == [])
        yield own_broker


def publish(database, headers):
    """Publish messages with these headers by id."""
    engine = create_engine(database.url)
    with Work(engine, SCHEMA) as work:
        for identity, mine in headers.items():
            work.publish(Outgoing(identity, "probed.v1", "case", "loose.event", b"{}", mine))
    engine.dispose()


def unsent(database):
    return database.query(f"SELECT 1 FROM {SCHEMA}.outbox WHERE sent_at IS NULL")


def ready(vhost):
    with connect(vhost.uri, name="test") as connection:
        return connection.channel().queue_declare(LOOSE, passive=True).method.message_count


def taken(vhost):
    with connect(vhost.uri, name="test") as connection:
        channel, ids = connection.channel(), []
        while (answer := channel.basic_get(LOOSE, auto_ack=True))[0] is not None:
            ids.append(answer[1].message_id)
    return ids


def test_what_a_wiped_broker_had_confirmed_is_sent_again_in_order_except_what_expires(sent):
    sent.wipe()
    TOPOLOGY.declare(sent.uri)

    eventually(lambda: ready(sent) >= len(NUMBERS), within=40)

    assert taken(sent) == [f"m-{number}" for number in NUMBERS]


def test_a_broker_that_was_killed_gets_nothing_twice(sent, probe_database):
    sent.kill()
    sent.start()
    publish(probe_database, {"after": {}})
    eventually(lambda: unsent(probe_database) == [], within=40)

    assert [each for each in taken(sent) if each != "brief"] == [*(f"m-{number}" for number in NUMBERS), "after"]
