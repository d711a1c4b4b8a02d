"""A township joins, takes cases, moves to another district and leaves while petitions go on being filed."""

import json
import threading
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import pytest
import requests
from click.testing import CliRunner

from lianxi.bus.calls import CallFailed, Calls
from lianxi.ops.agency_node import broker_of
from lianxi.ops.bundle import settings
from lianxi.ops.local.stack import Stack
from lianxi.ops.node import command
from lianxi.ops.topology import read_changes
from tests.support.waiting import eventually

pytestmark = [pytest.mark.nodes, pytest.mark.timeout(420)]
CITY, DISTRICT, OTHER = "630100", "630104", "630105"
STREET, MOVING, ELSEWHERE, ABSENT = "630104001", "630104002", "630105001", "630104003"
PETITION = {
    "channel": "letter",
    "subject": "来信",
    "text": "事由一二三",
    "petitioner": {"name": "马秀兰", "phone": "13997000000", "address": "城西区"},
    "same_matter_checked": True,
    "registered_by": {"person": "zhao", "role": "R", "unit": "", "node": DISTRICT},
}


class Network:
    """A city and two districts without townships, and the commands given there."""

    def __init__(self, directory):
        self.directory = directory
        Stack(directory, [CITY, DISTRICT, OTHER]).up(("services", "relay"))
        self.calls = {}

    @property
    def stack(self):
        return Stack.found_in(self.directory)

    def close(self):
        for calls in self.calls.values():
            calls.close()
        self.stack.remove()

    def call(self, node, service, method, **body):
        if node not in self.calls:
            self.calls[node] = Calls(self.stack.node(node).amqp_uri)
        return self.calls[node].call(service, method, body, timeout=30)

    def lianxi(self, *words):
        return CliRunner().invoke(command, [*words, "--state", str(self.directory), "--by", "wang"])

    def done(self, *words):
        """Give a command that succeeds; return its steps."""
        result = self.lianxi(*words, "--json")
        assert result.exit_code == 0, f"{result.output}{result.exception}"
        return steps_of(result)

    def case(self, node, number):
        return self.call(node, "routing", "case", case_no=number)

    def act(self, node, act, number, role, unit="", **more):
        actor = {"person": "li", "role": role, "unit": unit, "node": node}
        return self.call(node, "routing", "act", command_type=act, command={"case_no": number, "actor": actor, **more})

    def file(self, node=DISTRICT):
        return self.call(node, "intake", "register", **PETITION)["number"]

    def sent_to(self, street, petition_class):
        """File a petition at the district and send it to an organ of a street; return its number once it is there."""
        number = self.file()
        eventually(lambda: known(self, DISTRICT, number), within=150)
        if self.case(DISTRICT, number)["state"] == "S01":
            facts = {"purpose": "求决", "petition_class": petition_class, "category": ["城乡建设"], "place": DISTRICT}
            claims = [{"number": 1}]
            self.act(DISTRICT, "register-case", number, "R", **facts, claims=claims, same_matter_checked=True)
        paper = {"matter": number, "target": street, "basis": "第二十二条"}
        place = {"to_node": street, "to_unit": f"{street}.office"}
        self.act(DISTRICT, "transfer-case", number, "D", **place, paper=paper)
        eventually(lambda: held_by(self, CITY, number) == street, within=150)
        return number

    @contextmanager
    def filing(self):
        """File at the district all the while; gives the numbers so far."""
        numbers, stop = [], threading.Event()

        def go_on():
            with closing(Calls(self.stack.node(DISTRICT).amqp_uri)) as calls:
                while not stop.wait(0.3):
                    with suppress(CallFailed):  # a busy machine may be too slow to answer
                        numbers.append(calls.call("intake", "register", PETITION, timeout=30)["number"])

        thread = threading.Thread(target=go_on)
        thread.start()
        try:
            yield numbers
        finally:
            stop.set()
            thread.join(60)


def steps_of(result):
    return [json.loads(line) for line in result.stdout.splitlines()]


def outcomes(steps):
    return {step["outcome"] for step in steps}


def titles(steps, outcome):
    return [step["title"] for step in steps if step["outcome"] == outcome]


