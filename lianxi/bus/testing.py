"""The bus in memory: the same doors, the same consumer logic, no broker and no database.

It is for tests and for playing a story quickly, and it is held to the behaviour suite of the real one
(`tests/suites/bus_behaviour.py`), so what passes here passes there. `MemoryWork` keeps what a transaction would keep
and forgets what it would roll back; a service's fakes put their rows into `tables.rows`. `MemoryBus` routes by the
same topology file and delivers when it is pumped.
"""

import copy
import re
import time
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from types import TracebackType
from typing import Any, Self

from lianxi.bus.batch import LIMIT
from lianxi.bus.commands import Answer, CommandReused
from lianxi.bus.doors import Service
from lianxi.bus.hosting import Host
from lianxi.bus.inbox import Failed, Gaps, Kept, Known
from lianxi.bus.messages import TOGETHER, Outgoing, RawMessage
from lianxi.bus.topology import Topology, load
from lianxi.bus.work import Work


@dataclass
class MemoryAside:
    """A row of parked."""

    queue: str
    failure: Failed
    state: str
    due: float | None
    reason: str | None = None


@dataclass
class MemoryTables:
    """What a service's schema would hold; `rows` is for the service's own fakes."""

    seen: set[tuple[str, str]] = field(default_factory=set)
    positions: dict[tuple[str, str], int] = field(default_factory=dict)
    held: dict[tuple[str, str, int], Kept] = field(default_factory=dict)
    asides: dict[int, MemoryAside] = field(default_factory=dict)
    answers: dict[str, tuple[str, Answer | None]] = field(default_factory=dict)
    outbox: list[Outgoing] = field(default_factory=list)
    rows: dict[str, list[Any]] = field(default_factory=lambda: defaultdict(list))
    next_aside: int = 1

    def restore(self, earlier: "MemoryTables") -> None:
        """Become what `earlier` was."""
        self.__dict__.update(earlier.__dict__)

    def retry(self, number: int) -> None:
        """Do what `lianxi parked retry` does."""
        self.asides[number].due = time.monotonic()

    def drop(self, number: int, *, reason: str) -> None:
        """Do what `lianxi parked drop` does."""
        aside = self.asides[number]
        aside.state, aside.due, aside.reason = "dropped", None, reason

    def skip(self, queue: str, key: str, *, reason: str) -> None:
        """Do what `lianxi parked skip` does."""
        first = min(seq for mine, stream, seq in self.held if (mine, stream) == (queue, key))
        for seq in range(self.positions.get((queue, key), 0) + 1, first):
            missing = Failed("missing", key, seq, RawMessage(b""), 0, "broken", {"type": "Missing"}, None)
            self.asides[self.next_aside] = MemoryAside(queue, missing, "dropped", None, reason)
            self.next_aside += 1


class MemoryWork(Work):
    """A unit of work on `MemoryTables`."""

    def __init__(self, tables: MemoryTables, commit: Callable[[Sequence[Outgoing]], None] | None = None) -> None:
        self.tables = tables
        self._commit = commit
        self._before: MemoryTables | None = None
        self._afterwards = []

    @property
    def consumed(self) -> "MemoryInbox":
        """Return what the consumers remember."""
        return MemoryInbox(self.tables)

    @property
    def commands(self) -> "MemoryCommands":
        """Return the answers given."""
        return MemoryCommands(self.tables)

    def only_read(self) -> None:
        """There is nothing to spare."""

    def publish(self, message: Outgoing) -> None:
        """Send `message` once this work is committed."""
        self.tables.outbox.append(message)

    @contextmanager
    def savepoint(self, *, only: bool = False) -> Iterator[None]:  # noqa: ARG002  there is nothing to spare
        """Undo what happens inside when it raises."""
        before, so_far = copy.deepcopy(self.tables), len(self._afterwards)
        try:
            yield
        except BaseException:
            self.tables.restore(before)
            del self._afterwards[so_far:]
            raise

    def lost(self, error: BaseException) -> bool:
        """Memory is never lost."""
        del error
        return False

    def __enter__(self) -> Self:
        self._before = copy.deepcopy(self.tables)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        afterwards, self._afterwards = self._afterwards, []
        if kind is not None and self._before is not None:
            self.tables.restore(self._before)
        elif self._commit is not None:
            outgoing, self.tables.outbox = self.tables.outbox, []
            self._commit(outgoing)
        if kind is None:
            for act in afterwards:
                act()


