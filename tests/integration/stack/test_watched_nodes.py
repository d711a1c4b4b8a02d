"""A real Prometheus asks three running nodes: every process answers, quickly, and the city shows all of them."""

import re
import signal
import subprocess
import time

import pytest
import requests
import yaml

from lianxi.ops.local.processes import free_ports
from lianxi.ops.local.programs import PROGRAMS
from tests.repository.metrics_page import metrics
from tests.repository.tree import ROOT
from tests.support.waiting import eventually

pytestmark = [pytest.mark.nodes, pytest.mark.timeout(300)]
CITY, STREET = "630100", "630104001"
MOST_SERIES = 2000


@pytest.fixture(scope="module")
def prometheus(three_nodes, tmp_path_factory):
    """Prometheus with this repository's rules, scraping every process of the three nodes."""
    directory = tmp_path_factory.mktemp("prometheus")
    (port,) = free_ports(1)
    targets = [
        {
            "targets": [f"127.0.0.1:{node.ports[f'{name}_metrics']}"],
            "labels": {"exporter": node.code, "process": name},
        }
        for node in three_nodes.nodes
        for name in PROGRAMS
        if f"{name}_metrics" in node.ports
    ]
    told = {
        "global": {"scrape_interval": "2s", "scrape_timeout": "2s", "evaluation_interval": "2s"},
        "rule_files": [str(ROOT / "deploy" / "prometheus" / "rules" / "*.yml")],
        "scrape_configs": [{"job_name": "lianxi", "static_configs": targets}],
    }
    (directory / "prometheus.yml").write_text(yaml.safe_dump(told), encoding="utf-8")
    command = [
        "prometheus",
        f"--config.file={directory / 'prometheus.yml'}",
        f"--storage.tsdb.path={directory / 'data'}",
        f"--web.listen-address=127.0.0.1:{port}",
    ]
    with (directory / "log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
        try:
            url = f"http://127.0.0.1:{port}"
            eventually(lambda: requests.get(f"{url}/-/ready", timeout=2).ok, within=150)
            yield lambda query: ask(url, query), len(targets)
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(30)


def ask(url, query):
    answer = requests.get(f"{url}/api/v1/query", params={"query": query}, timeout=10).json()
    assert answer["status"] == "success", answer
    return {tuple(sorted(row["metric"].items())): float(row["value"][1]) for row in answer["data"]["result"]}


def test_every_process_answers_and_the_city_shows_every_node_with_its_age(prometheus):
    query, processes = prometheus

    eventually(lambda: sum(query('up{job="lianxi"} == 1').values()) == processes, within=150)
    spoke = f'time() - node_snapshot_timestamp_seconds{{exporter="{CITY}"}} < 120'
    eventually(lambda: len(query(spoke)) == 3, within=120)
    eventually(lambda: query(f'work_measured_timestamp_seconds{{exporter="{CITY}"}}'), within=150)
    eventually(lambda: query(f'node_parked{{exporter="{CITY}",node="{STREET}"}}'), within=150)


def test_every_series_is_of_a_documented_metric_and_there_are_not_too_many(three_nodes):
    documented = {metric.name for metric in metrics()}
    for node in three_nodes.nodes:
        series = 0
        for name in PROGRAMS:
            text = scraped(node.ports[f"{name}_metrics"]) if f"{name}_metrics" in node.ports else ""
            lines = [line for line in text.splitlines() if line and not line.startswith("#")]
            series += len(lines)
            names = {re.match(r"\w+", line)[0] for line in lines}
            strangers = {one for one in names if not known(one, documented)}
            assert strangers == set()
        assert series <= MOST_SERIES


def scraped(port):
    began = time.monotonic()
    answer = requests.get(f"http://127.0.0.1:{port}/metrics", timeout=10)
    assert time.monotonic() - began < 10
    return answer.text


def known(name, documented):
    """Whether a series belongs to a documented metric or to the client itself."""
    plain = re.sub(r"_(bucket|sum|count)$", "", name)
    return name in documented or plain in documented or name.startswith(("process_", "python_"))
