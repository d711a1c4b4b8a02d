"""The rarer ways of a batch; the common ones are in the behaviour suite."""

import json
from typing import Any, ClassVar

import pytest

from lianxi.bus.doors import DEAD_LETTER, FailurePolicy, consume_batch
from lianxi.bus.hosting import Host
from lianxi.bus.messages import STREAM_KEY, STREAM_SEQ, STREAM_START, Incoming, RawMessage, UnknownMessage
from lianxi.bus.testing import MemoryTables, MemoryWork

AT_ONCE = FailurePolicy("at-once", pauses=(0.0, 0.0, 0.0))


class FailingError(Exception):
    """A failure that passes."""

    branch = "retryable"


class LosingWork(MemoryWork):
    """A database that goes away with the handler's first error."""

    def lost(self, error: BaseException) -> bool:
        return isinstance(error, FailingError)


class Keeper:
    """Keeps what it is given, fails where it is told to."""

    name: ClassVar[str] = "keeper"
    known = ("v1",)
    work = MemoryWork

    def __init__(self) -> None:
        self.tables = MemoryTables()
        self.failing: set[str] = set()
        self.open_work = lambda: self.work(self.tables)

    def decode(self, raw: RawMessage) -> Incoming:
        facts = json.loads(raw.body)
        if facts.get("version", "v1") not in self.known:
            raise UnknownMessage(facts["version"])
        return Incoming(facts["id"], "kept", facts.get("key"), facts.get("seq"), facts, raw)

    @consume_batch("stream", on_failure=AT_ONCE, ordered=True)
    def stream(self, work: Any, messages: Any) -> None:
        for message in messages:
            if message.id in self.failing:
                raise FailingError
            work.tables.rows["kept"].append(message.id)

    @consume_batch("telemetry", on_failure=DEAD_LETTER, ordered=True)
    def telemetry(self, work: Any, messages: Any) -> None:
        self.stream(work, messages)


class Desk:
    """A keeper with the consumers in front of it."""

    def __init__(self, service=Keeper) -> None:
        self.host = Host(service)
        self.keeper: Any = self.host.service
        self.tag = 0

    def deliver(self, *messages: dict[str, Any], door: str = "stream", **headers: str) -> list[int]:
        raws = []
        for facts in messages:
            self.tag += 1
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            raws.append(RawMessage(json.dumps(facts).encode(), named, tag=self.tag))
        return self.host.consumers[door].handle(raws)

    def tick(self) -> int:
        return self.host.consumers["stream"].tick()

    @property
    def kept(self) -> list[str]:
        return self.keeper.tables.rows["kept"]

    def states(self) -> list[tuple[str, int | None]]:
        return [(aside.state, aside.failure.seq) for aside in self.keeper.tables.asides.values()]


@pytest.fixture
def desk() -> Desk:
    return Desk()


def a(seq: int, **more: Any) -> dict[str, Any]:
    return {"id": f"m{seq}", "key": "k", "seq": seq, **more}


def test_a_message_without_a_stream_is_applied_by_an_ordered_door(desk):
    desk.deliver({"id": "loose"})

    assert desk.kept == ["loose"]


def test_a_held_message_that_a_new_start_left_behind_is_parked_and_can_be_retried(desk):
    desk.deliver(a(1), a(4))

    desk.deliver(a(9), **{STREAM_START: "true"})

    assert desk.kept == ["m1", "m9"]
    assert desk.states() == [("parked", 4)]
    desk.keeper.tables.retry(1)
    desk.tick()
    desk.deliver(a(10))
    assert desk.kept == ["m1", "m9", "m4", "m10"]
    assert desk.states() == []


def test_a_door_may_give_failures_to_the_dead_letters_and_nothing_waits_for_them(desk):
    desk.keeper.failing = {"m2"}

    rejected = desk.deliver(a(1), a(2), a(3), door="telemetry")

    assert rejected == [2]
    assert desk.kept == ["m1", "m3"]
    assert desk.states() == []