class MemoryInbox:
    """`ConsumerBook` in memory."""

    def __init__(self, tables: MemoryTables) -> None:
        self._tables = tables

    def lock(self, queue: str) -> None:
        """Nothing runs beside this."""

    def unseen(self, queue: str, ids: Sequence[str]) -> set[str]:
        """Remember ids; return the new ones."""
        new = {each for each in ids if (queue, each) not in self._tables.seen}
        self._tables.seen |= {(queue, each) for each in new}
        return new

    def known(self, queue: str, keys: Collection[str]) -> Known:
        """Return what is remembered."""
        held, gaps = self.held(queue, keys), self.gaps(queue, keys)
        return Known(self.positions(queue, keys), bool(held), bool(gaps))

    def positions(self, queue: str, keys: Collection[str]) -> dict[str, int]:
        """Return the known positions."""
        return {key: self._tables.positions[queue, key] for key in keys if (queue, key) in self._tables.positions}

    def advance(self, queue: str, positions: Mapping[str, int]) -> None:
        """Move positions up, never down."""
        for key, last in positions.items():
            self._tables.positions[queue, key] = max(last, self._tables.positions.get((queue, key), last))

    def held(self, queue: str, keys: Collection[str]) -> list[Kept]:
        """Return held messages in order."""
        return [kept for place, kept in sorted(self._tables.held.items()) if place[0] == queue and place[1] in keys]

    def hold(self, queue: str, messages: Sequence[Kept]) -> None:
        """Hold messages."""
        for kept in messages:
            stored = replace(kept, raw=replace(kept.raw, tag=None))
            self._tables.held.setdefault((queue, kept.key or "", kept.seq or 0), stored)

    def release(self, queue: str, places: Sequence[tuple[str, int]]) -> None:
        """Forget held messages."""
        for key, seq in places:
            self._tables.held.pop((queue, key, seq), None)

    def ready(self, queue: str) -> list[str]:
        """Return streams whose turn has come."""
        keys = set()
        for (mine, key, seq), kept in self._tables.held.items():
            last = self._tables.positions.get((queue, key), 0)
            gaps = self.gaps(queue, [key]).get(key, Gaps())
            turn = kept.raw.starts_stream or seq <= last + 1 or last + 1 in gaps.dropped
            if mine == queue and turn and not any(last < each <= seq for each in gaps.aside):
                keys.add(key)
        return sorted(keys)

    def gaps(self, queue: str, keys: Collection[str]) -> dict[str, Gaps]:
        """Return numbers set aside and dropped."""
        found: dict[str, Gaps] = {}
        for aside in self._tables.asides.values():
            key, seq = aside.failure.key, aside.failure.seq
            if aside.queue == queue and key is not None and key in keys and seq is not None:
                known = found.get(key, Gaps())
                if aside.state == "dropped":
                    found[key] = Gaps(known.aside, known.dropped | {seq})
                else:
                    found[key] = Gaps(known.aside | {seq}, known.dropped)
        return found

    def due(self, queue: str, limit: int) -> list[Kept]:
        """Return what is due."""
        now = time.monotonic()
        return [
            Kept(one.failure.id, one.failure.key, one.failure.seq, one.failure.raw, number, one.failure.attempts)
            for number, one in sorted(
                self._tables.asides.items(), key=lambda item: (item[1].failure.key or "", item[1].failure.seq or 0)
            )
            if one.queue == queue and one.due is not None and one.due <= now
        ][:limit]

    def set_aside(self, queue: str, messages: Sequence[Failed]) -> None:
        """Keep what failed."""
        for failure in messages:
            self._tables.asides[self._tables.next_aside] = self._aside(queue, failure)
            self._tables.next_aside += 1

    def failed_again(self, aside: int, failure: Failed) -> None:
        """Write down a further failure."""
        self._tables.asides[aside] = self._aside(self._tables.asides[aside].queue, failure)

    def settle(self, aside: int) -> None:
        """Forget what succeeded."""
        del self._tables.asides[aside]

    def standing(self, queue: str) -> tuple[int, int, int]:
        """Count what stands aside."""
        states = [aside.state for aside in self._tables.asides.values() if aside.queue == queue]
        held = sum(place[0] == queue for place in self._tables.held)
        return states.count("parked"), states.count("retrying"), held

    @staticmethod
    def _aside(queue: str, failure: Failed) -> MemoryAside:
        stored = replace(failure, raw=replace(failure.raw, tag=None))
        if failure.due_in is None:
            return MemoryAside(queue, stored, "parked", None)
        return MemoryAside(queue, stored, "retrying", time.monotonic() + failure.due_in)


