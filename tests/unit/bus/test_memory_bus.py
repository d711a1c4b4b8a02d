"""The bus in memory behaves as the real one."""

from typing import Any

import pytest

from lianxi.bus.answers import CallProblem
from lianxi.bus.calls import CallFailed, CallRefused
from lianxi.bus.messages import RawMessage
from lianxi.bus.testing import MemoryBus, MemoryTables, matches
from tests.suites.bus_behaviour import BusBehaviour, Stood
from tests.suites.bus_probe import TOPOLOGY, MemoryProbe


class MemoryStage:
    """A probe in memory; every look at it first delivers what there is."""

    def __init__(self) -> None:
        self.bus = MemoryBus(TOPOLOGY)
        self.tables = MemoryTables()
        self.host = self.bus.host(lambda: MemoryProbe(self.tables, self.bus.send))

    def publish(self, routing_key: str, bodies: list[bytes], headers: dict[str, str], kind: str | None = None) -> None:
        for body in bodies:
            self.bus.put(RawMessage(body, headers, type=kind, exchange="case", routing_key=routing_key))

    def applied(self, key: str) -> list[tuple[int, str]]:
        self.bus.pump()
        return [(seq, identity) for _, mine, seq, identity in self.tables.rows["applied"] if mine == key]

    def aside(self, key: str) -> list[Stood]:
        self.bus.pump()
        return [
            Stood(number, one.state, one.failure.seq, one.failure.attempts, dict(one.failure.error))
            for number, one in self.tables.asides.items()
            if one.failure.key == key
        ]

    def held(self, key: str) -> list[int]:
        self.bus.pump()
        return sorted(seq for _, mine, seq in self.tables.held if mine == key)

    def dead(self, queue: str) -> int:
        self.bus.pump()
        return len(self.bus.dead[queue])

    def heal(self, key: str) -> None:
        self.tables.rows["healed"].append(key)

    def retry(self, number: Any) -> None:
        self.tables.retry(number)

    def drop(self, number: Any) -> None:
        self.tables.drop(number, reason="a test says so")

    def skip(self, queue: str, key: str) -> None:
        self.tables.skip(queue, key, reason="a test says so")

    def call(self, method: str, body: Any, command_id: str | None = None) -> dict[str, Any]:
        try:
            return self.host.answerer.answer(method, body, command_id=command_id)
        except CallProblem as problem:
            if problem.branch == "refused":
                raise CallRefused(problem.problem) from problem
            raise CallFailed(problem.problem, problem.branch) from problem


class TestMemoryBus(BusBehaviour):
    @pytest.fixture
    def stage(self) -> MemoryStage:
        return MemoryStage()


@pytest.mark.parametrize(
    ("pattern", "routing_key", "wanted"),
    [
        ("case.#", "case.transferred", True),
        ("case.#", "case", True),
        ("case.#", "cases.transferred", False),
        ("#", "anything.at.all", True),
        ("*.transferred", "case.transferred", True),
        ("*.transferred", "a.case.transferred", False),
        ("#.late", "a.case.late", True),
        ("case.*.x", "case.a.x", True),
    ],
)
def test_topic_bindings_match_as_the_brokers_do(pattern: str, routing_key: str, wanted: bool):
    assert matches(pattern, routing_key) is wanted
