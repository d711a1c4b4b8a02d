"""The city's eyes on running nodes: every panel of every dashboard has something to show, and so has the terminal."""

import json
import os
import subprocess
import sys
from contextlib import closing

import promql_parser
import pytest
import yaml

from lianxi.bus.calls import Calls
from lianxi.ops.local.programs import PROGRAMS
from lianxi.runtime.clock import new_id
from tests.repository.tree import ROOT, text_of
from tests.support.dashboards import NAMES, NOTHING_WRONG, queries, selectors, without_fallback
from tests.support.prometheus import running
from tests.support.waiting import eventually

pytestmark = [pytest.mark.nodes, pytest.mark.timeout(300)]
ALERTS = [
    rule
    for group in yaml.safe_load(text_of(ROOT / "deploy" / "prometheus" / "rules" / "alerts.yml"))["groups"]
    for rule in group["rules"]
]
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


@pytest.fixture(scope="module")
def prometheus(busy_nodes, tmp_path_factory):
    """A Prometheus that asks every process of the nodes, under the labels of deploy/prometheus/targets."""
    targets = [
        (f"127.0.0.1:{node.program(name).metrics_port}", {"exporter": node.code, "process": name})
        for node in busy_nodes.nodes
        for name in PROGRAMS
    ]
    with running(tmp_path_factory.mktemp("prometheus"), targets) as server:
        yield server


def test_every_panel_of_every_dashboard_shows_something_that_was_measured(prometheus):
    asked = [each for name in NAMES for each in queries(name)]
    measured = [(title, query if title in NOTHING_WRONG else without_fallback(query)) for title, query in asked]

    def everything_shown():
        assert [title for title, query in measured if not prometheus.ask(query)] == []
        return True

    eventually(everything_shown, within=150, every=0.5)


@pytest.mark.parametrize("title", sorted(NOTHING_WRONG))
def test_what_shows_nothing_while_all_is_well_reads_what_is_measured(prometheus, title):
    (query,) = [query for name in NAMES for asked, query in queries(name) if asked == title]
    read = {metric for metric, _ in selectors(promql_parser.parse(query))}

    assert read
    assert [metric for metric in sorted(read) if not prometheus.ask(metric)] == []


def test_no_node_lacks_a_metric_that_an_alert_reads(prometheus):
    (rule,) = [rule for rule in ALERTS if rule["alert"] == "MetricMissing"]

    def nothing_missing():
        lacking = prometheus.ask(rule["expr"])
        assert [(each["metric"].get("exporter"), each["metric"]["metric"]) for each in lacking] == []
        return True

    eventually(nothing_missing, within=120, every=0.5)


def test_nodes_that_work_are_well_by_their_own_account(prometheus):
    def all_well():
        said = {
            each["metric"]["node"]: float(each["value"][1]) for each in prometheus.ask("max by (node) (node_unwell)")
        }
        assert said == {CITY: 0.0, DISTRICT: 0.0, STREET: 0.0}
        return True

    eventually(all_well, within=120, every=0.5)


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
