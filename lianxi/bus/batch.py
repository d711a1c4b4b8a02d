"""The consumer's logic, without any framework: a batch of raw messages in, what to reject out, the rest is done.

One batch is one transaction: remember the ids, sort out the order of each stream, call the handler once with all
that may be applied, remember the positions, commit. If the handler fails, its savepoint is rolled back and the
messages are repeated one by one, so only what fails alone is set aside with its error; the others go on. Messages
behind a failed one of the same stream are held until it was retried or dropped. `tick` runs what is due again.

Whatever `handle` raises means that nothing was committed: the runner acknowledges nothing, waits and repeats.
"""

import hashlib
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from lianxi.bus import observe
from lianxi.bus.doors import BatchDoor, Service
from lianxi.bus.failures import describe
from lianxi.bus.inbox import ConsumerBook, Failed, Gaps, Kept
from lianxi.bus.messages import STREAM_KEY, STREAM_SEQ, Incoming, RawMessage, Undecodable, UnknownMessage
from lianxi.bus.pace import Pace
from lianxi.bus.parcels import unpacked
from lianxi.bus.retries import Branch, DeadLetter, RetryIn, branch_of, decide
from lianxi.bus.streams import Place, Plan, plan
from lianxi.bus.work import Work
from lianxi.runtime import tracing
from lianxi.runtime.logging import BATCH, logger

LIMIT = 200
"""Messages in a batch."""

LIMIT_BYTES = 1024 * 1024
"""Bytes of messages in a batch, unless its first one alone has more: many small ones may have come as one."""

WINDOW = 0.02
"""Seconds a batch waits for more messages."""

PACE = Pace(least=0.05, most=0.25, crowded=4)
"""Between the beginnings of two batches that are not full."""

PREFETCH = 400
"""Messages a consumer may have unacknowledged: one batch in work, one in the buffer."""

TICK = 1.0
"""Seconds between two looks at what is due again."""

SHOW = 5.0
"""Seconds between two counts of what stands aside."""

Handler = Callable[[Work, Sequence[Incoming]], None]


class _Overtaken(Exception):  # noqa: N818
    """A new start of the stream left this held message behind."""

    code = "overtaken"


@dataclass(slots=True)
class _Item:
    """A message on its way through one round; `kept` is how the tables know it."""

    kept: Kept
    message: Incoming | None = None
    error: Exception | None = None
    held: bool = False

    @property
    def seq(self) -> int:
        """Return the number of a message that has one."""
        return self.kept.seq or 0


@dataclass(slots=True)
class _Round:
    """What one transaction did, gathered until its end."""

    done: list[_Item] = field(default_factory=list)
    failed: list[_Item] = field(default_factory=list)
    hold: list[_Item] = field(default_factory=list)
    stale: list[_Item] = field(default_factory=list)
    reject: list[int] = field(default_factory=list)
    last: dict[str, int] = field(default_factory=dict)
    outcomes: Counter[str] = field(default_factory=Counter)


