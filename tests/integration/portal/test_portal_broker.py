"""The portal's calls over a real broker, answered by a small service on plain threads."""

import time
from typing import Any, ClassVar

import pytest

from lianxi.bus.calls import Calls
from lianxi.bus.doors import call
from lianxi.bus.testing import MemoryTables, MemoryWork
from lianxi.bus.threads import ThreadsRunner
from lianxi.casework.errors import GuardRefused, Refused
from services.portal.domain.answers import NoAnswer
from services.portal.wiring import BrokerCalls
from tests.suites.portal_calls import PortalCallsBehaviour
from tests.support.waiting import eventually

pytestmark = pytest.mark.broker
PATIENCE = 60.0


class SmallRouting:
    """Answers what it was asked, and counts its effects."""

    name: ClassVar[str] = "routing"
    tables: ClassVar[MemoryTables]

    def __init__(self) -> None:
        self.open_work = lambda: MemoryWork(type(self).tables)
        self.decode = None

    @call(read_only=True)
    def case(self, _work: MemoryWork, body: dict[str, Any]) -> dict[str, Any]:
        return {"asked": body}

    @call()
    def act(self, work: MemoryWork, body: dict[str, Any]) -> dict[str, Any]:
        work.tables.rows["done"].append(body)
        return {"seq": len(work.tables.rows["done"])}

    @call(expected=(Refused,))
    def refuse(self, _work: MemoryWork, _body: dict[str, Any]) -> dict[str, Any]:
        raise GuardRefused("T21", "own_unit", "当前不能办理。")

    @call()
    def fail(self, _work: MemoryWork, _body: dict[str, Any]) -> dict[str, Any]:
        raise KeyError("马秀兰")

    @call()
    def slow(self, _work: MemoryWork, body: dict[str, Any]) -> dict[str, Any]:
        time.sleep(body["seconds"])
        return {}


@pytest.fixture
def tables():
    return MemoryTables()


@pytest.fixture
def service(tables):
    """The class of the small service, with tables of this test."""
    return type("Routing", (SmallRouting,), {"tables": tables})


def running(uri, service):
    runner = ThreadsRunner(uri, [service])
    runner.start()
    return runner


def connected(uri):
    calls = Calls(uri, name="portal under test")
    calls.start()
    eventually(lambda: calls.connected)
    return calls


class TestOverTheBroker(PortalCallsBehaviour):
    @pytest.fixture
    def calls(self, broker_vhost, service):
        runner, calls = running(broker_vhost.uri, service), connected(broker_vhost.uri)
        wrapped = BrokerCalls(calls, PATIENCE)
        eventually(lambda: wrapped.call("routing", "case", {}, command_id=None))
        yield wrapped
        calls.close()
        runner.stop()

    @pytest.fixture
    def effects(self, tables):
        return lambda: len(tables.rows["done"])

    def test_an_answer_that_takes_too_long_is_silence(self, calls):
        short = BrokerCalls(calls._calls, 0.2)

        with pytest.raises(NoAnswer) as silence:
            short.call("routing", "slow", {"seconds": 0.6}, command_id="c-9")

        assert not silence.value.in_time

    def test_a_service_that_was_never_there_is_a_503_at_once(self, calls):
        began = time.monotonic()

        with pytest.raises(Exception) as away:  # noqa: PT011  its kind is asserted below
            calls.call("notify", "inbox", {}, command_id=None)

        assert away.value.as_problem()["status"] == 503
        assert away.value.as_problem()["retry_after"] > 0
        assert time.monotonic() - began < PATIENCE / 2


def test_a_broker_that_went_is_told_quickly_and_found_again_when_it_is_back(own_broker, service):
    runner, calls = running(own_broker.uri, service), connected(own_broker.uri)
    over = BrokerCalls(calls, PATIENCE)
    eventually(lambda: over.call("routing", "case", {}, command_id=None))

    own_broker.kill()
    eventually(lambda: not calls.connected)
    began = time.monotonic()
    with pytest.raises(NoAnswer) as silence:
        over.call("routing", "case", {}, command_id=None)

    assert silence.value.in_time
    assert time.monotonic() - began < PATIENCE / 2

    own_broker.start()
    assert eventually(lambda: over.call("routing", "case", {"a": 1}, command_id=None), within=40) == {"asked": {"a": 1}}
    calls.close()
    runner.stop()
