"""Supervision as it runs: a process on a real broker and a real database, under either runner."""

import json
import os
import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from lianxi.bus import topology
from lianxi.bus.amqp import connect, properties
from lianxi.bus.calls import Calls
from lianxi.contracts import envelope
from lianxi.runtime.clock import SystemClock, set_offset
from lianxi.runtime.crypto import KeyRing
from tests.integration.supervision.desk import raw_of
from tests.support.builders import CITY, TOWNSHIP, Road
from tests.support.waiting import eventually

pytestmark = [pytest.mark.database, pytest.mark.broker]

ROOT = Path(__file__).resolve().parents[3]
RUNNERS = {"nameko": "lianxi.runtime.run", "threads": "lianxi.bus.threads"}


@pytest.fixture
def node(broker_vhost, node_database, tmp_path):
    """The settings of a supervision process of the city, its database and its vhost."""
    topology.declare(broker_vhost.uri)
    ring = tmp_path / "keys.yaml"
    KeyRing.generate().write(ring)
    database = node_database(CITY, services=("supervision",))
    settings = {
        **os.environ,
        **database.environment(tmp_path),
        "LIANXI_AMQP_URI": broker_vhost.uri,
        "LIANXI_CLOCK_FILE": str(tmp_path / "offset"),
        "LIANXI_KEYRING_FILE": str(ring),
        "LIANXI_METRICS_PORT": "0",
        "PYTHONPATH": str(ROOT),
        "PYTHONWARNINGS": "ignore",
    }
    return settings, database, broker_vhost


@pytest.mark.timeout(300)
@pytest.mark.parametrize("runner", list(RUNNERS))
def test_events_become_clocks_and_a_fast_forwarded_clock_raises_its_alerts(runner, node, tmp_path):
    settings, database, vhost = node
    log = (tmp_path / "log").open("wb")
    command = [sys.executable, "-m", RUNNERS[runner], "--services", "supervision"]
    process = subprocess.Popen(command, env=settings, stdout=log, stderr=log)
    try:
        road = Road("63010000020260302W00001", start=SystemClock().now()).at_the_township()
        publish(vhost.uri, road.events)
        calls = Calls(vhost.uri)
        body = {"case_no": road.case.case_no}
        shown = eventually(lambda: calls.call("supervision", "clocks", body, timeout=3.0)["rows"], within=40)
        assert {row["clock"] for row in shown if row["status"] == "open"} == {"NOTICE", "NOTICE_KPI", "OBJECT"}

        set_offset(tmp_path / "offset", timedelta(days=120))
        told = eventually(lambda: breaches(database), within=150)
        calls.close()

        assert told == [("NOTICE", TOWNSHIP), ("NOTICE_KPI", TOWNSHIP)]
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(20)
        log.close()


def breaches(database):
    bodies = database.query("SELECT body FROM supervision.outbox ORDER BY position")
    messages = [envelope.decode(bytes(body)).message for (body,) in bodies]
    found = [(told.clock, told.node) for told in messages if type(told).__name__ == "ClockBreached"]
    return found if len(found) > 1 else []


def publish(uri, events):
    connection = connect(uri, name="test")
    channel = connection.channel()
    channel.confirm_delivery()
    for event in events:
        raw = raw_of(event)
        name = json.loads(raw.body)["type"].split(".")[1]
        channel.basic_publish("case", f"case.{name}", raw.body, properties(message_id=raw.message_id), mandatory=True)
    connection.close()
