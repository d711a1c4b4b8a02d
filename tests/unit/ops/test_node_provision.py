"""Provisioning waits for a broker that is still starting, and says what to look at when it never lets anybody in."""

import pytest
from click.testing import CliRunner

from lianxi.ops import node
from lianxi.ops.local.management import Management


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
