"""The portal as its own process: it starts, serves, is refused too much, stops; and the account command."""

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import requests

from lianxi.ops.local.processes import free_ports
from lianxi.runtime.crypto import KeyRing
from tests.support.waiting import eventually

ROOT = Path(__file__).resolve().parents[3]
# It needs 95 to 111, as the allocator grows; a package for tables or pictures loaded at the start adds 60.
MEGABYTES_ALLOWED = 160

pytestmark = [pytest.mark.database, pytest.mark.broker]


@pytest.fixture
def environment(migrated, broker_vhost, tmp_path):
    KeyRing.generate().write(tmp_path / "ring.yaml")
    for name, text in (("portal.url", migrated.url), ("amqp.uri", broker_vhost.uri)):
        (tmp_path / name).write_text(text, encoding="utf-8")
    port, metrics = free_ports(2)
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith("LIANXI_")},
        "PYTHONPATH": str(ROOT),
        "LIANXI_NODE": "630104",
        "LIANXI_DATABASE_URL_PORTAL_FILE": str(tmp_path / "portal.url"),
        "LIANXI_AMQP_URI_FILE": str(tmp_path / "amqp.uri"),
        "LIANXI_KEYRING_FILE": str(tmp_path / "ring.yaml"),
        "LIANXI_PORTAL_PORT": str(port),
        "LIANXI_METRICS_PORT": str(metrics),
    }


@pytest.fixture
def portal(environment, tmp_path):
    """Its address, its process and its log."""
    log = (tmp_path / "portal.log").open("wb")
    process = subprocess.Popen(
        [sys.executable, "-m", "services.portal.service"], env=environment, stdout=log, stderr=log, cwd="/"
    )
    address = f"http://127.0.0.1:{environment['LIANXI_PORTAL_PORT']}"
    try:
        eventually(lambda: requests.get(f"{address}/healthz", timeout=5).status_code == 200, within=40)
        yield address, process, tmp_path / "portal.log"
    finally:
        process.kill()
        process.wait()
        log.close()


def test_it_is_ready_serves_and_stops_when_asked(portal, environment):
    address, process, log = portal

    assert requests.get(f"{address}/", timeout=5).status_code == 200
    ready = requests.get(f"http://127.0.0.1:{environment['LIANXI_METRICS_PORT']}/ready", timeout=5)
    assert ready.json() == {"ready": True, "checks": {"database": "ok", "broker": "ok"}}
    assert "Server" not in requests.get(f"{address}/", timeout=5).headers

    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=15) == 0
    lines = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
    assert lines[-1]["event"] == "stopped"
    assert any(line["event"] == "answered" and line["operation"] == "front.home" for line in lines)


def test_it_needs_little_memory(portal):
    address, process, _log = portal
    for path in ("/", "/petition", "/track", "/api/v1/openapi.json"):
        requests.get(address + path, timeout=5)

    status = Path(f"/proc/{process.pid}/status").read_text(encoding="ascii")
    resident = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS")) / 1024

    assert resident < MEGABYTES_ALLOWED


def test_a_service_that_does_not_run_is_a_503_with_a_time_to_come_back(portal):
    address, _process, _log = portal

    answer = requests.post(
        f"{address}/api/v1/cases",
        json={"subject": "a", "text": "b", "petitioner": {"name": "c", "address": "d"}},
        timeout=20,
    )

    assert answer.status_code == 503
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert int(answer.headers["Retry-After"]) > 0


def test_ten_megabytes_over_the_wire_are_refused_with_a_problem(portal):
    address, _process, _log = portal

    answer = requests.post(
        f"{address}/api/v1/cases", data=b"x" * 10_000_000, headers={"Content-Type": "application/json"}, timeout=20
    )

    assert answer.status_code == 413
    assert answer.json()["code"] == "request-entity-too-large"


