"""An agency on a running node: registered by the command, told by AMQP, asking from its cursor, answering its case."""

import json
import os
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from lianxi.bus.calls import Calls
from lianxi.ops.certificates import AGENCY, Authority
from lianxi.runtime.clock import SystemClock, new_id
from tests.support.waiting import eventually

pytestmark = [pytest.mark.nodes, pytest.mark.timeout(300)]
DISTRICT, UNIT = "630104", "630104.housing"
CLIENT = Path(__file__).resolve().parents[3] / "clients" / "agency"
REGISTRAR = {"person": "r", "role": "R", "node": DISTRICT, "unit": ""}
DISPATCHER = {"person": "d", "role": "D", "node": DISTRICT, "unit": ""}
REGISTER = {
    "purpose": "求决",
    "petition_class": "C",
    "category": ["城乡建设", "供暖"],
    "place": DISTRICT,
    "claims": [{"number": 1, "petition_class": "C"}],
    "same_matter_checked": True,
}


def lianxi(stack, *arguments):
    """Run `lianxi agency` for the district."""
    command = [sys.executable, "-m", "lianxi.ops", "agency", *arguments]
    done = subprocess.run(
        [*command, "--node", DISTRICT, "--state", str(stack.directory)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


class Agency:
    """The agency's own machine: the client and what `lianxi agency add` printed."""

    def __init__(self, stack, added, folder):
        self.folder = folder
        self.environment = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(CLIENT),
            "LIANXI_AGENCY_AMQP": added["secrets"]["amqp"],
            "LIANXI_AGENCY_TOKEN": added["secrets"]["token"],
            "LIANXI_AGENCY_PORTAL": stack.node(DISTRICT).portal_url,
        }

    def run(self, *arguments):
        return subprocess.run(
            [sys.executable, "-m", "lianxi_agency", *arguments],
            capture_output=True, text=True, check=False, env=self.environment, cwd=self.folder,
        )  # fmt: skip

    def events(self, *arguments):
        done = self.run("events", *arguments)
        assert done.returncode == 0, done.stderr
        return [json.loads(line) for line in done.stdout.splitlines()]


def a_case_at_the_unit(stack):
    """File a petition at the district and send it to the unit; return its number."""
    petitioner = {"name": "马秀兰", "address": "五四西路12号", "phone": "13997000000"}
    filed = {"channel": "WEB", "subject": "供暖不足", "text": "小区暖气不热。", "petitioner": petitioner}
    with closing(Calls(stack.node(DISTRICT).amqp_uri)) as calls:

        def act(kind, actor, **command):
            body = {"command_type": kind, "command": {**command, "case_no": number, "actor": actor}, "actor": actor}
            return calls.call("routing", "act", body, command_id=new_id(), timeout=20)

        def state():
            found = calls.call("routing", "waiting", {"limit": 200}, timeout=20)["rows"]
            return next((row["state"] for row in found if row["case_no"] == number), "")

        number = calls.call("intake", "register", filed, command_id=new_id(), timeout=20)["number"]
        eventually(lambda: state() in {"S01", "S02"}, within=150)
        if state() == "S01":  # the rules have not registered it
            act("register-case", REGISTRAR, **REGISTER)
        act("transfer-case", DISPATCHER, to_node=DISTRICT, to_unit=UNIT, paper={"text": "请依法办理"})
    return number


def test_an_agency_is_registered_hears_of_its_case_answers_it_and_is_removed(three_nodes, tmp_path):
    fields = [part for field in ("accepted_on", "unit", "state") for part in ("--field", field)]
    added = json.loads(lianxi(three_nodes, "add", "police", "--unit", UNIT, *fields, "--amqp", "--json"))
    agency = Agency(three_nodes, added, tmp_path)
    number = a_case_at_the_unit(three_nodes)

    def names():
        cursor = tmp_path / f"{new_id()}.cursor"
        told = [event for event in agency.events("--by-portal", "--cursor", str(cursor)) if event["subject"] == number]
        return [event["type"].split(".")[1] for event in told]

    eventually(lambda: "case-delivered" in names(), within=150, every=0.5)
    paper = json.dumps({"paper": {"text": "决定受理"}}, ensure_ascii=False)
    key = f"agency-accepts-{number}"
    answers = [agency.run("act", number, "accept-case", "--fields", paper, "--key", key) for _ in range(2)]
    eventually(lambda: "case-accepted" in names(), within=150, every=0.5)
    heard = [event for event in agency.events("--idle", "5") if event["subject"] == number]
    stranger = agency.run("act", number.replace("W", "X"), "accept-case", "--key", key)
    with_other_door = agency.run("act", f"../../cases/{number}", "accept-case", "--key", key)
    authority = Authority(tmp_path / "ca")
    authority.make("630100", SystemClock().now())
    paper_of_identity = str(authority.issue("agency-police", AGENCY, (), SystemClock().now()).path)
    welcome = lianxi(three_nodes, "certificate", "police", paper_of_identity)
    ended = lianxi(three_nodes, "certificate", "police", paper_of_identity, "--revoke")
    queue = lianxi(three_nodes, "queue", "police")
    dead = lianxi(three_nodes, "dead")
    lianxi(three_nodes, "remove", "police")
    after = agency.run("events", "--by-portal")

    assert [done.returncode for done in answers] == [0, 0], answers[0].stderr
    assert answers[0].stdout == answers[1].stdout, "the same key has one effect and one answer"
    assert [event["type"].split(".")[1] for event in heard] == names_of(heard)
    assert heard[-1]["data"]["unit"] == UNIT
    assert "马秀兰" not in json.dumps(heard, ensure_ascii=False)
    assert ("已登记" in welcome, "已撤销" in ended) == (True, True)
    assert ("仲裁队列" in queue, dead) == (True, "")
    assert stranger.returncode == with_other_door.returncode == 1
    assert (after.returncode, "401" in after.stderr) == (1, True)


def names_of(events):
    """The kinds of events, in the order of their cursors."""
    return [event["type"].split(".")[1] for event in sorted(events, key=lambda event: event["agencycursor"])]
