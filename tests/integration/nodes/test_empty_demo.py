"""`lianxi demo --no-story`: nodes with people to try by hand; the addresses and logins it prints are good."""

import re
import signal
import subprocess
import sys

import pytest
import requests

from lianxi.ops.local.programs import PROGRAMS
from lianxi.ops.local.stack import Stack
from tests.support.waiting import eventually

PERSON = re.compile(r"^ {4}(\S+) +(\S+) +(\S+)$", re.MULTILINE)
PLACE = re.compile(r"^ {2}(\S+)  (http://127\.0\.0\.1:\d+)$", re.MULTILINE)


@pytest.mark.nodes
@pytest.mark.timeout(300)
def test_every_login_that_is_printed_opens_the_node_it_stands_under(tmp_path):
    state, shown = tmp_path / "demo", tmp_path / "shown"
    command = [sys.executable, "-u", "-m", "lianxi.ops", "demo", "--no-story", "--state", str(state)]
    with shown.open("wb") as output:
        demo = subprocess.Popen(command, stdout=output, stderr=output)
    try:
        eventually(lambda: "logins.json" in shown.read_text(encoding="utf-8") or demo.poll() is not None, within=240)
        text = shown.read_text(encoding="utf-8")
        signed_in = {(name, title) for name, url, title, body in printed(text) if opens(url, body)}
    finally:
        demo.send_signal(signal.SIGINT)
        eventually(lambda: "停止" in shown.read_text(encoding="utf-8") or demo.poll() is not None)
        demo.send_signal(signal.SIGINT)  # somebody impatient
        status = demo.wait(60)

    assert len(signed_in) == 9, text
    assert status == 0
    stack = Stack.found_in(state)
    assert [node.code for node in stack.nodes for name in PROGRAMS if node.program(name).pid is not None] == []
    assert [node.code for node in stack.nodes if node.broker.pid is not None] + [stack.cluster.pid] == [None]


def printed(text):
    """Yield name and address of a node with title and credentials of each person printed under it."""
    parts = PLACE.split(text)[1:]
    for name, url, people in zip(parts[::3], parts[1::3], parts[2::3], strict=True):
        for title, login, password in PERSON.findall(people):
            yield name, url, title, {"login": login, "password": password}


def opens(url, body):
    answer = requests.post(f"{url}/api/v1/sessions", json=body, timeout=20)
    return answer.ok and body["login"].endswith(answer.json()["node"])
