"""The receiver of webhooks that stands in docs/agencies.md takes what a node sends, and nothing that is not signed."""

import http.client
import os
import re
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from lianxi.ops.local.processes import free_ports
from lianxi.runtime.clock import SystemClock
from services.notify.domain.agencies import AgencyEvent, Scheme
from services.notify.senders.agencies import WebhookSender
from services.notify.senders.signatures import make_key
from tests.support.waiting import eventually

ROOT = Path(__file__).resolve().parents[3]
BODY = '{"type":"lianxi.case-accepted.v1","subject":"63010400020260302W00012"}'


@pytest.fixture
def receiver(tmp_path):
    """The program of the page on a port of its own; gives the port, the key and the file it prints to."""
    programs = re.findall(
        r"```python\n(.*?)```", (ROOT / "docs" / "agencies.md").read_text(encoding="utf-8"), re.DOTALL
    )
    (program,) = [found for found in programs if "ThreadingHTTPServer" in found]
    ((port,), (key, _)) = free_ports(1), make_key(Scheme.SHARED)
    assert "8088" in program
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "clients" / "agency"), "KEY": key}
    printed = tmp_path / "printed"
    with printed.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-c", program.replace("8088", str(port))], env=environment, stdout=output, stderr=output
        )
    eventually(lambda: asked(port, b"{}"))
    yield port, key, printed
    process.terminate()
    process.wait(30)


def asked(port, body):
    """Post something that nobody signed and return the status."""
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=30)) as connection:
        connection.request("POST", "/", body)
        return connection.getresponse().status


def test_the_receiver_of_the_page_takes_what_the_node_signed_and_refuses_the_rest(receiver):
    port, key, printed = receiver
    with closing(WebhookSender(frozenset({"127.0.0.1"}), deadline=60.0)) as sender:
        answers = [
            sender.send(
                f"http://127.0.0.1:{port}/",
                AgencyEvent(cursor=cursor, event_id=f"e.{cursor}", type="lianxi.case-accepted.v1", body=BODY),
                [signer],
                SystemClock().now(),
            ).status
            for cursor, signer in ((1, key), (2, make_key(Scheme.SHARED)[0]), (2, key))
        ]

    assert answers == [204, 400, 204]
    assert asked(port, BODY.encode()) == 400
    lines = [line for line in printed.read_text(encoding="utf-8").splitlines() if "case-accepted" in line]
    assert lines == [f"{cursor} lianxi.case-accepted.v1 63010400020260302W00012" for cursor in (1, 2)]
