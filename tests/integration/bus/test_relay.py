"""The relay carries every committed message to the broker, whatever is killed in between."""

import json
import time
from pathlib import Path

import pytest
import requests
from sqlalchemy import create_engine

from lianxi.bus.amqp import ConfirmingPublisher, connect
from lianxi.bus.messages import Outgoing, RawMessage
from lianxi.bus.parcels import unpacked
from lianxi.bus.parked import ParkedMessages
from lianxi.bus.relay import POLL
from lianxi.bus.work import Work
from lianxi.ops.local.processes import free_ports
from tests.integration.bus.conftest import make_tables, relay_process, running
from tests.suites.bus_probe import LOOSE, SCHEMA, TOPOLOGY
from tests.support.waiting import eventually


def outgoing(number, *, exchange="case", routing_key="loose.event", body=b"{}"):
    return Outgoing(f"m-{number}", "probed.v1", exchange, routing_key, body, {"node": "630104"})


CUT = "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE application_name = 'lianxi relay'"


class Stage:
    """An outbox on one side, a queue on the other."""

    def __init__(self, vhost, database, log):
        self.vhost = vhost
        self.database = database
        self.log = log
        self.engine = create_engine(database.url)
        self.connection = connect(vhost.uri, name="test")
        self.channel = self.connection.channel()

    def close(self):
        self.engine.dispose()
        self.connection.close()

    def relay(self, schemas=SCHEMA, **settings):
        return running(relay_process(self.vhost.uri, self.database.url, schemas, self.log, **settings))

    def publish(self, *messages, schema=SCHEMA):
        with Work(self.engine, schema) as work:
            for message in messages:
                work.publish(message)

    def rows(self, statement, *values):
        return self.database.query(statement, *values)

    def unsent(self, schema=SCHEMA):
        return self.rows(f"SELECT count(*) FROM {schema}.outbox WHERE sent_at IS NULL")[0][0]

    def read(self, number, queue=LOOSE):
        """Take messages until so many came; return method, properties and body of each."""
        taken = []

        def enough():
            while len(taken) < number:
                method, facts, body = self.channel.basic_get(queue, auto_ack=True)
                if method is None:
                    return False
                taken.append((method, facts, body))
            return True

        eventually(enough)
        return taken


@pytest.fixture
def stage(broker_vhost, probe_database, tmp_path):
    TOPOLOGY.declare(broker_vhost.uri)
    stage = Stage(broker_vhost, probe_database, tmp_path / "log")
    yield stage
    stage.close()


@pytest.fixture
def relay(stage):
    with stage.relay() as process:
        yield process


@pytest.mark.usefixtures("relay")
def test_messages_are_sent_in_order_with_their_facts_and_marked(stage):
    stage.publish(*(outgoing(number) for number in range(1, 1501)))

    taken = stage.read(1500)

    assert [facts.message_id for _, facts, _ in taken] == [f"m-{number}" for number in range(1, 1501)]
    method, facts, body = taken[0]
    assert (method.exchange, method.routing_key, body) == ("case", "loose.event", b"{}")
    assert (facts.type, facts.headers, facts.delivery_mode) == ("probed.v1", {"node": "630104"}, 2)
    eventually(lambda: stage.unsent() == 0)


@pytest.mark.usefixtures("relay")
def test_a_message_is_sent_at_once_not_at_the_next_poll(stage):
    stage.publish(outgoing(0))
    stage.read(1)

    def sent_within(number):
        began = time.monotonic()
        stage.publish(outgoing(number))
        stage.read(1)
        return time.monotonic() - began

    # The best of ten, as a busy machine may hold up any; a relay that only polls needs POLL for each that follows one.
    assert min(sent_within(number) for number in range(1, 11)) < POLL / 4


