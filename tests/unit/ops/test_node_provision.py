"""Provisioning waits for a broker that is still starting, and says what to look at when it never lets anybody in."""

import psycopg2
import pytest
import requests
from click.testing import CliRunner

from lianxi.ops import node
from lianxi.ops.local.management import Management, ManagementRefused


@pytest.fixture
def provision(tmp_path, monkeypatch):
    """Provision the city with servers that are played; gives the command and what the broker was told."""
    told = []
    for name in ("provision_database", "provision_keys", "provision_links"):
        monkeypatch.setattr(node.provisioning, name, lambda *_arguments: None)
    monkeypatch.setattr(Management, "import_definitions", lambda _self, definitions: told.append(definitions))
    for name in ("database.url", "broker.password"):
        (tmp_path / name).write_text("secret", encoding="ascii")
    options = [f"--secrets={tmp_path / 'secrets'}", f"--shared={tmp_path / 'shared'}"]
    options += [f"--database-admin={tmp_path / 'database.url'}", f"--broker-admin={tmp_path / 'broker.password'}"]
    return lambda: CliRunner().invoke(node.command, ["provision", "630100", *options]), told


def test_a_broker_whose_management_comes_last_is_waited_for(provision, monkeypatch):
    answers = iter([False, False, True])
    monkeypatch.setattr(Management, "answers", lambda _self: next(answers))
    run, told = provision

    done = run()

    assert (done.exit_code, len(told)) == (0, 1), done.output
    assert "database and broker are ready" in done.output


def test_a_broker_that_lets_nobody_in_is_named_with_what_to_look_at(provision, monkeypatch):
    monkeypatch.setattr(node, "STARTS_WITHIN", 0.0)
    monkeypatch.setattr(Management, "answers", lambda _self: False)
    run, told = provision

    done = run()

    assert (done.exit_code, told) == (1, [])
    assert "http://127.0.0.1:15672 does not let admin in" in done.output
    assert "--broker-admin" in done.output


def failing_with(*errors):
    """A step of provisioning that fails so, once each, and then goes well; and how often it was tried."""
    left, tried = list(errors), []

    def step(*_arguments):
        tried.append(None)
        if left:
            raise left.pop(0)

    return step, tried


AWAY = (
    ("provision_database", psycopg2.OperationalError("the database system is starting up")),
    ("import_definitions", requests.ConnectionError("reset")),
    ("import_definitions", ManagementRefused("POST", "definitions", 503, "not yet")),
)


@pytest.mark.parametrize(("name", "error"), AWAY)
def test_a_server_that_starts_once_more_in_the_middle_is_waited_for(provision, monkeypatch, name, error):
    monkeypatch.setattr(Management, "answers", lambda _self: True)
    step, tried = failing_with(error)
    monkeypatch.setattr(node.provisioning if name == "provision_database" else Management, name, step)

    done = provision[0]()

    assert (done.exit_code, len(tried)) == (0, 2), done.output


@pytest.mark.parametrize(("name", "error"), AWAY)
def test_a_server_that_stays_away_is_named_with_what_it_said(provision, monkeypatch, name, error):
    monkeypatch.setattr(node, "STARTS_WITHIN", 0.0)
    monkeypatch.setattr(Management, "answers", lambda _self: True)
    step, _ = failing_with(*[error] * 9)
    monkeypatch.setattr(node.provisioning if name == "provision_database" else Management, name, step)

    done = provision[0]()

    assert done.exit_code == 1
    assert str(error) in done.output
    assert "is not ready" in done.output


def test_what_a_broker_refuses_is_not_asked_again(provision, monkeypatch):
    monkeypatch.setattr(Management, "answers", lambda _self: True)
    step, tried = failing_with(*[ManagementRefused("POST", "definitions", 400, "bad")] * 9)
    monkeypatch.setattr(Management, "import_definitions", step)

    assert isinstance(provision[0]().exception, ManagementRefused)
    assert len(tried) == 1


def test_no_shovel_starts_before_the_queue_it_reads_is_made(monkeypatch):
    told = []
    monkeypatch.setattr(Management, "post", lambda _self, path, body: told.append((path, body)))
    queues, shovels = [{"name": "up.tele", "arguments": {"x-max-length": 100}}], [{"component": "shovel"}]

    Management("", "", "").import_definitions({"queues": queues, "parameters": shovels})

    assert told == [
        ("definitions", {"queues": queues, "parameters": []}),
        ("definitions", {"parameters": shovels}),
    ]