def test_a_body_nobody_would_read_is_refused_with_a_problem_too(portal):
    address, _process, _log = portal
    port = int(address.rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port), timeout=10) as raw:
        raw.sendall(b"POST /api/v1/cases HTTP/1.1\r\nHost: x\r\nContent-Length: 999999999\r\n\r\n")
        head, _, body = b"".join(iter(lambda: raw.recv(8192), b"")).partition(b"\r\n\r\n")

    assert b" 413 " in head.split(b"\r\n")[0]
    assert b"application/problem+json" in head
    assert json.loads(body)["code"] == "request-entity-too-large"


@pytest.mark.parametrize(
    "request_line",
    [
        b"GET /%00 HTTP/1.1",
        b"GET " + b"/a" * 40000 + b" HTTP/1.1",
        b"BREW / HTTP/1.1",
        b"\x00\x01\x02",
        b"GET / HTTP/9",
    ],
    ids=range(5),
)
def test_nonsense_on_the_wire_does_no_harm(portal, request_line):
    address, process, _log = portal
    port = int(address.rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port), timeout=10) as raw:
        raw.sendall(request_line + b"\r\nHost: x\r\nConnection: close\r\n\r\n")
        answer = raw.recv(4096)

    assert b" 200 " not in answer.split(b"\r\n")[0]
    assert b"Traceback" not in answer
    assert b"waitress" not in answer.lower()
    assert process.poll() is None
    assert requests.get(f"{address}/", timeout=5).status_code == 200


class TestAccountCommand:
    def lianxi(self, environment, *arguments):
        return subprocess.run(
            [sys.executable, "-m", "lianxi.ops", "account", *arguments],
            env=environment,
            capture_output=True,
            text=True,
            cwd="/",
            check=False,
        )

    def test_an_account_is_made_with_a_password_that_is_printed_once(self, portal, environment):
        address, _process, _log = portal
        made = self.lianxi(environment, "add", "--login", "ma.jun", "--role", "D", "--node", "630104", "--json")

        assert made.returncode == 0, made.stderr
        account = json.loads(made.stdout)
        signed_in = requests.post(
            f"{address}/api/v1/sessions", json={"login": "ma.jun", "password": account["password"]}, timeout=10
        )
        assert signed_in.status_code == 201
        assert account["role"] == "dispatcher"

    def test_a_password_from_a_file_is_not_printed(self, environment, tmp_path):
        (tmp_path / "password").write_text("correct-horse-9\n", encoding="utf-8")

        made = self.lianxi(
            environment,
            "add",
            "--login",
            "ma.jun",
            "--role",
            "registrar",
            "--password-file",
            str(tmp_path / "password"),
        )

        assert made.returncode == 0
        assert "correct-horse-9" not in made.stdout + made.stderr

    def test_accounts_are_listed_closed_and_given_tokens(self, environment):
        self.lianxi(environment, "add", "--login", "ma.jun", "--role", "D")
        token = self.lianxi(environment, "token", "--login", "ma.jun", "--name", "导出", "--scope", "read")
        changed = self.lianxi(environment, "passwd", "--login", "ma.jun")
        closed = self.lianxi(environment, "disable", "--login", "ma.jun")
        listed = self.lianxi(environment, "list", "--json")

        assert token.stdout.startswith("lianxi_")
        assert "shown this once" in changed.stdout
        assert closed.returncode == 0
        assert json.loads(listed.stdout) == {
            "login": "ma.jun",
            "role": "dispatcher",
            "node": "630104",
            "unit": "",
            "state": "disabled",
        }

    @pytest.mark.parametrize(
        ("arguments", "status", "said"),
        [
            (("add", "--login", "ma.jun", "--role", "boss"), 1, "角色"),
            (("add", "--login", "ma jun", "--role", "D"), 1, "账号"),
            (("add", "--login", "ma.jun", "--role", "U"), 1, "单位"),
            (("disable", "--login", "nobody"), 1, "没有找到"),
            (("add", "--login", "ma.jun", "--role", "D", "--node", "630102"), 2, "630102"),
            (("add", "--login", "ma.jun"), 2, "--role"),
        ],
    )
    def test_a_mistake_is_refused_with_its_reason(self, environment, arguments, status, said):
        done = self.lianxi(environment, *arguments)

        assert done.returncode == status
        assert said in done.stderr
        assert "Traceback" not in done.stderr
