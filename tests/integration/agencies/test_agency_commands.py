"""Every command of `lianxi agency` as an operator gives it, on a running node, with what the agency then sees of it."""

import getpass
import json
import os
import subprocess
import sys
from urllib.parse import quote, urlsplit

import pika
import pytest

from lianxi.runtime.clock import new_id
from tests.integration.agencies.test_agency_on_a_node import DISTRICT, Agency
from tests.support.waiting import eventually

pytestmark = [pytest.mark.nodes, pytest.mark.timeout(300)]
UNIT = f"{DISTRICT}.police"
OUTSIDE = "amqps://broker.example.org:5671"
GRANT = ("--unit", UNIT, "--field", "unit", "--amqp", "--webhook", "https://agency.example.org/lianxi")


class Operator:
    """The operator's terminal at the district."""

    def __init__(self, stack):
        self._stack = stack

    def run(self, verb, *arguments, **settings):
        command = [sys.executable, "-m", "lianxi.ops", "agency", verb, *arguments]
        where = ["--node", DISTRICT, "--state", str(self._stack.directory)]
        environment = {**os.environ, **settings}
        return subprocess.run([*command, *where], capture_output=True, text=True, check=False, env=environment)

    def do(self, verb, *arguments, **settings):
        done = self.run(verb, *arguments, **settings)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def told(self, verb, *arguments, **settings):
        return json.loads(self.do(verb, *arguments, "--json", **settings))

    @property
    def names(self):
        return {row["name"] for row in self.told("show")["rows"]}


@pytest.fixture
def operator(three_nodes):
    return Operator(three_nodes)


@pytest.fixture
def name():
    """A name that no other test has used."""
    return f"police-{new_id()[-6:]}"


def queue_depth(stack, name):
    """How many events wait in the queue of an agency; None without a queue."""
    node = stack.node(DISTRICT)
    rows = node.broker.management.get(f"queues/{quote(node.vhost, safe='')}?columns=name")
    if f"agency.{name}" not in {row["name"] for row in rows}:
        return None
    with pika.BlockingConnection(pika.URLParameters(node.amqp_uri)) as connection:
        return connection.channel().queue_declare(f"agency.{name}", passive=True).method.message_count


def opens(uri):
    """Whether the broker lets this user in."""
    try:
        pika.BlockingConnection(pika.URLParameters(uri)).close()
    except pika.exceptions.ProbableAuthenticationError:
        return False
    return True


def test_an_agency_from_its_registration_to_its_removal(operator, three_nodes, name, tmp_path):
    added = operator.told("add", name, *GRANT, LIANXI_AGENCY_BROKER=OUTSIDE)
    depth = lambda: queue_depth(three_nodes, name)  # noqa: E731  (looked at again and again)
    listed = name in operator.names
    operator.do("test", name)
    eventually(lambda: depth() == 1, within=150)
    operator.do("pause", name)
    operator.do("test", name)
    paused = operator.told("show", name)["rows"][0]
    operator.do("resume", name)
    eventually(lambda: depth() == 2, within=150)
    rotated = operator.run("rotate", name, "--json")
    old, new = (Agency(three_nodes, made, tmp_path) for made in (added, json.loads(rotated.stdout)))
    heard = new.events("--idle", "5")
    operator.do("resend", name, "--after", "0")
    eventually(lambda: depth() == 2, within=150)
    again = new.events("--idle", "5", "--cursor", str(tmp_path / "again"))
    with_old_token = old.run("events", "--by-portal")
    at_the_node = new.environment["LIANXI_AGENCY_AMQP"]
    with_old_password = at_the_node.replace(urlsplit(at_the_node).password, urlsplit(added["secrets"]["amqp"]).password)
    book = [(line["action"], line["by"]) for line in operator.told("show", name)["book"]]
    logged_in = opens(at_the_node), opens(with_old_password)
    removed = operator.do("remove", name)
    with_removed_token = new.run("events", "--by-portal")
    twice = operator.run("remove", name)

    assert added["secrets"]["amqp"].startswith(f"amqps://agency.{name}:")
    assert added["secrets"]["amqp"].endswith(f"@broker.example.org:5671/{DISTRICT}")
    assert added["secrets"]["webhook_key"].startswith("whsec_")
    assert "LIANXI_AGENCY_BROKER" in rotated.stderr, "an address that only the node can use is called so"
    assert listed
    assert (paused["state"], paused["last_cursor"], paused["amqp_cursor"]) == ("paused", 2, 1)
    assert [event["agencycursor"] for event in heard] == [1, 2], "a pause costs no event"
    assert {event["type"] for event in heard} == {"lianxi.agency-test.v1"}
    assert again == heard
    assert (with_old_token.returncode, "401" in with_old_token.stderr) == (1, True)
    assert logged_in == (True, False)
    done = ["added", "test", "pause", "test", "resume", "rotate", "resend"]
    assert book == [(action, getpass.getuser()) for action in done]
    assert "已移除" in removed
    assert (with_removed_token.returncode, "401" in with_removed_token.stderr) == (1, True)
    assert (depth(), opens(at_the_node)) == (None, False)
    assert twice.returncode == 1
    assert name not in operator.names


WRONG = {
    "units": (("--unit", f"{DISTRICT}.polce"), f"lianxi units show --node {DISTRICT}"),
    "events": (("--event", "case-closed"), "docs/agency-asyncapi.yaml"),
    "fields": (("--field", "document.colour"), "docs/agency-asyncapi.yaml"),
    "divisions": (("--division", "630999"), "deploy/xining/divisions.csv"),
    "categories": (("--category", "水务"), "deploy/xining/categories.csv"),
}


def test_what_nobody_knows_is_refused_in_a_line_that_names_it_and_where_to_look(operator, three_nodes, name):
    refused = {field: operator.run("add", name, *GRANT, *option) for field, (option, _) in WRONG.items()}

    for field, (option, source) in WRONG.items():
        (line,) = refused[field].stderr.splitlines()
        assert refused[field].returncode == 1
        assert all(part in line for part in (field, option[1], source)), line
    assert name not in operator.names
    assert queue_depth(three_nodes, name) is None


def test_without_the_brokers_management_nothing_is_begun_and_the_same_command_does_it_later(
    operator, three_nodes, name
):
    away = {"LIANXI_MANAGEMENT_URL": "http://127.0.0.1:1", "LIANXI_MANAGEMENT_PASSWORD": "x"}
    refused = operator.run("add", name, *GRANT, **away)
    before = name in operator.names, queue_depth(three_nodes, name)
    added = operator.told("add", name, *GRANT)
    operator.do("remove", name)

    assert (refused.returncode, before) == (1, (False, None))
    assert "没有做任何更改" in refused.stderr
    assert added["name"] == name
