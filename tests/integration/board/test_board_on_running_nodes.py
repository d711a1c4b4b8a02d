"""The city's eyes on running nodes: every panel of every dashboard has something to show, and so has the terminal."""

import json
import os
import subprocess
import sys
from contextlib import closing

import pytest

from lianxi.bus.calls import Calls
from lianxi.ops.local.programs import PROGRAMS
from lianxi.runtime.clock import new_id
from tests.support.dashboards import NAMES, queries
from tests.support.prometheus import running
from tests.support.waiting import eventually

pytestmark = [pytest.mark.nodes, pytest.mark.timeout(300)]
CITY, DISTRICT, STREET = "630100", "630104", "630104001"


@pytest.fixture(scope="module")
def busy_nodes(three_nodes):
    """Nodes of which the city has a petition to look at and has heard what each of them says."""
    with closing(Calls(three_nodes.node(CITY).amqp_uri)) as calls:
        petitioner = {"name": "马秀兰", "address": "西关大街12号", "phone": "13997000000"}
        body = {"channel": "WEB", "subject": "供暖不足", "text": "小区暖气不热。", "petitioner": petitioner}
        calls.call("intake", "register", body, command_id=new_id(), timeout=20)

        def heard():
            shown = calls.call("supervision", "board", {}, timeout=20)
            silent = {row["node"] for row in shown["nodes"] if row["said_age_seconds"] is None}
            assert not silent & {CITY, DISTRICT, STREET}
            assert shown["clocks"]
            return True

        eventually(heard, within=120, every=0.5)
    return three_nodes


def lianxi(stack, *arguments):
    return subprocess.run(
        [sys.executable, "-m", "lianxi.ops", "board", "--state", str(stack.directory), *arguments],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "COLUMNS": "160"},
    )


def test_every_panel_of_every_dashboard_shows_something(busy_nodes, tmp_path):
    targets = [f"127.0.0.1:{node.program(name).metrics_port}" for node in busy_nodes.nodes for name in PROGRAMS]
    asked = [each for name in NAMES for each in queries(name)]

    with running(tmp_path, targets) as prometheus:

        def nothing_to_show():
            return [title for title, query in asked if not prometheus.ask(query)]

        def everything_shown():
            assert nothing_to_show() == []
            return True

        eventually(everything_shown, within=150, every=0.5)


def test_the_terminal_shows_the_nodes_their_links_and_their_lamps(busy_nodes):
    done = lianxi(busy_nodes, "--node", CITY, "--once")

    assert done.returncode == 0, done.stderr
    assert all(word in done.stdout for word in ("西宁市", "城西区", "西关大街街道", "链路", "按期答复率", "本节点待办"))


def test_the_terminal_gives_the_same_as_data(busy_nodes):
    done = lianxi(busy_nodes, "--node", CITY, "--json")

    shown = json.loads(done.stdout)
    assert {row["node"] for row in shown["nodes"]} >= {CITY, DISTRICT, STREET}
    assert all(row["link"] != "unheard" for row in shown["nodes"] if row["node"] in {CITY, DISTRICT, STREET})
    assert shown["piles"]
    assert shown["links"]
