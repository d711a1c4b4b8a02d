"""A broker that accepts connections and then says nothing, as one does that hangs: everybody waits for a better one."""

import socket

import pytest

from lianxi.bus import amqp
from lianxi.bus.calls import Calls, CallTimedOut


@pytest.fixture
def silent():
    """The address of a server that lets everybody in and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"amqp://somebody:secret@127.0.0.1:{server.getsockname()[1]}/%2F"


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    monkeypatch.setattr(amqp, "CONNECT_TIMEOUT", 0.3)


def test_its_silence_counts_as_a_broken_connection(silent):
    with pytest.raises(amqp.BROKEN):
        amqp.connect(silent, name="test")


def test_the_caller_goes_on_trying(silent):
    calls = Calls(silent)
    try:
        with pytest.raises(CallTimedOut):
            calls.call("anything", "at_all", {}, timeout=1.0)

        assert calls._thread.is_alive()
    finally:
        calls.close()
