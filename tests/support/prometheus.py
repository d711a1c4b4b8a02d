"""A Prometheus of its own for a test: Debian's package, a port and a data directory nobody else has."""

import json
import subprocess
from contextlib import contextmanager, suppress

import requests

from lianxi.ops.local.processes import free_ports
from tests.support.waiting import eventually


class Prometheus:
    """A running server that scrapes `targets` ("host:port") every two seconds."""

    def __init__(self, port):
        self._api = f"http://127.0.0.1:{port}/api/v1"

    def ready(self):
        """Whether every target has been scraped."""
        with suppress(requests.ConnectionError):
            found = requests.get(f"{self._api}/targets", timeout=5)
            active = found.json()["data"]["activeTargets"] if found.ok else []
            return bool(active) and all(target["health"] == "up" for target in active)
        return False

    def ask(self, query):
        """The series that a query returns now."""
        answer = requests.post(f"{self._api}/query", data={"query": query}, timeout=20).json()
        assert answer["status"] == "success", (query, answer)
        return answer["data"]["result"]


@contextmanager
def running(directory, targets):
    """Run a Prometheus until the block ends; `targets` are addresses, or addresses with their labels."""
    directory.mkdir(exist_ok=True)
    config = directory / "prometheus.yml"
    scrape = {"job_name": "lianxi", "scrape_interval": "2s", "static_configs": []}
    for target in targets:
        address, labels = (target, {}) if isinstance(target, str) else target
        scrape["static_configs"].append({"targets": [address], "labels": labels})
    config.write_text(json.dumps({"scrape_configs": [scrape]}), encoding="utf-8")
    (port,) = free_ports(1)
    command = ["prometheus", f"--config.file={config}", f"--storage.tsdb.path={directory / 'data'}"]
    command += [f"--web.listen-address=127.0.0.1:{port}", "--log.level=error"]
    with (directory / "log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        server = Prometheus(port)
        eventually(server.ready, within=60)
        yield server
    finally:
        process.terminate()
        process.wait(20)
