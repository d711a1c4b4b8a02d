"""What every way of running a service on the bus must do; inherited for nameko, for plain threads and for memory.

A subclass gives the fixture `stage`. Tests share one stage, so each works on a stream of its own name.
"""

import json
import secrets
from dataclasses import dataclass, field
from typing import Any, Protocol

import pytest

from lianxi.bus.calls import CallFailed, CallRefused
from lianxi.bus.messages import STREAM_START
from lianxi.bus.parcels import PARCEL, Item, packed
from tests.suites.bus_probe import LOOSE, ORDERED
from tests.support.waiting import eventually


@dataclass(frozen=True)
class Stood:
    """A message that stands aside, as a test looks at it."""

    number: Any
    state: str
    seq: int | None
    attempts: int
    error: dict[str, Any]


class Stage(Protocol):
    """A running probe and what can be done to and seen of it."""

    def publish(
        self, routing_key: str, bodies: list[bytes], headers: dict[str, str], kind: str | None = None
    ) -> None: ...
    def applied(self, key: str) -> list[tuple[int, str]]: ...
    def aside(self, key: str) -> list[Stood]: ...
    def held(self, key: str) -> list[int]: ...
    def dead(self, queue: str) -> int: ...
    def heal(self, key: str) -> None: ...
    def retry(self, number: Any) -> None: ...
    def drop(self, number: Any) -> None: ...
    def skip(self, queue: str, key: str) -> None: ...
    def call(self, method: str, body: dict[str, Any], command_id: str | None = None) -> dict[str, Any]: ...


@dataclass
class Stream:
    """Messages of one key, and what became of them."""

    stage: Stage
    queue: str
    key: str = field(default_factory=lambda: f"key-{secrets.token_hex(5)}")

    def send(self, *seqs: int, act: str = "ok", version: int = 1, start: bool = False, suffix: str = "") -> None:
        headers = {STREAM_START: "true"} if start else {}
        bodies = [self.body(seq, act=act, version=version, suffix=suffix) for seq in seqs]
        self.stage.publish(f"{self.queue.removeprefix('probe.')}.event", bodies, headers)

    def send_mixed(self, *messages: bytes) -> None:
        self.stage.publish(f"{self.queue.removeprefix('probe.')}.event", list(messages), {})

    def send_together(self, *messages: bytes) -> None:
        key = f"{self.queue.removeprefix('probe.')}.event"
        items = [Item("case", key, body, f"{self.key}-{number}", None, {}) for number, body in enumerate(messages)]
        self.stage.publish(key, [packed(items)], {}, PARCEL)

    def body(self, seq: int, *, act: str = "ok", version: int = 1, suffix: str = "") -> bytes:
        facts = {
            "id": f"{self.key}-{seq}{suffix}",
            "type": f"probed.v{version}",
            "key": self.key,
            "seq": seq,
            "act": act,
        }
        return json.dumps(facts).encode()

    @property
    def applied(self) -> list[int]:
        return [seq for seq, _ in self.stage.applied(self.key)]

    def is_applied(self, *seqs: int) -> None:
        eventually(lambda: len(self.applied) >= len(seqs))
        assert self.applied == list(seqs)

    def stands_aside(self, state: str, seq: int) -> Stood:
        return eventually(lambda: next(s for s in self.stage.aside(self.key) if (s.state, s.seq) == (state, seq)))


