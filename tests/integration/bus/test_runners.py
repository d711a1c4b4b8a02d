"""Both runners, on a real broker and a real database, do what the behaviour suite asks."""

import contextlib
import secrets
from typing import Any

import psycopg2
import pytest
from sqlalchemy import create_engine

from lianxi.bus.amqp import connect, properties
from lianxi.bus.calls import Calls
from lianxi.bus.parked import ParkedMessages
from lianxi.bus.topology import dead_queue
from tests.integration.bus.conftest import make_tables, probe_process, running
from tests.suites.bus_behaviour import BusBehaviour, Stood
from tests.suites.bus_probe import SCHEMA, TOPOLOGY
from tests.support.brokers import Vhost
from tests.support.databases import Database
from tests.support.waiting import eventually


class RealStage:
    """A probe in a process of its own."""

    def __init__(self, vhost: Vhost, database: Database) -> None:
        self.vhost = vhost
        self.connection = psycopg2.connect(database.dsn)
        self.connection.autocommit = True
        self.engine = create_engine(database.url)
        self.broker = connect(vhost.uri, name="test")
        self.channel = self.broker.channel()
        self.channel.confirm_delivery()
        self.calls = Calls(vhost.uri)

    def close(self) -> None:
        self.calls.close()
        self.broker.close()
        self.engine.dispose()
        self.connection.close()

    def ask(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        with self.connection.cursor() as cursor:
            cursor.execute(statement, values)
            return cursor.fetchall() if cursor.description else []

    def publish(self, routing_key: str, bodies: list[bytes], headers: dict[str, str], kind: str | None = None) -> None:
        for body in bodies:
            facts = properties(headers=headers, type=kind)
            self.channel.basic_publish("case", routing_key, body, facts, mandatory=True)

    def applied(self, key: str) -> list[tuple[int, str]]:
        return [(s, i) for s, i in self.ask("SELECT seq, id FROM probe.applied WHERE key = %s ORDER BY place", key)]

    def aside(self, key: str) -> list[Stood]:
        with self.engine.connect() as connection:
            every = list(ParkedMessages(connection, SCHEMA).list(("parked", "retrying", "dropped")))
        return [
            Stood(a.number, a.state, a.seq, a.attempts, a.error) for a in every if key in (a.key, a.message_id[:-2])
        ]

    def held(self, key: str) -> list[int]:
        return [seq for (seq,) in self.ask("SELECT seq FROM probe.held WHERE key = %s ORDER BY seq", key)]

    def dead(self, queue: str) -> int:
        return int(self.channel.queue_declare(dead_queue(queue), passive=True).method.message_count)

    def heal(self, key: str) -> None:
        self.ask("INSERT INTO probe.healed VALUES (%s)", key)

    def retry(self, number: Any) -> None:
        with self.engine.begin() as connection:
            ParkedMessages(connection, SCHEMA).retry(number)

    def drop(self, number: Any) -> None:
        with self.engine.begin() as connection:
            ParkedMessages(connection, SCHEMA).drop(number, reason="a test says so", by="test")

    def skip(self, queue: str, key: str) -> None:
        with self.engine.begin() as connection:
            ParkedMessages(connection, SCHEMA).skip(queue, key, reason="a test says so", by="test")

    def call(self, method: str, body: Any, command_id: str | None = None) -> dict[str, Any]:
        return self.calls.call("probe", method, body, command_id=command_id, timeout=15.0)


@contextlib.contextmanager
def real_stage(kind, shared_broker, shared_cluster, log):
    """One vhost, one database, one process for all tests of a class."""
    name = secrets.token_hex(6)
    vhost = Vhost(shared_broker, f"test-{name}", own=False)
    database = Database(shared_cluster, f"test_{name}")
    vhost.create()
    shared_cluster.create_database(database.name)
    try:
        make_tables(database.url)
        TOPOLOGY.declare(vhost.uri)
        with running(probe_process(kind, vhost.uri, database.url, log)):
            stage = RealStage(vhost, database)
            try:
                eventually(lambda: stage.call("look", {"key": "ready"}))
                yield stage
            finally:
                stage.close()
    finally:
        shared_cluster.drop_database(database.name)
        vhost.delete()


@pytest.fixture(scope="class")
def stage(request, shared_broker, shared_cluster, tmp_path_factory):
    kind = request.cls.kind
    with real_stage(kind, shared_broker, shared_cluster, tmp_path_factory.mktemp(kind) / "log") as stage:
        yield stage


class TestNamekoRunner(BusBehaviour):
    kind = "nameko"


class TestThreadsRunner(BusBehaviour):
    kind = "threads"