class MemoryCommands:
    """`CommandBook` in memory."""

    def __init__(self, tables: MemoryTables) -> None:
        self._tables = tables

    def begin(self, command_id: str, method: str, mark: str) -> Answer | None:
        """Return the answer already given, or reserve the id."""
        del method
        known, answer = self._tables.answers.setdefault(command_id, (mark, None))
        if known != mark:
            raise CommandReused(command_id)
        return answer

    def finish(self, command_id: str, answer: Answer) -> None:
        """Keep the answer."""
        self._tables.answers[command_id] = (self._tables.answers[command_id][0], answer)


class MemoryBus:
    """Exchanges and queues in lists; what services publish through `send` is delivered by `pump`."""

    def __init__(self, topology: Topology | None = None) -> None:
        self._topology = topology or load()
        self._hosts: list[Host] = []
        self.queues: dict[str, list[RawMessage]] = defaultdict(list)
        self.dead: dict[str, list[RawMessage]] = defaultdict(list)

    def host(self, service: Callable[[], Service]) -> Host:
        """Add a service and return it with its doors."""
        host = Host(service)
        self._hosts.append(host)
        return host

    def send(self, messages: Sequence[Outgoing]) -> None:
        """Route messages to the queues that are bound for them."""
        for one in messages:
            headers = {name: value for name, value in one.headers.items() if name != TOGETHER}
            self.put(RawMessage(one.body, headers, one.id, one.type, one.exchange, one.routing_key))

    def put(self, raw: RawMessage) -> None:
        """Route one raw message."""
        for queue in self._topology.queues:
            if queue.source == raw.exchange and any(matches(key, raw.routing_key) for key in queue.keys):
                self.queues[queue.name].append(raw)

    def pump(self) -> int:
        """Deliver everything there is, ticks included; return how many messages went through a door."""
        moved = 0
        for host in self._hosts:
            for consumer in host.consumers.values():
                moved += consumer.tick()
                while waiting := self.queues[consumer.queue]:
                    batch = [replace(raw, tag=number) for number, raw in enumerate(waiting[:LIMIT], start=1)]
                    reject = set(consumer.handle(batch))
                    del waiting[: len(batch)]
                    self.dead[consumer.queue] += [raw for raw in batch if raw.tag in reject]
                    moved += len(batch)
        return moved


def matches(pattern: str, routing_key: str) -> bool:
    """Return whether a topic binding wants a routing key: `*` is one word, `#` any number of words."""
    expression = re.escape(pattern).replace(r"\*", r"[^.]+")
    expression = expression.replace(r"\.\#", r"(\..+)?").replace(r"\#\.", r"(.+\.)?").replace(r"\#", ".*")
    return re.fullmatch(expression, routing_key) is not None
