"""The processes of a node under the real runner: ready when they can work, gone soon after they are told to."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import requests

from lianxi.bus import topology
from lianxi.ops.local.processes import free_ports
from lianxi.runtime.crypto import KeyRing
from tests.support.waiting import eventually

pytestmark = [pytest.mark.broker, pytest.mark.database]
ROOT = Path(__file__).resolve().parents[3]
SOON = 20.0


@pytest.fixture
def intake(node_database, broker_vhost, tmp_path):
    """A process that runs intake on a database and a vhost of its own; returns it with its metrics port."""
    topology.declare(broker_vhost.uri)
    KeyRing.generate().write(tmp_path / "ring.yaml")
    (tmp_path / "amqp.uri").write_text(broker_vhost.uri, encoding="utf-8")
    port = free_ports(1)[0]
    environment = {
        **node_database("630104", services=("intake",)).environment(tmp_path),
        "PATH": os.environ["PATH"],
        "LIANXI_AMQP_URI_FILE": str(tmp_path / "amqp.uri"),
        "LIANXI_KEYRING_FILE": str(tmp_path / "ring.yaml"),
        "LIANXI_METRICS_PORT": str(port),
    }
    log = (tmp_path / "log").open("w+", encoding="utf-8")
    process = subprocess.Popen(
        [sys.executable, "-m", "lianxi.runtime.run", "--services", "intake"], env=environment, cwd=ROOT, stderr=log
    )
    yield process, port, log
    process.kill()
    process.wait()
    log.close()


def ready(port):
    return requests.get(f"http://127.0.0.1:{port}/ready", timeout=2).status_code == 200


def test_a_service_says_when_it_is_ready_and_shows_its_metrics(intake):
    _, port, _ = intake

    eventually(lambda: ready(port))

    assert requests.get(f"http://127.0.0.1:{port}/health", timeout=2).json() == {"alive": True}
    assert "process_resident_memory_bytes" in requests.get(f"http://127.0.0.1:{port}/metrics", timeout=2).text


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_an_idle_service_leaves_soon_after_a_signal(intake, number):
    process, port, _ = intake
    eventually(lambda: ready(port))

    process.send_signal(number)

    assert process.wait(timeout=SOON) == 0


def test_its_log_is_json_lines_that_say_where_they_come_from(intake):
    process, port, log = intake
    eventually(lambda: ready(port))
    process.terminate()
    process.wait(timeout=SOON)

    log.seek(0)
    lines = [json.loads(line) for line in log]

    assert {"running", "stopped"} <= {line["event"] for line in lines}
    assert {(line["node"], line["process"]) for line in lines} == {("630104", "intake")}