@pytest.mark.parametrize("facts", [{"id": ""}, {"id": "x\0y"}, {"id": "x", "key": "\0", "seq": 1}])
def test_an_id_or_key_that_cannot_be_stored_is_a_dead_letter(desk, facts):
    assert desk.deliver(facts) == [1]


def test_an_unknown_version_is_applied_after_the_upgrade(desk):
    desk.deliver(a(1), a(2, version="v2"), a(3), **{STREAM_KEY: "k", STREAM_SEQ: "2"})
    assert desk.kept == ["m1"]
    assert desk.states() == [("parked", 2)]

    desk.keeper.known = ("v1", "v2")
    desk.keeper.tables.retry(1)
    desk.tick()

    assert desk.kept == ["m1", "m2", "m3"]


def test_a_retry_before_the_upgrade_parks_it_again(desk):
    desk.deliver(a(1, version="v2"))
    desk.keeper.tables.retry(1)

    desk.tick()

    (aside,) = desk.keeper.tables.asides.values()
    assert (aside.state, aside.failure.attempts) == ("parked", 2)


def test_a_held_message_that_the_program_no_longer_knows_is_parked(desk):
    desk.deliver(a(1), a(3))
    desk.keeper.known = ()
    desk.keeper.decode = lambda raw: (
        Incoming("m2", "kept", "k", 2, {}, raw) if b"m2" in raw.body else Keeper.decode(desk.keeper, raw)
    )

    desk.deliver({**a(3), "id": "m2", "seq": 2})

    assert desk.kept == ["m1", "m2"]
    assert len(desk.keeper.tables.asides) == 1


def test_two_copies_in_one_batch_are_one_message(desk):
    desk.deliver(a(1), a(1), a(2))

    assert desk.kept == ["m1", "m2"]


def test_one_number_under_two_ids_is_applied_once(desk):
    desk.deliver(a(1), a(1, id="other"))

    assert desk.kept == ["m1"]


def test_attempts_are_counted_over_ticks_and_then_a_person_decides(desk):
    desk.keeper.failing = {"m1"}
    desk.deliver(a(1), a(2))

    while desk.states() == [("retrying", 1)]:
        desk.tick()

    (aside,) = desk.keeper.tables.asides.values()
    assert (aside.state, aside.failure.attempts) == ("parked", 4)
    assert desk.kept == []


def test_several_set_aside_messages_of_a_stream_come_back_in_order(desk):
    desk.deliver(a(1, version="v2"), **{STREAM_KEY: "k", STREAM_SEQ: "1"})
    desk.deliver(a(2, version="v2"), **{STREAM_KEY: "k", STREAM_SEQ: "2"})
    desk.keeper.known = ("v1", "v2")

    desk.keeper.tables.retry(2)
    desk.tick()
    assert desk.kept == []
    desk.keeper.tables.retry(1)
    desk.tick()

    assert desk.kept == ["m1", "m2"]


def test_a_lost_database_is_the_runners_business():
    class Unlucky(Keeper):
        work = LosingWork

    desk = Desk(Unlucky)
    desk.keeper.failing = {"m1"}

    with pytest.raises(FailingError):
        desk.deliver(a(1))

    assert desk.states() == []
    assert not desk.keeper.tables.seen


def test_an_unknown_message_of_one_stream_holds_no_other(desk):
    desk.deliver(a(1), {"id": "x", "key": "other", "seq": 1, "version": "v2"})

    assert desk.kept == ["m1"]
    assert desk.states() == [("parked", None)]


def test_nothing_due_is_nothing_done(desk):
    assert desk.tick() == 0


def test_what_stands_in_a_stream_is_known_by_its_number_alone(desk):
    desk.deliver(a(1), a(2), {"id": "loose"})
    desk.deliver(a(1), a(2), {"id": "loose"}, a(3))

    assert desk.kept == ["loose", "m1", "m2", "m3"]
    assert desk.keeper.tables.seen == {("stream", "loose")}
