"""`lianxi agency` leaves nothing half done: what cannot end is refused at its beginning, or taken back."""

from contextlib import contextmanager
from urllib.parse import unquote

import click
import pytest
import requests
from click.testing import CliRunner

from lianxi.casework.errors import Invalid
from lianxi.ops import agency, agency_node
from lianxi.ops.asking import NoAnswer
from lianxi.ops.local.management import ManagementRefused

ADD = ["add", "police", "--unit", "630104.police", "--field", "unit", "--amqp"]
MADE = {"name": "police", "state": "active", "amqp": True, "webhook": "", "key": ""}
LISTS = {name: [] for name in ("units", "events", "divisions", "categories", "fields")}


class FakeBroker:
    """A management API that keeps what was made; it refuses to make what begins with `fails`."""

    def __init__(self):
        self.there = set()
        self.fails = "-"
        self.tags = ["administrator"]

    def get(self, path):
        self._maybe_fail(path)
        return {"name": "admin", "tags": self.tags}

    def put(self, path, _body=None):
        self._maybe_fail(path)
        self.there.add(unquote(path))

    def post(self, path, _body=None):
        self._maybe_fail(path)

    def delete(self, path):
        gone = unquote(path)
        of_a_user = gone.rpartition("/")[2] if gone.startswith("users/") else "-"  # whose rights go with them
        self.there -= {each for each in self.there if each == gone or each.endswith(f"/{of_a_user}")}

    def _maybe_fail(self, path):
        if path.startswith(self.fails):
            raise ManagementRefused("ANY", path, 500, "no")

    @property
    def of_the_agency(self):
        return {path for path in self.there if "agency.police" in path}


class Node:
    """A node whose parts answer as the test says; `asked` is what they were asked, in order."""

    def __init__(self):
        self.broker = FakeBroker()
        self.asked = []
        self.refusals = {}
        self.tokens = 0

    def ask(self, _place, method, body):
        action = str(body.get("action", method))
        self.asked.append(action)
        if action in self.refusals:
            raise self.refusals[action]
        return {**MADE, **LISTS, "rows": [MADE]}

    @contextmanager
    def accounts(self, _place):
        yield self

    def agency_token(self, *_given):
        if "token" in self.refusals:
            raise self.refusals["token"]
        self.tokens += 1
        return "lianxi_secret"

    def close_agency(self, _name):
        self.tokens = 0


@pytest.fixture
def node(monkeypatch):
    made = Node()
    monkeypatch.setenv("LIANXI_NODE", "630104")
    monkeypatch.setenv("LIANXI_AMQP_URI", "amqp://app:x@broker:5672/630104")
    monkeypatch.setenv("LIANXI_MANAGEMENT_PASSWORD", "secret")
    monkeypatch.setattr(agency, "_ask", made.ask)
    monkeypatch.setattr(agency, "accounts_of", made.accounts)
    monkeypatch.setattr(agency, "check_units", lambda *_given: None)
    monkeypatch.setattr(agency_node.agency_queue, "api_of", lambda _environment: made.broker)
    return made


def run(*arguments):
    return CliRunner().invoke(agency.command, list(arguments))


def test_what_is_made_is_registered_last(node):
    done = run(*ADD)

    assert done.exit_code == 0, done.output
    assert node.asked == ["check_agency", "add_agency"]
    assert (node.tokens, len(node.broker.of_the_agency)) == (1, 4)


FAILURES = {
    "the queue": lambda node: setattr(node.broker, "fails", "queues/"),
    "the user": lambda node: setattr(node.broker, "fails", "users/"),
    "the token": lambda node: node.refusals.update(token=Invalid("unit", "unknown", "没有此单位。")),
    "the registry": lambda node: node.refusals.update(add_agency=click.ClickException("此机关已登记。")),
}


@pytest.mark.parametrize("step", FAILURES)
def test_a_step_that_fails_takes_back_those_before_it_and_the_same_command_does_it_then(node, step):
    FAILURES[step](node)
    failed = run(*ADD)
    left, tokens = node.broker.of_the_agency, node.tokens
    node.broker.fails, node.refusals = "-", {}
    again = run(*ADD)

    assert failed.exit_code == 1
    assert (left, tokens) == (set(), 0)
    assert again.exit_code == 0, again.output
    assert (node.tokens, len(node.broker.of_the_agency)) == (1, 4)


def test_a_registration_that_nobody_answered_for_is_taken_back_too(node):
    node.refusals["add_agency"] = NoAnswer("通知服务没有应答")
    failed = run(*ADD)

    assert failed.exit_code == 1
    assert node.asked == ["check_agency", "add_agency", "remove"]
    assert node.broker.of_the_agency == set()


def test_where_taking_back_fails_too_the_operator_is_told_what_to_look_at(node):
    node.refusals |= {"add_agency": NoAnswer("通知服务没有应答"), "remove": NoAnswer("通知服务没有应答")}

    assert "lianxi agency show police" in run(*ADD).output


UNREACHABLE = {
    "silent": (requests.ConnectionError("refused"), "没有应答"),
    "another password": (ManagementRefused("GET", "whoami", 401, "no"), "拒绝了请求（401）"),
    "no such vhost": (ManagementRefused("GET", "vhosts/630104", 404, "no"), "拒绝了请求（404）"),
}


@pytest.mark.parametrize("command", [ADD, ["rotate", "police"], ["remove", "police"]])
@pytest.mark.parametrize("broker", UNREACHABLE)
def test_with_a_broker_that_will_not_do_its_part_nothing_is_begun(node, monkeypatch, broker, command):
    error, said = UNREACHABLE[broker]

    def get(_path):
        raise error

    monkeypatch.setattr(node.broker, "get", get)
    refused = run(*command)

    assert refused.exit_code == 1
    assert said in refused.output
    assert "没有做任何更改" in refused.output
    assert set(node.asked) <= {"agencies"}
    assert (node.broker.there, node.tokens) == (set(), 0)


def test_a_user_of_the_broker_who_may_not_make_others_is_refused_before(node):
    node.broker.tags = ["monitoring"]

    assert "不是消息代理的管理员" in run(*ADD).output
    assert node.asked == []


def test_a_missing_setting_is_wrong_use_and_named(monkeypatch):
    monkeypatch.setenv("LIANXI_NODE", "630104")
    monkeypatch.setenv("LIANXI_AMQP_URI", "amqp://app:x@broker:5672/630104")
    monkeypatch.delenv("LIANXI_MANAGEMENT_PASSWORD", raising=False)
    refused = run(*ADD)

    assert refused.exit_code == 2
    assert "LIANXI_MANAGEMENT_PASSWORD" in refused.output


@pytest.mark.usefixtures("node")
def test_the_printed_address_is_the_one_for_outside_or_is_said_to_be_inside(monkeypatch):
    inside = run(*ADD)
    monkeypatch.setenv("LIANXI_AGENCY_BROKER", "amqps://broker.example.org:5671")
    outside = run(*ADD)

    assert "@broker:5672/630104" in inside.output
    assert "LIANXI_AGENCY_BROKER" in inside.output
    assert "amqps://agency.police:" in outside.output
    assert "@broker.example.org:5671/630104" in outside.output
    assert "LIANXI_AGENCY_BROKER" not in outside.output


@pytest.mark.parametrize(
    "given", ["broker.example.org", "https://broker.example.org", "amqps://user@broker.example.org", "amqps://b/630104"]
)
def test_an_address_for_outside_that_is_none_is_refused(node, monkeypatch, given):
    monkeypatch.setenv("LIANXI_AGENCY_BROKER", given)

    assert (run(*ADD).exit_code, node.asked) == (2, [])
