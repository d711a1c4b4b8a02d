"""Calls: timeouts, expiry, repeats, and a service that is not there."""

import json
import threading
import time

import pytest

from lianxi.bus.amqp import connect, properties
from lianxi.bus.calls import EXCHANGE, CallFailed, Calls, CallTimedOut
from tests.integration.bus.conftest import probe_process, running
from tests.suites.bus_probe import TOPOLOGY
from tests.support.waiting import eventually


@pytest.fixture
def vhost(broker_vhost):
    TOPOLOGY.declare(broker_vhost.uri)
    return broker_vhost


@pytest.fixture
def calls(vhost):
    calls = Calls(vhost.uri)
    yield calls
    calls.close()


@pytest.fixture(params=["threads", "nameko"])
def probe(request, vhost, probe_database, tmp_path):
    return probe_process(request.param, vhost.uri, probe_database.url, tmp_path / "log")


@pytest.fixture
def empty_queue(vhost):
    """The queue of a service that was once there."""
    connection = connect(vhost.uri, name="test")
    channel = connection.channel()
    channel.queue_declare("rpc-probe", durable=True)
    channel.queue_bind("rpc-probe", EXCHANGE, "probe.*")
    yield
    connection.close()


def counted(rows):
    return rows("SELECT key, number FROM probe.counted")


@pytest.mark.usefixtures("empty_queue")
def test_a_call_without_an_answer_times_out_and_leaves_nothing_behind(calls):
    began = time.monotonic()

    with pytest.raises(CallTimedOut) as timed_out:
        calls.call("probe", "add", {"key": "a"}, timeout=0.3)

    assert 0.25 < time.monotonic() - began < 15
    assert timed_out.value.branch == "retryable"
    assert calls.pending == 0


@pytest.mark.usefixtures("empty_queue")
def test_a_request_nobody_waits_for_any_more_is_not_executed(calls, probe, rows):
    with pytest.raises(CallTimedOut):
        calls.call("probe", "add", {"key": "late"}, timeout=0.2)

    with running(probe):
        eventually(lambda: calls.call("probe", "add", {"key": "in time"}))

    assert counted(rows) == [("in time", 1)]


def test_an_expired_request_that_reached_the_service_is_not_executed(calls, vhost, probe, rows):
    with running(probe):
        eventually(lambda: calls.call("probe", "look", {"key": "ready"}))
        connection = connect(vhost.uri, name="test")
        facts = properties(
            content_type="application/json",
            content_encoding="utf-8",
            reply_to="nobody",
            headers={"nameko.expires_at": int(time.time() * 1000) - 10},
        )
        request = json.dumps({"args": [{"key": "late"}], "kwargs": {}})
        connection.channel().basic_publish(EXCHANGE, "probe.add", request, facts)
        connection.close()
        calls.call("probe", "add", {"key": "in time"})
        eventually(lambda: vhost.depth("rpc-probe") == 0)

    assert counted(rows) == [("in time", 1)]


def test_a_service_that_never_was_is_told_at_once(calls):
    began = time.monotonic()

    with pytest.raises(CallFailed) as failed:
        calls.call("nobody", "add", {}, timeout=60)

    assert failed.value.problem["code"] == "service-not-there"
    assert time.monotonic() - began < 30


def test_the_same_command_sent_by_many_threads_at_once_has_one_effect(calls, probe, rows):
    answers = []
    with running(probe):
        eventually(lambda: calls.call("probe", "look", {"key": "ready"}))
        body = {"key": "once", "sleep": 0.2}
        threads = [
            threading.Thread(target=lambda: answers.append(calls.call("probe", "add", body, command_id="c-1")))
            for _ in range(6)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    assert answers == [{"number": 1}] * 6
    assert counted(rows) == [("once", 1)]


def test_a_repeat_after_a_timeout_gets_the_answer_of_the_first(calls, probe, rows):
    with running(probe):
        eventually(lambda: calls.call("probe", "look", {"key": "ready"}))
        body = {"key": "slow", "sleep": 1.0}
        with pytest.raises(CallTimedOut):
            calls.call("probe", "add", body, command_id="c-2", timeout=0.3)

        assert calls.call("probe", "add", body, command_id="c-2") == {"number": 1}

    assert counted(rows) == [("slow", 1)]


@pytest.mark.parametrize(
    "request_",
    [b"{not json", b"[]", b'{"args": 1}', b'{"args": [{}, {}, {}], "kwargs": {}}', b'{"args": [], "kwargs": {"x": 1}}'],
)
def test_nonsense_in_the_queue_hurts_nobody(calls, vhost, probe, request_):
    with running(probe):
        eventually(lambda: calls.call("probe", "look", {"key": "ready"}))
        connection = connect(vhost.uri, name="test")
        channel = connection.channel()
        for facts in (
            {},
            {"content_type": "application/json", "content_encoding": "utf-8"},
            {"content_type": "application/json", "content_encoding": "utf-8", "reply_to": "nobody"},
        ):
            channel.basic_publish(EXCHANGE, "probe.look", request_, properties(**facts))
        connection.close()

        assert calls.call("probe", "look", {"key": "ready"}) == {"healed": False}
        eventually(lambda: vhost.depth("rpc-probe") == 0)
        assert probe.alive


def test_a_runner_ends_quickly_and_cleanly_when_told_to(calls, probe):
    probe.start()
    eventually(lambda: calls.call("probe", "look", {"key": "ready"}))

    assert probe.stop() == 0