class BatchConsumer:
    """The reader of one queue of one service instance; not to be used by two threads at once."""

    def __init__(self, service: Service, method: str, door: BatchDoor) -> None:
        self.door = door
        self.queue = door.queue
        self._service = service
        self._handler: Handler = getattr(service, method)
        self._labels = (service.name, door.queue)
        observe.reads(*self._labels)
        self._shown = float("-inf")
        self._log = logger("lianxi.bus.batch").bind(service=service.name, queue=door.queue)

    @tracing.batch()
    def handle(self, raws: Sequence[RawMessage]) -> list[int]:
        """Apply a batch and return the delivery tags to reject; all others are to be acknowledged."""
        started = time.monotonic()
        try:
            round_ = self._handle(raws)
        except Exception:
            self._took("repeat", time.monotonic() - started)
            raise
        self._report(round_, time.monotonic() - started)
        return round_.reject

    @tracing.batch()
    def tick(self) -> int:
        """Run what is due again and what no longer has to wait; return how many messages that were."""
        with self._service.open_work() as work:
            book = work.consumed
            if self.door.ordered:
                book.lock(self.queue)
            due = [self._opened(kept) for kept in book.due(self.queue, LIMIT)]
            ready = book.ready(self.queue) if self.door.ordered else []
            if not due and not ready:
                self._show(book)
                return 0
            round_ = self._settle(work, book, due, ready)
        self._report(round_, None)
        return len(round_.done) + len(round_.failed)

    def _handle(self, raws: Sequence[RawMessage]) -> _Round:
        items, dead = self._all_opened(raws)
        with self._service.open_work() as work:
            book = work.consumed
            if self.door.ordered:
                book.lock(self.queue)
            fresh = self._fresh(book, items)
            round_ = self._settle(work, book, fresh, ())
        round_.outcomes["duplicate"] += len(items) - len(fresh)
        round_.reject += dead
        round_.outcomes["dead_lettered"] += len(dead)
        return round_

    def _fresh(self, book: ConsumerBook, items: Sequence[_Item]) -> list[_Item]:
        """Return what was not seen before; what stands in a stream is known by its number and not remembered twice."""
        by_id = {item.kept.id: item for item in reversed(items)}  # of two copies the first one counts
        numbered = {item.kept.id for item in items if item.message is not None and self._in_stream(item)}
        others = [identity for identity in by_id if identity not in numbered]
        unseen = numbered | (book.unseen(self.queue, others) if others else set())
        return [item for item in items if item.kept.id in unseen and by_id[item.kept.id] is item]

    def _all_opened(self, raws: Sequence[RawMessage]) -> tuple[list[_Item], list[int]]:
        """Decode deliveries; return the messages, and the tags of what nobody can read.

        An unreadable message of a parcel is set aside, because the broker could only reject the parcel as a whole.
        """
        items: list[_Item] = []
        dead: list[int] = []
        for raw in raws:
            try:
                parts = unpacked(raw)
            except Undecodable as error:
                dead.append(raw.tag or 0)
                self._log.error("dead-lettered", error=describe(error))
                continue
            for part in parts:
                item = self._opened(Kept(part.message_id or "", None, None, part))
                if item.error is None or part is not raw or getattr(item.error, "code", None) == UnknownMessage.code:
                    items.append(item)
                else:
                    dead.append(raw.tag or 0)
                    self._log.error("dead-lettered", error=describe(item.error))
        return items, dead

    def _opened(self, kept: Kept) -> _Item:
        """Decode a message; what cannot be decoded keeps its error, and its place in a stream if anything tells it."""
        raw = kept.raw
        try:
            message = _storable(self._service.decode(raw))
        except Exception as error:  # noqa: BLE001  whatever a decoder raises decides the message's way
            key = getattr(error, "key", None) or raw.headers.get(STREAM_KEY) or kept.key
            seq = str(getattr(error, "seq", None) or raw.headers.get(STREAM_SEQ) or kept.seq)
            identity = kept.id or hashlib.sha256(raw.body).hexdigest()
            if key is None or not seq.isdecimal():
                return _Item(Kept(identity, None, None, raw, kept.aside, kept.attempts), error=error)
            return _Item(Kept(identity, str(key), int(seq), raw, kept.aside, kept.attempts), error=error)
        return _Item(Kept(message.id, message.key, message.seq, raw, kept.aside, kept.attempts), message)

    def _settle(self, work: Work, book: ConsumerBook, arrived: list[_Item], ready: Iterable[str]) -> _Round:
        """Bring everything that arrived, and every held message that became ready, to its place."""
        round_ = _Round()
        unread = [item for item in arrived if item.message is None]
        readable = [item for item in arrived if item.message is not None]
        round_.failed += unread
        todo = [item for item in readable if not self._in_stream(item)]
        streams: dict[str, list[_Item]] = {key: [] for key in ready}
        for item in readable:
            if self._in_stream(item):
                streams.setdefault(item.kept.key or "", []).append(item)
        if streams:
            todo += self._in_order(book, streams, unread, round_)
        self._apply(work, todo, round_)
        self._write_down(book, round_)
        return round_

    def _in_stream(self, item: _Item) -> bool:
        return self.door.ordered and item.kept.key is not None and item.kept.seq is not None

    def _in_order(
        self, book: ConsumerBook, streams: dict[str, list[_Item]], unread: list[_Item], round_: _Round
    ) -> list[_Item]:
        """Return what of `streams` may be applied now, in order; the rest goes where the plan says."""
        known = book.known(self.queue, streams)
        for kept in book.held(self.queue, streams) if known.any_held else ():
            item = self._opened(kept)
            item.held = True
            streams[kept.key or ""].append(item)
        positions = known.positions
        gaps = book.gaps(self.queue, streams) if known.any_aside else {}
        for item in unread:
            if item.kept.key in streams and item.kept.aside is None:
                before = gaps.get(item.kept.key, Gaps())
                gaps[item.kept.key] = Gaps(before.aside | {item.seq}, before.dropped)
        todo: list[_Item] = []
        for key, items in streams.items():
            mine = {item.seq for item in items if item.kept.aside is not None}
            around = gaps.get(key, Gaps())
            by_seq, twice = _by_seq(items)
            planned = plan(
                positions.get(key, 0),
                (
                    Place(item.seq, item.kept.raw.starts_stream, item.held, item.kept.aside is not None)
                    for item in by_seq.values()
                ),
                Gaps(around.aside - mine, around.dropped),
            )
            todo += self._follow(planned, by_seq, round_)
            round_.outcomes["duplicate"] += twice
            if planned.last != positions.get(key, 0):
                round_.last[key] = planned.last
        return todo

    def _follow(self, planned: Plan, by_seq: dict[int, _Item], round_: _Round) -> list[_Item]:
        round_.stale += [by_seq[place.seq] for place in planned.stale]
        for place in planned.overtaken:
            by_seq[place.seq].error = _Overtaken()
            round_.failed.append(by_seq[place.seq])
        round_.hold += [by_seq[place.seq] for place in planned.hold]
        return [by_seq[place.seq] for place in planned.apply]

    def _apply(self, work: Work, todo: list[_Item], round_: _Round) -> None:
        """Call the handler once for all, or after a failure once for each."""
        messages = [item.message for item in todo if item.message is not None]
        if len(todo) > 1 and len(messages) == len(todo):
            error = self._attempt(work, messages)
            if error is None:
                round_.done += todo
                return
            self._log.warning("batch repeated one by one", size=len(todo), error=describe(error))
        stuck: set[str] = set()
        for item in todo:
            if self._in_stream(item) and item.kept.key in stuck:
                round_.hold.append(item)
                continue
            item.error = self._attempt(work, [item.message]) if item.message is not None else item.error
            (round_.done if item.error is None else round_.failed).append(item)
            if item.error is not None and self._in_stream(item) and self._blocks(item, item.error):
                stuck.add(item.kept.key or "")
                round_.last[item.kept.key or ""] = item.seq - 1

    def _attempt(self, work: Work, messages: list[Incoming]) -> Exception | None:
        try:
            with work.savepoint():
                self._handler(work, messages)
        except Exception as error:
            if work.lost(error):
                raise
            return error
        return None

    def _branch(self, error: Exception) -> Branch:
        return "retryable" if Work.passes(error) else branch_of(error, self.door.expected)

    def _blocks(self, item: _Item, error: Exception) -> bool:
        """Return whether later messages of the stream have to wait for this failed one."""
        decision = decide(self.door.on_failure, item.kept.attempts + 1, self._branch(error))
        return item.kept.raw.tag is None or not isinstance(decision, DeadLetter)

    def _write_down(self, book: ConsumerBook, round_: _Round) -> None:
        """Bring the tables to what the round did."""
        fresh: list[Failed] = []
        for item in round_.failed:
            failure = self._failure(item, round_)
            if failure is None:
                continue
            if item.kept.aside is None:
                fresh.append(failure)
            else:
                book.failed_again(item.kept.aside, failure)
        book.set_aside(self.queue, fresh)
        to_hold = [item.kept for item in round_.hold if not item.held and item.kept.aside is None]
        book.hold(self.queue, to_hold)
        moved = [*round_.done, *round_.failed, *round_.stale]
        book.release(self.queue, [(item.kept.key or "", item.seq) for item in moved if item.held])
        for item in round_.done:
            if item.kept.aside is not None:
                book.settle(item.kept.aside)
        book.advance(self.queue, round_.last)
        round_.outcomes.update(applied=len(round_.done), held=len(to_hold), duplicate=len(round_.stale))

    def _failure(self, item: _Item, round_: _Round) -> Failed | None:
        """Return what is written about a failed message, or None when it goes to the dead letters."""
        error = item.error or RuntimeError("a message failed without an error")
        branch: Branch = "refused" if item.message is None else self._branch(error)
        attempts = item.kept.attempts + 1
        decision = decide(self.door.on_failure, attempts, branch)
        described = describe(error)
        kept = item.kept
        if isinstance(decision, DeadLetter) and kept.raw.tag is not None:
            round_.reject.append(kept.raw.tag)
            round_.outcomes["dead_lettered"] += 1
            self._log.error("dead-lettered", message_id=kept.id, key=kept.key, error=described)
            return None
        due_in = decision.seconds if isinstance(decision, RetryIn) else None
        outcome = "parked" if due_in is None else "retrying"
        round_.outcomes[outcome] += 1
        self._log.warning(outcome, message_id=kept.id, key=kept.key, attempts=attempts, branch=branch, error=described)
        return Failed(kept.id, kept.key, kept.seq, kept.raw, attempts, branch, described, due_in)

    def _report(self, round_: _Round, seconds: float | None) -> None:
        for outcome, number in round_.outcomes.items():
            observe.MESSAGES.labels(*self._labels, outcome).inc(number)
        counts = {outcome: number for outcome, number in round_.outcomes.items() if number}
        if counts:
            # One line a batch and not a message: at thousands a second the log would cost more than the work.
            self._log.info(BATCH, seconds=None if seconds is None else round(seconds, 4), **counts)
        if seconds is not None:
            self._took("failed" if round_.failed else "applied", seconds)

    def _took(self, outcome: str, seconds: float) -> None:
        observe.BATCHES.labels(self._labels[0], outcome).inc()
        observe.HANDLE_SECONDS.labels(self._service.name).observe(seconds)

    def _show(self, book: ConsumerBook) -> None:
        """Publish how many messages stand aside, every few seconds and while nothing else is to do."""
        if time.monotonic() - self._shown < SHOW:
            return
        self._shown = time.monotonic()
        parked, retrying, held = book.standing(self.queue)
        observe.PARKED.labels(*self._labels).set(parked)
        observe.RETRYING.labels(*self._labels).set(retrying)
        observe.HELD.labels(*self._labels).set(held)


def _storable(message: Incoming) -> Incoming:
    """Return `message` if its id and key can stand in a table."""
    if not message.id or "\0" in message.id or "\0" in (message.key or ""):
        raise Undecodable("the id or key of a message cannot be stored")
    return message


def _by_seq(items: Iterable[_Item]) -> tuple[dict[int, _Item], int]:
    """Return one item for each number, the one that failed or was held before first, and how many more there were."""
    found: dict[int, _Item] = {}
    twice = 0
    for item in sorted(items, key=lambda each: (each.kept.aside is None, not each.held)):
        twice += item.seq in found
        found.setdefault(item.seq, item)
    return found, twice
