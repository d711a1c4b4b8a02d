"""Broker and database go away while everybody is at work; nothing is lost, nothing has its effect twice."""

import json
import threading

import pytest
from sqlalchemy import create_engine

from lianxi.bus.calls import CallFailed, Calls, CallTimedOut
from lianxi.bus.messages import Outgoing
from lianxi.bus.work import Work
from tests.integration.bus.conftest import probe_process, relay_process
from tests.suites.bus_probe import ORDERED, SCHEMA, TOPOLOGY
from tests.support.waiting import eventually

pytestmark = pytest.mark.timeout(300)
STREAMS = 20
RESULTS = "SELECT key, array_agg(seq ORDER BY place) FROM probe.applied GROUP BY key"


class Town:
    """A small node: relay, service and a caller; somebody writes into its outbox all the time."""

    def __init__(self, kind, vhost, database, folder):
        TOPOLOGY.declare(vhost.uri)
        self.vhost = vhost
        self.database = database
        self.engine = create_engine(database.url, connect_args={"application_name": "town"})
        self.relay = relay_process(vhost.uri, database.url, SCHEMA, folder / "relay.log")
        self.probe = probe_process(kind, vhost.uri, database.url, folder / "probe.log")
        self.calls = Calls(vhost.uri)
        self.written = 0
        self._stop = threading.Event()
        self._writer = threading.Thread(target=self._write)

    def start(self):
        self.relay.start()
        self.probe.start()
        eventually(lambda: self.calls.call("probe", "look", {"key": "ready"}))
        self._writer.start()

    def close(self):
        self._stop.set()
        if self._writer.ident is not None:
            self._writer.join()
        for process in (self.relay, self.probe):
            if process.alive:
                process.stop()
        self.calls.close()
        self.engine.dispose()

    def _write(self):
        while not self._stop.wait(0.01):
            self.write(1)

    def write(self, number):
        """Write the next number of every stream."""
        for _ in range(number):
            seq = self.written + 1
            with Work(self.engine, SCHEMA) as work:
                for stream in range(STREAMS):
                    key = f"stream-{stream}"
                    body = {"id": f"{key}-{seq}", "type": "probed.v1", "key": key, "seq": seq, "act": "ok"}
                    work.publish(Outgoing(body["id"], "probed.v1", "case", "ordered.event", json.dumps(body).encode()))
            self.written = seq

    @property
    def applied(self):
        return self.database.query("SELECT count(*) FROM probe.applied")[0][0]

    def goes_on(self):
        """More is applied than at this moment."""
        before = self.applied
        eventually(lambda: self.applied > before + STREAMS, within=150)

    def is_whole(self):
        """Everything written was applied once and in order."""
        self._stop.set()
        self._writer.join()
        eventually(lambda: self.applied >= STREAMS * self.written, within=150)
        in_order = list(range(1, self.written + 1))
        assert dict(self.database.query(RESULTS)) == {f"stream-{n}": in_order for n in range(STREAMS)}
        assert self.database.query("SELECT count(*) FROM probe.held")[0][0] == 0
        eventually(lambda: self.vhost.depth(ORDERED) == 0)


@pytest.fixture(params=["threads", "nameko"])
def town(request, own_broker, probe_database, tmp_path):
    town = Town(request.param, own_broker, probe_database, tmp_path)
    town.start()
    yield town
    town.close()


@pytest.mark.parametrize("how", ["stop", "kill"])
def test_the_broker_goes_and_comes_back(town, how):
    town.goes_on()
    getattr(town.vhost, how)()
    written = town.written
    eventually(lambda: town.written > written + 50)  # accepting work does not need the broker

    town.vhost.start()

    town.goes_on()
    assert town.relay.alive
    assert town.probe.alive
    town.is_whole()


def test_the_broker_loses_its_disk(town):
    """What the broker had confirmed and not delivered is lost with it; what waited in the outbox is not."""
    town.goes_on()
    town.relay.stop()
    eventually(lambda: town.vhost.depth(ORDERED) == 0 and town.applied % STREAMS == 0)
    town.vhost.wipe()
    TOPOLOGY.declare(town.vhost.uri)

    town.relay.start()

    town.goes_on()
    town.is_whole()
    eventually(lambda: town.calls.call("probe", "look", {"key": "ready"}, timeout=2), within=150)


def test_service_and_relay_are_killed_at_any_moment(town):
    for _ in range(3):
        town.goes_on()
        town.probe.kill()
        town.relay.kill()
        town.probe.start()
        town.relay.start()

    town.is_whole()


def test_every_database_connection_is_cut(town):
    town.goes_on()
    for _ in range(3):
        town.database.query(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
            " AND pid <> pg_backend_pid() AND application_name <> 'town'"
        )
        town.goes_on()

    town.is_whole()


def test_a_command_under_way_when_the_broker_goes_has_one_effect(town):
    town.goes_on()
    answers = []

    def command(number):
        while True:
            try:
                answers.append(town.calls.call("probe", "add", {"key": f"c-{number}"}, command_id=f"c-{number}"))
            except (CallTimedOut, CallFailed):
                continue
            return

    threads = [threading.Thread(target=command, args=(number,)) for number in range(5)]
    town.vhost.kill()
    for thread in threads:
        thread.start()
    town.vhost.start()
    for thread in threads:
        thread.join(60)

    assert answers == [{"number": 1}] * 5
    assert town.calls.pending == 0
    town.is_whole()