def left_to_do(steps):
    """What a repetition would still do at the parents; whether processes and links answer just now is not asked."""
    parents = [step for step in steps if step["node"] in {DISTRICT, OTHER} and "heard" not in step["title"]]
    return [step["title"] for step in parents if step["outcome"] != "already"]


def known(network, node, number):
    try:
        return network.case(node, number)["state"]
    except Exception:  # noqa: BLE001  not there yet
        return None


def held_by(network, node, number):
    return network.case(node, number)["holder"] if known(network, node, number) else None


def members(network, node):
    return network.call(node, "routing", "members")


def left(network, node):
    return {row["node"] for row in members(network, node)["left"]}


def metrics(network, node):
    port = network.stack.node(node).ports["services_metrics"]
    return requests.get(f"http://127.0.0.1:{port}/metrics", timeout=10).text


@pytest.fixture(scope="module")
def network(tmp_path_factory):
    network = Network(tmp_path_factory.mktemp("membership"))
    yield network
    network.close()


def test_a_township_joins_answers_a_case_and_leaves_while_filing_goes_on(network):
    planned = network.done("join", STREET, "--dry-run")
    missing = titles(planned, "to do")
    assert missing, "another test may have brought what all townships of the district share, never all of it"
    assert not (network.directory / "nodes" / STREET).exists(), "a dry run leaves nothing behind"

    with network.filing() as filed:
        done = network.done("join", STREET)
        assert [step["title"] for step in done] == [step["title"] for step in planned]
        heard = f"link with {STREET} is heard both ways"
        # What the new node has to tell goes at once, so that its link may live before anybody waits for it.
        assert [title for title in titles(done, "done") if title != heard] == [t for t in missing if t != heard]
        assert left_to_do(network.done("join", STREET, "--dry-run")) == []
        eventually(lambda: STREET in members(network, CITY)["joined"], within=150)

        suggestion = network.sent_to(STREET, "A")
        officer = {"role": "U", "unit": f"{STREET}.office"}
        network.act(STREET, "accept-case", suggestion, **officer)
        network.act(STREET, "answer-suggestion", suggestion, **officer, adoption="adopted", paper={"answer": "采纳"})
        eventually(lambda: network.case(CITY, suggestion)["state"] == "S17", within=150)

        waiting = network.sent_to(STREET, "C")
        refused = network.lianxi("leave", STREET)
        assert refused.exit_code == 1
        assert "持有未办结事项1件（S06 1件）" in str(refused.exception)
        assert "[GD-4]" in str(refused.exception)
        assert STREET in members(network, DISTRICT)["joined"], "a refusal changes nothing"
        assert STREET not in members(network, DISTRICT)["leaving"]

        network.done("leave", STREET, "--hand-over", DISTRICT)

    assert held_by(network, DISTRICT, waiting) == DISTRICT
    eventually(lambda: STREET in left(network, CITY), within=150)
    assert network.case(DISTRICT, suggestion)["state"] == "S17", "what the district knew of its cases stays"
    management = network.stack.node(DISTRICT).broker.management
    assert STREET not in {user["name"] for user in management.get("users")}
    assert f"down.{STREET}" not in {queue["name"] for queue in management.get(f"queues/{DISTRICT}")}
    changes = [change.standing for change in read_changes(network.stack.changes) if change.node == STREET]
    assert changes == ["joined", "left"]
    eventually(lambda: f'peer="{STREET}"' not in metrics(network, DISTRICT).partition("link_epoch{")[2], within=150)
    assert filed
    for number in filed:
        eventually(lambda number=number: known(network, CITY, number), within=150)
    assert left_to_do(network.done("leave", STREET, "--dry-run")) == []

    network.done("join", STREET)
    eventually(lambda: STREET in members(network, STREET)["joined"], within=150)
    assert STREET not in left(network, STREET), "who came back does not go on believing that it left"


