"""Which node a command speaks about, when options and environment say something."""

import os

import click
import pytest
from click.testing import CliRunner

from lianxi.ops.whereabouts import environment_of, settings_option


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("LIANXI_NODE", raising=False)


def test_the_node_of_the_environment_is_meant_when_none_is_named(monkeypatch):
    monkeypatch.setenv("LIANXI_NODE", "630104")

    assert environment_of(None, None) is os.environ
    assert environment_of("630104", None) is os.environ


def test_another_node_than_that_of_the_environment_is_not_taken_for_it(monkeypatch):
    monkeypatch.setenv("LIANXI_NODE", "630104")

    with pytest.raises(click.UsageError, match="those of node 630104, not of 630100"):
        environment_of("630100", None)


def test_without_any_node_it_says_what_to_give():
    with pytest.raises(click.UsageError, match="--state"):
        environment_of(None, None)


def test_a_directory_without_nodes_is_told(tmp_path):
    with pytest.raises(click.UsageError, match="lianxi node up"):
        environment_of("630104", tmp_path)


@click.command()
@settings_option
def _told(settings):
    click.echo(repr(settings))


def test_a_setting_may_hold_an_equals_sign_and_several_may_be_given():
    result = CliRunner().invoke(_told, ["--set", "LIANXI_SMTP_HOST=127.0.0.1", "--set", "LIANXI_SMTP_PASSWORD=a=b"])

    assert result.output == "{'LIANXI_SMTP_HOST': '127.0.0.1', 'LIANXI_SMTP_PASSWORD': 'a=b'}\n"


@pytest.mark.parametrize("text", ["LIANXI_SMTP_HOST", "PATH=x", "LIANXI_smtp=x", ""])
def test_what_is_no_setting_is_refused_with_the_form_it_should_have(text):
    result = CliRunner().invoke(_told, ["--set", text])

    assert result.exit_code == 2
    assert "NAME=VALUE" in result.output
