"""A real Prometheus and a real Alertmanager, with this repository's rules and routes: what fires arrives, and once.

Only the waiting is shortened, and the addresses are those of a mail server and a webhook receiver in this process. The
nodes are an exporter that says what a city says when the line to a district with forty townships is cut.
"""

import json
import re
import subprocess
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import requests
import yaml

from lianxi.ops.local.processes import free_ports
from tests.integration.notify.mail_server import MailServer
from tests.repository.tree import ROOT
from tests.support.waiting import eventually

pytestmark = [pytest.mark.nodes, pytest.mark.timeout(300)]
CITY, DISTRICT = "630100", "630104"
TOWNSHIPS = [f"{DISTRICT}{number:03d}" for number in range(1, 41)]
SILENT, HEARD = 1000, 5


class _Page(BaseHTTPRequestHandler):
    def do_GET(self):
        """Tell the ages of the snapshots."""
        self._answer(self.server.page().encode())

    def do_POST(self):
        """Take a page."""
        told = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.taken.append(told)
        self._answer(b"{}")

    def _answer(self, body):
        self.send_response(200)
        self.send_header("Content-Type", "text/plain; version=0.0.4")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        """Say nothing."""


class Outside:
    """The exporter of the city, and the receiver of its pages."""

    def __init__(self):
        self.ages = dict.fromkeys([CITY, DISTRICT, *TOWNSHIPS], HEARD)
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _Page)
        self._server.daemon_threads = True
        self._server.page, self._server.taken = self._page, []
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def address(self):
        return f"127.0.0.1:{self._server.server_port}"

    @property
    def pages(self):
        """The pages taken, each with its state and the alerts it is about."""
        return [
            (
                page["status"],
                sorted((alert["labels"]["alertname"], alert["labels"]["node"]) for alert in page["alerts"]),
            )
            for page in list(self._server.taken)
        ]

    def _page(self):
        now = time.time()
        lines = [f'node_snapshot_timestamp_seconds{{node="{node}"}} {now - age}' for node, age in self.ages.items()]
        # what a silent node said last is that its relay does not work, which is old news
        lines += [f'node_unwell{{node="{node}"}} {int(age == SILENT)}' for node, age in self.ages.items()]
        return "\n".join([*lines, "node_snapshots_refused_total 0", ""])

    def close(self):
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def outside():
    made = Outside()
    yield made
    made.close()


@pytest.fixture
def mail():
    server = MailServer()
    server.start()
    yield server
    server.stop()


@contextmanager
def program(directory, *command):
    with (directory / f"{command[0]}.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, cwd=directory)
    try:
        yield
    finally:
        process.terminate()
        process.wait(30)


def hurried(text):
    """The routes of the city without their waiting, so that a test need not wait either."""
    return re.sub(r"group_(wait|interval): \S+", lambda found: f"group_{found[1]}: 2s", text)


@pytest.fixture
def watching(tmp_path, outside, mail):
    """Prometheus with the rules about nodes and Alertmanager with the routes; gives the address of the latter."""
    ports = free_ports(2)
    routes = hurried((ROOT / "deploy" / "alertmanager" / "alertmanager.yml").read_text(encoding="utf-8"))
    routes = routes.replace("mail.local:25", f"127.0.0.1:{mail.port}")
    routes = routes.replace("alert-webhook.local:9099", outside.address)
    (tmp_path / "alertmanager.yml").write_text(routes, encoding="utf-8")
    (tmp_path / "templates").symlink_to(ROOT / "deploy" / "alertmanager" / "templates")
    recorded, alerting = (
        yaml.safe_load((ROOT / "deploy" / "prometheus" / "rules" / f"{name}.yml").read_text(encoding="utf-8"))["groups"]
        for name in ("recordings", "alerts")
    )
    nodes = next(group for group in alerting if group["name"] == "nodes")
    for rule in nodes["rules"]:
        rule["for"] = "0s"
    (tmp_path / "rules.yml").write_text(yaml.safe_dump({"groups": [*recorded, nodes]}), encoding="utf-8")
    told = {
        "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
        "rule_files": ["rules.yml"],
        "scrape_configs": [
            {
                "job_name": "lianxi",
                "static_configs": [{"targets": [outside.address], "labels": {"exporter": CITY, "process": "services"}}],
            }
        ],
        "alerting": {"alertmanagers": [{"static_configs": [{"targets": [f"127.0.0.1:{ports[0]}"]}]}]},
    }
    (tmp_path / "prometheus.yml").write_text(yaml.safe_dump(told), encoding="utf-8")
    alertmanager = (
        "prometheus-alertmanager",
        "--config.file=alertmanager.yml",
        "--storage.path=alerts",
        f"--web.listen-address=127.0.0.1:{ports[0]}",
        "--cluster.listen-address=",
    )
    prometheus = (
        "prometheus",
        "--config.file=prometheus.yml",
        "--storage.tsdb.path=data",
        f"--web.listen-address=127.0.0.1:{ports[1]}",
    )
    with program(tmp_path, *alertmanager), program(tmp_path, *prometheus):
        for port in ports:
            eventually(lambda port=port: requests.get(f"http://127.0.0.1:{port}/-/ready", timeout=2).ok, within=150)
        yield f"http://127.0.0.1:{ports[0]}"


def alerts(url):
    found = requests.get(f"{url}/api/v2/alerts", timeout=10).json()
    return {(each["labels"]["alertname"], each["labels"]["node"]): each["status"]["state"] for each in found}


def test_a_cut_line_to_a_district_is_one_page_and_one_mail_each_not_forty(outside, mail, watching):
    outside.ages |= dict.fromkeys([DISTRICT, *TOWNSHIPS], SILENT)

    eventually(lambda: outside.pages, within=150)
    eventually(lambda: len(alerts(watching)) == 3 * (1 + len(TOWNSHIPS)), within=150)
    eventually(lambda: {"duty@xining.local", f"operations-{DISTRICT}@xining.local"} <= readers(mail), within=150)

    loud = {alert for alert, state in alerts(watching).items() if state == "active"}
    assert loud == {("NodeSilentLong", DISTRICT)}
    assert outside.pages == [("firing", [("NodeSilentLong", DISTRICT)])]
    assert all(DISTRICT in str(letter["Subject"]) for letter in mail.letters)
    assert not any(township in letter.as_string() for letter in mail.letters for township in TOWNSHIPS)

    outside.ages |= dict.fromkeys([DISTRICT, *TOWNSHIPS], HEARD)
    eventually(lambda: ("resolved", [("NodeSilentLong", DISTRICT)]) in outside.pages, within=150)


def readers(mail):
    return {str(letter["To"]) for letter in mail.letters}
