"""The restore drill: a node goes back to an older backup, and what its neighbours had seen since comes back, once."""

import json
import os
import re
import subprocess
import sys

import pytest

from tests.integration.stack.test_disputes_over_nodes import Desk
from tests.support.waiting import eventually

pytestmark = [pytest.mark.nodes, pytest.mark.timeout(400)]
CITY, DISTRICT, STREET = "630100", "630104", "630104001"
PETITION = {
    "channel": "letter",
    "subject": "来信",
    "text": "事由一二三",
    "petitioner": {"name": "马秀兰", "phone": "13997000000", "address": "城西区"},
    "same_matter_checked": True,
}
FACTS = {"purpose": "求决", "petition_class": "C", "category": ["城乡建设"], "same_matter_checked": True}


class Node:
    """A node of the drill: its people, its commands, and its processes."""

    def __init__(self, stack, code):
        self.stack, self.code = stack, code
        self.registrar = Desk(stack, code, "registrar", "")
        self.dispatcher = Desk(stack, code, "dispatcher", "")
        self.officer = Desk(stack, code, "case_officer", f"{code}.housing")
        self.leader = Desk(stack, code, "department_leader", "")

    def lianxi(self, *arguments):
        """Run a command as an operator would."""
        environment = {**os.environ, **self.stack.node(self.code).environment, "PYTHONWARNINGS": "ignore"}
        command = [sys.executable, "-m", "lianxi.ops", *map(str, arguments)]
        return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)

    def done(self, *arguments):
        """Run a command that must succeed; return what it printed."""
        ended = self.lianxi(*arguments)
        assert ended.returncode == 0, ended.stdout + ended.stderr
        return ended.stdout

    def stopped(self):
        """Stop the node's processes."""
        for name in ("portal", "services", "relay"):
            self.stack.node(self.code).program(name).stop()

    def started(self):
        """Start the node's processes and wait until they are ready."""
        programs = [self.stack.node(self.code).program(name) for name in ("services", "relay", "portal")]
        for program in programs:
            program.start()
        for program in programs:
            program.wait()

    def filed(self, place):
        """File and register a petition."""
        number = self.registrar.post("/cases", PETITION)["number"]
        state = eventually(lambda: self.registrar.case(number).get("state"), within=150)
        if state == "S01":
            self.registrar.act(number, "register-case", **FACTS, place=place, claims=[{"number": 1}])
        return number

    def transferred(self, number, to_node, to_unit):
        """Send a case on."""
        self.dispatcher.act(number, "transfer-case", to_node=to_node, to_unit=to_unit)

    def position(self, number):
        """How far a case's history goes here, and who holds it."""
        seen = self.leader.case(number)
        return seen.get("seq"), seen.get("holder"), seen.get("state")

    def kept(self, numbers):
        """What the node's database keeps of some cases, row by row."""
        cluster = self.stack.cluster
        rows = []
        with cluster.connect(self.stack.node(self.code).database) as connection, connection.cursor() as cursor:
            for statement in KEPT:
                cursor.execute(statement, (list(numbers),))
                rows += cursor.fetchall()
        return sorted(map(str, rows))


KEPT = ("SELECT case_no, seq, digest FROM routing.case_event WHERE case_no = ANY(%s)",)


def equal(one, other, numbers):
    """Whether two nodes have the same of these cases."""
    return all(one.position(number) == other.position(number) != (None, None, None) for number in numbers)


def went_back(node, backup):
    """Restore a node and bring it up again."""
    node.stopped()
    try:
        node.done("restore", backup, "--replace")
    finally:
        node.started()
    eventually(lambda: node.lianxi("restore", "--report").returncode == 0, within=150)


@pytest.fixture(scope="module")
def city(three_nodes):
    return Node(three_nodes, CITY)


@pytest.fixture(scope="module")
def district(three_nodes):
    return Node(three_nodes, DISTRICT)


def missing(node):
    """Return case and paper of whatever `lianxi verify` names; anything but missing papers fails."""
    *found, _ = map(json.loads, node.lianxi("verify", "--json").stdout.splitlines())
    assert {one["damage"] for one in found} == {"missing"}
    return {(one["case_no"], (re.findall(r"文书 ([^，]+)，", one["text"]) or ["信访内容"])[0]) for one in found}


def unrecovered(report):
    """Return case and paper of what the report of a restore says cannot be got back."""
    lines = re.findall(r"^(\w+)  (?:文书 )?(信访内容|\S+号).*没有离开过本节点", report, re.MULTILINE)
    return set(lines)


def test_what_the_parent_has_seen_of_a_restored_district_comes_back_once(city, district, tmp_path):
    before = district.filed(DISTRICT)
    backup = tmp_path / "backups"
    district.done("backup", "--to", backup, "--keys-to", tmp_path / "keys")
    assert "完好" in district.done("backup", "--verify", backup)

    own, passed_on, taken = district.filed(DISTRICT), district.filed(STREET), city.filed(DISTRICT)
    district.transferred(before, DISTRICT, f"{DISTRICT}.housing")
    district.officer.act(before, "accept-case", paper={"path": "信访程序"})
    district.transferred(own, DISTRICT, f"{DISTRICT}.housing")
    if city.position(taken)[1] == CITY:
        city.transferred(taken, DISTRICT, "")
    if district.position(passed_on)[1] == DISTRICT:
        district.transferred(passed_on, STREET, f"{STREET}.office")
    eventually(lambda: city.position(passed_on)[1] == STREET and city.position(taken)[1] == DISTRICT, within=150)
    numbers = [before, own, passed_on, taken]
    eventually(lambda: equal(city, district, numbers), within=150)
    known = {number: city.position(number) for number in numbers}
    kept = district.kept(numbers)

    assert "仍有" in district.lianxi("restore", backup).stderr
    went_back(district, backup)

    eventually(lambda: equal(city, district, numbers), within=150)
    assert {number: district.position(number) for number in numbers} == known
    eventually(lambda: district.kept(numbers) == kept, within=150)
    report = district.done("restore", "--report")
    assert f"{own}  信访内容" in report
    assert missing(district) == unrecovered(report)
    city.done("books", "compare", "--with", DISTRICT)
    district.officer.act(own, "accept-case", paper={"path": "信访程序"})
    eventually(lambda: equal(city, district, numbers), within=150)


def test_what_the_children_of_a_restored_city_have_seen_comes_back_once(city, district, tmp_path):
    backup = tmp_path / "backups"
    city.done("backup", "--to", backup)

    sent, seen = city.filed(DISTRICT), district.filed(DISTRICT)
    if city.position(sent)[1] == CITY:
        city.transferred(sent, DISTRICT, "")
    eventually(lambda: district.position(sent)[1] == DISTRICT, within=150)
    numbers = [sent, seen]
    eventually(lambda: equal(city, district, numbers), within=150)
    known, kept = {number: district.position(number) for number in numbers}, city.kept(numbers)

    went_back(city, backup)

    eventually(lambda: equal(city, district, numbers), within=150)
    assert {number: city.position(number) for number in numbers} == known
    eventually(lambda: city.kept(numbers) == kept, within=150)
    assert "完好" in city.done("verify")
    city.done("books", "compare", "--with", DISTRICT)
