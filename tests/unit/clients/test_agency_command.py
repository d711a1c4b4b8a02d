"""What `lianxi-agency` says when something is wrong: which address, and why, and never a password."""

import logging
import socket
from contextlib import closing
from pathlib import Path

import pytest

CLIENT = Path(__file__).resolve().parents[3] / "clients" / "agency"


class EnoughError(Exception):
    """Ends a client that would try for ever."""


@pytest.fixture
def client(monkeypatch, tmp_path):
    """The command, in an empty folder and an empty environment."""
    monkeypatch.syspath_prepend(str(CLIENT))
    monkeypatch.chdir(tmp_path)
    for name in ("AMQP", "PORTAL", "TOKEN", "CERTIFICATE"):
        monkeypatch.delenv(f"LIANXI_AGENCY_{name}", raising=False)
    from lianxi_agency import __main__ as command  # noqa: PLC0415  (the package lies beside the project, not in it)

    return command


@pytest.fixture
def closed_port():
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        return taken.getsockname()[1]


@pytest.mark.parametrize("uri", ["https://node.example.org", "amqp://node.example.org:5672/630104", "node.example.org"])
def test_an_address_of_a_broker_without_a_user_is_refused_in_words(client, monkeypatch, capsys, uri):
    monkeypatch.setenv("LIANXI_AGENCY_AMQP", uri)

    assert client.main(["events"]) == 2
    assert "amqps://agency.NAME:…@host:port/vhost" in capsys.readouterr().err


def test_what_is_missing_in_the_environment_is_named(client, capsys):
    assert client.main(["events"]) == 2
    assert client.main(["events", "--by-portal"]) == 2
    assert capsys.readouterr().err.split("\n")[:2] == [
        "lianxi-agency: set LIANXI_AGENCY_AMQP",
        "lianxi-agency: set LIANXI_AGENCY_PORTAL",
    ]


def test_a_portal_that_does_not_answer_is_named_with_the_reason(client, monkeypatch, capsys, closed_port):
    monkeypatch.setenv("LIANXI_AGENCY_PORTAL", f"http://127.0.0.1:{closed_port}")
    monkeypatch.setenv("LIANXI_AGENCY_TOKEN", "lianxi_secret")

    assert client.main(["events", "--by-portal"]) == 1
    told = capsys.readouterr().err
    assert told.startswith(f"lianxi-agency: no answer from http://127.0.0.1:{closed_port}/api/v1/agency: ")
    assert "refused" in told
    assert "secret" not in told


def test_a_broker_that_is_not_there_is_tried_again_and_that_is_said(client, monkeypatch, caplog, closed_port):
    from lianxi_agency import events  # noqa: PLC0415  (as above)

    def enough(_seconds):
        raise EnoughError

    monkeypatch.setattr(events.time, "sleep", enough)
    monkeypatch.setenv("LIANXI_AGENCY_AMQP", f"amqp://agency.police:secret@127.0.0.1:{closed_port}/630104")
    with caplog.at_level(logging.WARNING), pytest.raises(EnoughError):
        client.main(["events"])

    (said,) = [record.getMessage() for record in caplog.records if record.name == "lianxi_agency"]
    assert said.startswith("no broker, trying again in 1 s: ")
    assert "refused" in said
    assert "secret" not in said