def test_a_township_that_moves_goes_on_under_its_new_code_and_no_frame_is_lost(network):
    network.done("join", MOVING)
    number = network.sent_to(MOVING, "C")

    with network.filing() as filed:
        network.done("move", MOVING, ELSEWHERE)

    views = [network.case(node, number) for node in (CITY, OTHER, ELSEWHERE)]
    assert {view["holder"] for view in views} == {ELSEWHERE}
    assert {view["state"] for view in views} == {"S06"}
    assert len({(view["seq"], view["epoch"]) for view in views}) == 1
    eventually(lambda: MOVING in left(network, CITY) and ELSEWHERE in members(network, CITY)["joined"], within=150)
    for node, peer in ((OTHER, ELSEWHERE), (CITY, OTHER), (CITY, DISTRICT)):
        eventually(lambda node=node, peer=peer: drained(network, node, peer), within=150)
    for each in filed:
        eventually(lambda each=each: known(network, CITY, each), within=150)
    assert left_to_do(network.done("move", MOVING, ELSEWHERE, "--dry-run")) == []


def test_a_township_without_a_machine_joins_as_a_vhost_of_its_district(network, tmp_path, monkeypatch):
    """Given at the district's machine: its settings in the environment, the passwords of its servers in files."""
    stack, code = network.stack, "630104100"
    place = stack.node(DISTRICT)
    for name, value in place.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("LIANXI_TOPOLOGY_CHANGES", str(tmp_path / "changes.yaml"))
    secret = {"broker": place.broker.password, "database": stack.cluster.dsn("").rstrip("/")}
    for name, text in secret.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    options = ["--broker-admin", str(tmp_path / "broker"), "--management", place.broker.management.url]
    options += ["--secrets", str(place.directory / "secrets"), "--shared", str(stack.directory / "secrets")]
    vhost = ["--as-vhost", "--database-admin", str(tmp_path / "database"), "--to", str(tmp_path / code)]

    joined = CliRunner().invoke(command, ["join", code, *options, *vhost])
    again = CliRunner().invoke(command, ["join", code, *options, *vhost, "--dry-run", "--json"])

    assert joined.exit_code == 0, f"{joined.output}{joined.exception}"
    assert outcomes(steps_of(again)) == {"already"}
    assert "start the three processes" in joined.stderr
    shovels = dict.fromkeys(("up", "down", "tele"), "running")
    eventually(lambda: place.broker.management.shovel_states(code) == shovels, within=150)
    assert_complete(tmp_path / code / "node.env", code, monkeypatch)
    assert stack.cluster.exists(f"lianxi_{code}")
    unit = (tmp_path / code / "systemd" / f"lianxi-{code}-portal.service").read_text(encoding="utf-8")
    assert f"EnvironmentFile={tmp_path / code / 'node.env'}" in unit

    gone = CliRunner().invoke(command, ["leave", code, *options])

    assert gone.exit_code == 0, f"{gone.output}{gone.exception}"
    assert place.broker.management.shovel_states(code) == {}
    assert stack.cluster.exists(f"lianxi_{code}"), "what the node knows stays"


def assert_complete(file, code, monkeypatch):
    """What the processes and the operator of a vhost are told is what any rendered node is told, and true."""
    text = file.read_text(encoding="utf-8")
    told = dict(line.split("=", 1) for line in text.splitlines() if line and not line.startswith("#"))

    assert (told["LIANXI_NODE"], told["LIANXI_PORTAL_HTTPS"]) == (code, "yes")
    assert [name for name, value in told.items() if name.endswith("_FILE") and not Path(value).is_file()] == []
    assert [setting.name for setting in settings() if f"# {setting.name}=" not in text] == []
    with monkeypatch.context() as only_here:
        for name, value in told.items():
            only_here.setenv(name, value)
        assert broker_of({"node": None, "state": None}).vhost == code, "the operator reaches the broker"


def drained(network, node, peer):
    rows = network.call(node, "routing", "links")["rows"]
    row = next(row for row in rows if row["peer"] == peer)
    return row["acked"] == row["last_seq"] and not row["held"]


REFUSED = {
    ("join", OTHER + "999"): "there is no node",
    ("join", "630102001"): "is not among the nodes",
    ("leave", ABSENT, "--hand-over", ABSENT): "cannot hand its cases over to itself",
    ("move", ABSENT, "630104004"): "below the same parent",
}


def test_what_cannot_be_is_refused_in_one_line(network):
    refused = {words: network.lianxi(*words) for words in REFUSED}

    assert {words: result.exit_code for words, result in refused.items()} == dict.fromkeys(REFUSED, 1)
    for words, reason in REFUSED.items():
        assert reason in str(refused[words].exception)