@pytest.mark.usefixtures("relay")
def test_what_a_transaction_rolled_back_is_never_sent(stage):
    def publish_and_fail(work, number):
        work.publish(outgoing(number))
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError), Work(stage.engine, SCHEMA) as work:
        publish_and_fail(work, "gone")
    with Work(stage.engine, SCHEMA) as work:
        with pytest.raises(ZeroDivisionError), work.savepoint():
            publish_and_fail(work, "gone too")
        work.publish(outgoing("stays"))

    assert [facts.message_id for _, facts, _ in stage.read(1)] == ["m-stays"]


@pytest.mark.usefixtures("relay")
def test_what_no_queue_wants_is_kept_listed_and_sent_after_a_retry(stage):
    stage.publish(outgoing(1), outgoing("lost", routing_key="nobody.listens"), outgoing(2))
    stage.read(2)
    eventually(lambda: stage.rows("SELECT 1 FROM probe.outbox WHERE unroutable_at IS NOT NULL"))
    with stage.engine.begin() as connection:
        (aside,) = ParkedMessages(connection, SCHEMA).list(("unroutable",))

    connection = connect(stage.vhost.uri, name="test")
    connection.channel().queue_bind(LOOSE, "case", "nobody.listens")
    connection.close()
    with stage.engine.begin() as connection:
        ParkedMessages(connection, SCHEMA).retry(aside.number)

    assert [facts.message_id for _, facts, _ in stage.read(1)] == ["m-lost"]


@pytest.mark.usefixtures("relay")
def test_an_exchange_that_does_not_exist_stops_nobody_else(stage):
    stage.publish(outgoing("stuck", exchange="not.there"))
    stage.publish(*(outgoing(number) for number in range(5)))

    stage.read(5)

    eventually(lambda: stage.unsent() == 1)


def test_killed_between_sending_and_marking_it_sends_again_and_loses_nothing(stage):
    stage.publish(*(outgoing(number) for number in range(300)))
    relay = relay_process(stage.vhost.uri, stage.database.url, SCHEMA, stage.log)
    with stage.database.connect() as blocker:
        blocker.autocommit = False
        blocker.cursor().execute("LOCK TABLE probe.outbox IN SHARE MODE")  # lets it claim, not mark
        relay.start()
        first = stage.read(300)
        relay.kill()
        # what it asked last would be carried out once the lock is gone: let it die with it
        stage.rows(f"{CUT} AND datname = current_database()")
        blocker.rollback()
    assert stage.unsent() == 300

    with running(relay):
        again = stage.read(300)
        eventually(lambda: stage.unsent() == 0)

    assert {f.message_id for _, f, _ in first} == {f.message_id for _, f, _ in again}


def test_one_process_serves_several_schemas(stage):
    make_tables(stage.database.url, "second")
    stage.publish(outgoing("a"))
    stage.publish(outgoing("b"), schema="second")

    with stage.relay(f"{SCHEMA},second"):
        assert {facts.message_id for _, facts, _ in stage.read(2)} == {"m-a", "m-b"}
        eventually(lambda: stage.unsent() == 0 and stage.unsent("second") == 0)


@pytest.mark.usefixtures("relay")
def test_it_comes_back_after_its_database_connections_were_cut(stage):
    stage.publish(outgoing(1))
    stage.read(1)

    assert stage.rows(f"{CUT} AND datname = current_database()")
    stage.publish(outgoing(2))

    stage.read(1)
    eventually(lambda: stage.unsent() == 0)


def test_it_waits_for_tables_that_are_not_there_yet(stage):
    with stage.relay("later") as relay:
        eventually(lambda: "waiting" in relay.log)
        make_tables(stage.database.url, "later")
        stage.publish(outgoing(1), schema="later")

        stage.read(1)
        eventually(lambda: stage.unsent("later") == 0)


def test_it_ends_quickly_and_cleanly_when_told_to(relay, stage):
    stage.publish(outgoing(1))
    eventually(lambda: stage.unsent() == 0)

    assert relay.stop() == 0


