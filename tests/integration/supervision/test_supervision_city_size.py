"""The exporter of a city that hears all of its 84 nodes: every one is seen, and there are not too many series."""

import json
import re
import subprocess
import sys

import pytest
import yaml

from lianxi.bus.telemetry import TOLD
from tests.repository.tree import ROOT, text_of

pytestmark = pytest.mark.database
NODES = list(yaml.safe_load(text_of(ROOT / "deploy" / "xining" / "topology.yaml"))["nodes"])
CITY, DISTRICT, STREET = "630100", "630104", "630104001"
MOST = 500
"""Series of what nodes below say; tests/repository/test_series_budget.py adds up the rest."""
HEAR = """
import json, sys
from lianxi.bus.telemetry import TOLD
from lianxi.runtime.clock import FixedClock, SystemClock
from lianxi.runtime.metrics import exposition
from services.supervision.domain.snapshots import states
from services.supervision.handlers.snapshots import take_snapshots
from services.supervision.settings import Settings
from services.supervision.wiring import build
parts = build(Settings.from_environment(), SystemClock())
with parts.open_work() as work:
    taken = take_snapshots(((key, body.encode()) for key, body in json.load(sys.stdin)), work, "630100", TOLD, 1e9)
    parts.nodes.show(states(work.snapshots.all(), TOLD))
print(taken.refused, exposition().decode())
"""


def told_by(node):
    """A snapshot with everything that can be told, as the neighbour on the road hands it on."""
    neighbour = node if len(node) == len(CITY) else node[: len(DISTRICT)]
    values = dict.fromkeys(TOLD, 1.0)
    return f"{neighbour}.metrics.snapshot", json.dumps(
        {"node": node, "process": "services", "taken_at": 1e9, "values": values}
    )


def test_a_city_shows_all_of_its_nodes_in_few_series(a_desk, tmp_path):
    desk = a_desk(CITY)
    environment = {
        "PATH": "/usr/bin:/bin",
        "PYTHONPATH": str(ROOT),
        "LIANXI_NODE": CITY,
        "LIANXI_DATABASE_URL_SUPERVISION": desk.database.service_url("supervision"),
        "LIANXI_KEYRING_FILE": str(tmp_path / "supervision.keys"),
    }

    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", HEAR],
        input=json.dumps([told_by(node) for node in NODES]),
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    refused, _, page = done.stdout.partition(" ")
    series = [line for line in page.splitlines() if line.startswith("node_")]
    assert (refused, len(NODES)) == ("0", 84)
    for name in ("node_snapshot_timestamp_seconds", "node_parked", "node_link_heartbeat_age_seconds"):
        assert {re.search(r'node="(\d+)"', line)[1] for line in series if line.startswith(f"{name}{{")} == set(NODES)
    assert f'node_outbox_depth{{node="{DISTRICT}"}} 1.0' in series
    assert not any(line.startswith("node_outbox_depth") and STREET in line for line in series)
    assert len(series) <= MOST
