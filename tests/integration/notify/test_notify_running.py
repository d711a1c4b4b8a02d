"""Notify as it runs: a petition is registered over the broker, and its receipt arrives by mail with the query code."""

import os
import signal
import subprocess
import sys
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from lianxi.bus import topology
from lianxi.bus.calls import Calls
from lianxi.runtime.crypto import KeyRing
from tests.support.builders import TOWNSHIP
from tests.support.waiting import eventually
from tests.unit.intake.desk import a_web_petition

pytestmark = [pytest.mark.database, pytest.mark.broker]

ROOT = Path(__file__).resolve().parents[3]
RUNNERS = {"nameko": "lianxi.runtime.run", "threads": "lianxi.bus.threads"}


@pytest.fixture
def node(broker_vhost, node_database, tmp_path, mail_server):
    """The settings of the township's processes."""
    topology.declare(broker_vhost.uri)
    database = node_database(TOWNSHIP, services=("intake", "notify"))
    KeyRing.generate().write(tmp_path / "keys.yaml")
    settings = {
        **os.environ,
        **database.environment(tmp_path),
        "LIANXI_DATABASE_URL_FILE": str(tmp_path / "relay.url"),
        "LIANXI_SCHEMAS": "intake,notify",
        "LIANXI_AMQP_URI": broker_vhost.uri,
        "LIANXI_KEYRING_FILE": str(tmp_path / "keys.yaml"),
        "LIANXI_SMTP_HOST": "127.0.0.1",
        "LIANXI_SMTP_PORT": str(mail_server.port),
        "LIANXI_METRICS_PORT": "0",
        "PYTHONPATH": str(ROOT),
        "PYTHONWARNINGS": "ignore",
    }
    return settings, broker_vhost


@contextmanager
def running(name, arguments, settings, folder):
    with (folder / f"{name}.log").open("wb") as log:
        process = subprocess.Popen([sys.executable, *arguments], env=settings, stdout=log, stderr=log)
        try:
            yield process
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(20)


@pytest.mark.timeout(300)
@pytest.mark.parametrize("runner", list(RUNNERS))
def test_the_receipt_of_a_petition_reaches_the_petitioners_mailbox(runner, node, tmp_path, mail_server):
    settings, vhost = node
    body = a_web_petition()
    body["petitioner"]["email"] = "maguilan@example.org"
    services = ["-m", RUNNERS[runner], "--services", "intake,notify"]
    with (
        running("services", services, settings, tmp_path),
        running("relay", ["-m", "lianxi.bus.relay"], settings, tmp_path),
        closing(Calls(vhost.uri)) as calls,
    ):
        answer = eventually(lambda: register(calls, body), within=40, every=0.2)
        (letter,) = eventually(lambda: mail_server.letters, within=40)
        (row,) = eventually(lambda: sent(calls, answer["number"]))
        previewed, shown = notice(settings, "preview", answer["number"]), notice(settings, "show", answer["number"])

    assert letter["To"] == "maguilan@example.org"
    assert answer["number"] in letter.get_content()
    assert answer["query_code"] in letter.get_content()
    assert row["rule"] == "registration-receipt"
    assert "信访事项登记回执" in previewed
    assert answer["number"] in previewed
    assert answer["query_code"] not in previewed
    assert "registration-receipt  信访人  电子邮件  已发出" in shown
    logs = "".join((tmp_path / f"{name}.log").read_text("utf-8") for name in ("services", "relay"))
    assert "maguilan" not in logs
    assert answer["query_code"] not in logs


def register(calls, body):
    return calls.call("intake", "register", body, command_id="one", timeout=5.0)


def sent(calls, number):
    rows = calls.call("notify", "deliveries", {"case_no": number})["rows"]
    return [row for row in rows if row["state"] == "sent"]


def notice(settings, verb, number):
    """Run `lianxi notice` as a person at the node does."""
    arguments = ["-m", "lianxi.ops", "notice", verb, "--case", number]
    rule = ["--rule", "registration-receipt"] if verb == "preview" else []
    done = subprocess.run(
        [sys.executable, *arguments, *rule], env=settings, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