def test_old_rows_are_pruned_young_ones_and_unsent_ones_stay(stage):
    for number, age in enumerate(("100 hours", "1 hour")):
        stage.rows(
            "INSERT INTO probe.outbox (message_id, exchange, routing_key, body, created_at, sent_at)"
            f" VALUES (%s, 'case', 'loose.event', '', now() - interval '{age}', now() - interval '{age}')",
            f"m-{number}",
        )
    stage.rows("INSERT INTO probe.inbox VALUES ('q', 'old', now() - interval '40 days'), ('q', 'young', now())")
    stage.rows(
        "INSERT INTO probe.outbox (message_id, exchange, routing_key, body, created_at, unroutable_at)"
        " VALUES ('kept', 'case', 'x', '', now() - interval '1 year', now() - interval '1 year')"
    )

    with stage.relay(LIANXI_PRUNE_SECONDS="1"):
        eventually(lambda: stage.rows("SELECT count(*) FROM probe.inbox") == [(1,)])

    assert stage.rows("SELECT message_id FROM probe.outbox ORDER BY position") == [("m-1",), ("kept",)]


def test_it_measures_what_waits(stage):
    stage.publish(outgoing("stuck", exchange="not.there"))
    (port,) = free_ports(1)

    def shown():
        return requests.get(f"http://127.0.0.1:{port}/metrics", timeout=5).text

    with stage.relay(LIANXI_METRICS_PORT=str(port)):
        eventually(lambda: 'outbox_depth{schema="probe"} 1.0' in shown())


def test_a_body_beyond_the_limit_is_refused_where_it_is_written():
    with pytest.raises(ValueError, match="bytes"):
        outgoing(1, body=b"x" * (4 * 1024 * 1024 + 1))


@pytest.mark.usefixtures("relay")
def test_headers_arrive_as_written(stage):
    body = json.dumps({"名": "值"}).encode()
    stage.publish(Outgoing("m", "t.v1", "case", "loose.event", body, {"stream-start": "true"}))

    ((_, facts, body),) = stage.read(1)

    assert facts.headers == {"stream-start": "true"}
    assert json.loads(body) == {"名": "值"}


@pytest.mark.usefixtures("relay")
def test_a_message_that_may_be_lost_says_so_in_its_properties_not_its_headers(stage):
    headers = {"x-expiration-ms": "60000", "x-persistent": "false", "node": "630104"}
    stage.publish(Outgoing("m", "t.v1", "case", "loose.event", b"{}", headers))

    ((_, facts, _),) = stage.read(1)

    assert (facts.expiration, facts.delivery_mode, facts.headers) == ("60000", 1, {"node": "630104"})


def test_an_expiration_the_broker_would_refuse_is_refused_where_it_is_written():
    with pytest.raises(ValueError, match="milliseconds"):
        Outgoing("m", "t.v1", "case", "loose.event", b"{}", {"x-expiration-ms": "a minute"})


def test_a_publisher_that_was_closed_leaves_no_socket_behind(broker_vhost):
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(3):
        publisher = ConfirmingPublisher(broker_vhost.uri, name="test")
        assert publisher.wait_until_open(10)
        publisher.close()
        publisher.close()

    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_a_publisher_that_is_closed_before_it_is_open_leaves_no_socket_behind(broker_vhost):
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(3):
        ConfirmingPublisher(broker_vhost.uri, name="test").close()

    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_messages_that_may_travel_together_leave_as_one_and_are_all_marked(stage):
    together = {"x-together": "loose.several"}
    several = [Outgoing(f"m-{n}", "t.v1", "case", f"loose.{n}", b"{}", together) for n in range(1, 4)]
    stage.publish(*several[:2], outgoing("alone"), several[2])

    with stage.relay():
        taken = stage.read(3)
        eventually(lambda: stage.unsent() == 0)

    facts = [(facts.type, method.routing_key, facts.headers or {}) for method, facts, _ in taken]
    assert facts == [
        ("lianxi.parcel", "loose.several", {}),
        ("probed.v1", "loose.event", {"node": "630104"}),
        ("t.v1", "loose.3", {}),
    ]
    raw = RawMessage(taken[0][2], type="lianxi.parcel")
    assert [(part.message_id, part.routing_key) for part in unpacked(raw)] == [("m-1", "loose.1"), ("m-2", "loose.2")]