class BusBehaviour:
    """The suite."""

    @pytest.fixture
    def ordered(self, stage: Stage) -> Stream:
        return Stream(stage, ORDERED)

    @pytest.fixture
    def loose(self, stage: Stage) -> Stream:
        return Stream(stage, LOOSE)

    def test_a_message_that_comes_twice_is_applied_once(self, loose: Stream):
        loose.send(1, 1)
        loose.send(1, 2)

        eventually(lambda: 2 in loose.applied)
        assert loose.applied == [1, 2]

    def test_a_stream_is_applied_in_order_though_it_comes_shuffled(self, ordered: Stream):
        ordered.send(3, 1, 5, 4, 2)

        ordered.is_applied(1, 2, 3, 4, 5)

    def test_what_comes_before_a_gap_is_closed_is_held(self, ordered: Stream):
        ordered.send(1, 3, 4)
        ordered.is_applied(1)
        eventually(lambda: ordered.stage.held(ordered.key) == [3, 4])

        ordered.send(2)

        ordered.is_applied(1, 2, 3, 4)
        eventually(lambda: ordered.stage.held(ordered.key) == [])

    def test_messages_that_travel_together_are_taken_one_by_one(self, ordered: Stream):
        ordered.send_together(ordered.body(2), ordered.body(1), ordered.body(3), b"unreadable", ordered.body(5))
        ordered.is_applied(1, 2, 3)
        eventually(lambda: ordered.stage.held(ordered.key) == [5])

        ordered.send_together(ordered.body(3), ordered.body(4))

        ordered.is_applied(1, 2, 3, 4, 5)

    def test_one_that_fails_holds_up_nobody_it_travels_with(self, ordered: Stream):
        other = Stream(ordered.stage, ordered.queue)
        ordered.send_together(ordered.body(1), ordered.body(2, act="break"), other.body(1), ordered.body(3))

        ordered.stands_aside("parked", 2)
        other.is_applied(1)
        assert ordered.applied == [1]
        eventually(lambda: ordered.stage.held(ordered.key) == [3])

    def test_a_damaged_parcel_goes_to_the_dead_letters(self, ordered: Stream):
        before = ordered.stage.dead(ordered.queue)
        ordered.stage.publish("ordered.event", [b"torn"], {}, PARCEL)

        eventually(lambda: ordered.stage.dead(ordered.queue) == before + 1)

    def test_an_old_number_under_a_new_id_is_not_applied_again(self, ordered: Stream):
        ordered.send(1, 2)
        ordered.is_applied(1, 2)

        ordered.send(1, 2, suffix="-again")
        ordered.send(3)

        ordered.is_applied(1, 2, 3)

    def test_an_unknown_stream_waits_for_its_first_message(self, ordered: Stream):
        ordered.send(2)
        eventually(lambda: ordered.stage.held(ordered.key) == [2])

        ordered.send(1)

        ordered.is_applied(1, 2)

    def test_a_stream_may_begin_later_when_its_message_says_so(self, ordered: Stream):
        ordered.send(8)
        eventually(lambda: ordered.stage.held(ordered.key) == [8])

        ordered.send(7, start=True)

        ordered.is_applied(7, 8)

    def test_a_poison_message_is_parked_and_the_rest_of_its_batch_goes_on(self, loose: Stream):
        loose.send_mixed(loose.body(1), loose.body(2, act="break"), loose.body(3))

        stood = loose.stands_aside("parked", 2)

        loose.is_applied(1, 3)
        assert stood.attempts == 1
        assert stood.error["type"] == "RuntimeError"
        assert stood.error["at"]
        assert "138" not in json.dumps(stood.error)

    def test_what_is_refused_is_parked_at_once(self, loose: Stream):
        loose.send(1, act="refuse")

        assert loose.stands_aside("parked", 1).attempts == 1

    def test_later_messages_wait_behind_a_parked_one_until_it_is_retried(self, ordered: Stream):
        ordered.send_mixed(*(ordered.body(seq, act="break" if seq == 2 else "ok") for seq in range(1, 5)))
        stood = ordered.stands_aside("parked", 2)
        ordered.send(5)
        eventually(lambda: ordered.stage.held(ordered.key) == [3, 4, 5])
        ordered.is_applied(1)

        ordered.stage.heal(ordered.key)
        ordered.stage.retry(stood.number)

        ordered.is_applied(1, 2, 3, 4, 5)
        assert ordered.stage.aside(ordered.key) == []
        eventually(lambda: ordered.stage.held(ordered.key) == [])

    def test_a_retry_that_fails_again_is_parked_again(self, ordered: Stream):
        ordered.send(1, act="break")
        stood = ordered.stands_aside("parked", 1)

        ordered.stage.retry(stood.number)

        eventually(lambda: ordered.stands_aside("parked", 1).attempts == 2)

    def test_a_drop_is_kept_on_record_and_lets_the_stream_go_on(self, ordered: Stream):
        ordered.send_mixed(ordered.body(1), ordered.body(2, act="refuse"), ordered.body(3))
        stood = ordered.stands_aside("parked", 2)

        ordered.stage.drop(stood.number)

        ordered.is_applied(1, 3)
        assert ordered.stands_aside("dropped", 2)

    def test_a_drop_before_anything_waits_lets_the_next_message_pass(self, ordered: Stream):
        ordered.send(1, act="refuse")
        ordered.stage.drop(ordered.stands_aside("parked", 1).number)

        ordered.send(2)

        ordered.is_applied(2)

    def test_a_skip_lets_the_stream_go_on_without_what_never_came(self, ordered: Stream):
        ordered.send(1, 4, 5)
        eventually(lambda: ordered.stage.held(ordered.key) == [4, 5])

        ordered.stage.skip(ordered.queue, ordered.key)

        ordered.is_applied(1, 4, 5)
        ordered.send(3, 6)
        ordered.is_applied(1, 4, 5, 6)

    def test_a_failure_that_passes_is_repeated_and_keeps_the_order(self, ordered: Stream):
        ordered.send_mixed(ordered.body(1, act="retry"), ordered.body(2))
        ordered.stands_aside("retrying", 1)
        assert ordered.applied == []

        ordered.stage.heal(ordered.key)

        ordered.is_applied(1, 2)

    def test_a_failure_that_does_not_pass_is_parked_after_the_last_attempt(self, loose: Stream):
        loose.send(1, act="retry")

        stood = loose.stands_aside("parked", 1)

        assert stood.attempts == 3

    def test_what_cannot_be_decoded_becomes_a_dead_letter_and_the_rest_goes_on(self, loose: Stream):
        before = loose.stage.dead(LOOSE)

        loose.send_mixed(loose.body(1), b"{not json", loose.body(2))

        loose.is_applied(1, 2)
        eventually(lambda: loose.stage.dead(LOOSE) == before + 1)

    def test_an_unknown_version_is_parked_and_holds_its_stream(self, ordered: Stream):
        ordered.send(1)
        ordered.send(2, version=9)
        ordered.send(3)
        stood = ordered.stands_aside("parked", 2)
        eventually(lambda: ordered.stage.held(ordered.key) == [3])

        ordered.stage.drop(stood.number)

        ordered.is_applied(1, 3)

    def test_a_repeated_command_has_one_effect_and_the_same_answer(self, stage: Stage, loose: Stream):
        first = stage.call("add", {"key": loose.key}, command_id=f"{loose.key}-a")
        again = stage.call("add", {"key": loose.key}, command_id=f"{loose.key}-a")
        other = stage.call("add", {"key": loose.key}, command_id=f"{loose.key}-b")

        assert (first, again, other) == ({"number": 1}, {"number": 1}, {"number": 2})

    def test_a_command_id_used_for_something_else_is_refused(self, stage: Stage, loose: Stream):
        stage.call("add", {"key": loose.key}, command_id=loose.key)

        with pytest.raises(CallRefused) as refused:
            stage.call("add", {"key": loose.key, "more": 1}, command_id=loose.key)

        assert refused.value.problem["code"] == "command-reused"

    def test_a_refusal_crosses_as_it_is_leaves_nothing_and_is_repeated(self, stage: Stage, loose: Stream):
        for _ in range(2):
            with pytest.raises(CallRefused) as refused:
                stage.call("add", {"key": loose.key, "act": "refuse"}, command_id=loose.key)
            assert refused.value.problem["detail"] == "演示"
            assert refused.value.problem["status"] == 409

        assert stage.call("add", {"key": loose.key}) == {"number": 1}

    def test_our_own_failure_is_told_without_its_text_and_may_be_repeated(self, stage: Stage, loose: Stream):
        with pytest.raises(CallFailed) as failed:
            stage.call("add", {"mobile": "13812345678"}, command_id=loose.key)

        assert failed.value.branch == "broken"
        assert "138" not in str(failed.value.problem)

    def test_a_question_needs_no_command_id(self, stage: Stage, loose: Stream):
        assert stage.call("look", {"key": loose.key}) == {"healed": False}
        stage.heal(loose.key)
        assert stage.call("look", {"key": loose.key}) == {"healed": True}

    def test_a_method_that_is_not_there_is_a_failure(self, stage: Stage):
        with pytest.raises(CallRefused):
            stage.call("no_such_method", {})

    def test_a_body_that_is_no_object_is_refused(self, stage: Stage):
        with pytest.raises(CallRefused):
            stage.call("look", ["not", "an", "object"])
