"""One instance of a service class with everything its doors need, the same for both runners.

A runner brings deliveries, calls and ticks; what happens then is here or in `batch` and `answers`. `QueueWorker`
works off one queue: it takes a batch from the buffer that the connection fills, repeats it until the database took
it, and only then settles it with the channel that delivered it. It uses nothing but `threading`, which eventlet
makes green, so both runners share it.
"""

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from lianxi.bus.answers import Answerer
from lianxi.bus.batch import LIMIT, LIMIT_BYTES, PACE, TICK, WINDOW, BatchConsumer
from lianxi.bus.doors import BatchDoor, CallDoor, Service, TimerDoor, doors_of
from lianxi.bus.failures import describe
from lianxi.bus.messages import RawMessage
from lianxi.runtime import tracing
from lianxi.runtime.logging import logger
from lianxi.runtime.memory import spare_what_stays

PAUSE = 0.5
LONGEST_PAUSE = 2.0
_log = logger("lianxi.bus.hosting")


class Host:
    """A service instance, its consumers, its answers and its timers."""

    def __init__(self, service_class: Callable[[], Service]) -> None:
        self.service = service_class()
        doors = list(doors_of(self.service))
        self.consumers = {
            name: BatchConsumer(self.service, name, door) for name, door in doors if isinstance(door, BatchDoor)
        }
        self.timers = {name: door.seconds for name, door in doors if isinstance(door, TimerDoor)}
        self.calls = [name for name, door in doors if isinstance(door, CallDoor)]
        self.answerer = Answerer(self.service)
        spare_what_stays()

    def run_timer(self, name: str) -> None:
        """Run a timer once; a failure is logged and the next turn comes as usual."""
        with tracing.working():
            try:
                getattr(self.service, name)()
            except Exception as error:  # noqa: BLE001  a timer has nobody to tell
                _log.error("timer failed", service=self.service.name, timer=name, error=describe(error))


class Channel(Protocol):
    """The connection a batch came from."""

    @property
    def alive(self) -> bool:
        """Return whether it can still be settled."""
        ...

    def settle(self, acknowledge_upto: int | None, reject: Sequence[int]) -> None:
        """Reject some tags, then acknowledge all up to one; does nothing on a dead channel."""
        ...


@dataclass(frozen=True, slots=True)
class Delivered:
    """A batch with the channel it came from."""

    channel: Channel
    raws: Sequence[RawMessage]

    def settle(self, reject: Sequence[int]) -> None:
        """Acknowledge everything but `reject`."""
        if self.channel.alive:
            kept = {raw.tag for raw in self.raws if raw.tag is not None}.difference(reject)
            self.channel.settle(max(kept, default=None), reject)


class Buffer:
    """Deliveries on their way from the connection to the worker; a batch never mixes two channels."""

    def __init__(self) -> None:
        self._raws: list[RawMessage] = []
        self._bytes = 0
        self._channel: Channel | None = None
        self._since = 0.0
        self._next = float("-inf")
        self._lock = threading.Lock()
        self._ready = threading.Event()

    def connect(self, channel: Channel) -> None:
        """Start anew with `channel`; what an older one delivered will be delivered again."""
        with self._lock:
            self._raws, self._bytes = [], 0
            self._channel = channel

    def add(self, raw: RawMessage) -> None:
        """Add a delivery of the current channel."""
        with self._lock:
            was_full = self._full
            self._raws.append(raw)
            self._bytes += len(raw.body)
            first = len(self._raws) == 1
            if first:
                self._since = time.monotonic()
            news = first or (self._full and not was_full)
        if news:
            self._ready.set()

    def wake(self) -> None:
        """Let a waiting worker look up."""
        self._ready.set()

    def take(self, wait: float) -> Delivered | None:
        """Return the next batch: full, or old enough; None if nothing came while waiting.

        One that is not full has waited for the window, and until batches are as far apart as the last one asks.
        """
        if not self._raws:
            self._ready.wait(wait)
        self._ready.clear()
        rest = max(self._since + WINDOW, self._next) - time.monotonic()
        if self._raws and not self._full and rest > 0:
            self._ready.wait(rest)
            self._ready.clear()
        with self._lock:
            number = self._fitting()
            taken, self._raws = self._raws[:number], self._raws[number:]
            self._bytes -= sum(len(raw.body) for raw in taken)
            if taken:
                self._next = time.monotonic() + PACE.after(len(taken))
            if self._raws:
                self._since = time.monotonic()
            return Delivered(self._channel, taken) if taken and self._channel is not None else None

    @property
    def _full(self) -> bool:
        return len(self._raws) >= LIMIT or self._bytes >= LIMIT_BYTES

    def _fitting(self) -> int:
        """Return how many of the first deliveries make a batch: at least one, however large."""
        size = 0
        for number, raw in enumerate(self._raws[:LIMIT]):
            size += len(raw.body)
            if number and size > LIMIT_BYTES:
                return number
        return min(len(self._raws), LIMIT)


class QueueWorker:
    """Works off one queue until stopped; `run_batch` and `run_tick` do the work, in whatever thread they like."""

    def __init__(
        self, queue: str, run_batch: Callable[[Sequence[RawMessage]], list[int]], run_tick: Callable[[], object]
    ) -> None:
        self.queue = queue
        self.buffer = Buffer()
        self._run_batch = run_batch
        self._run_tick = run_tick
        self._stop = threading.Event()
        self._ticked = time.monotonic()

    @property
    def stopping(self) -> bool:
        """Return whether `stop` was called."""
        return self._stop.is_set()

    def stop(self) -> None:
        """End after the batch in work; what is still buffered goes back to the broker."""
        self._stop.set()
        self.buffer.wake()

    def run(self) -> None:
        """Work until stopped."""
        while not self.stopping:
            delivered = self.buffer.take(TICK)
            if delivered is not None and not self.stopping:
                self._work_off(delivered)
            if time.monotonic() - self._ticked >= TICK and not self.stopping:
                self._tick()

    def _work_off(self, delivered: Delivered) -> None:
        """Repeat the batch until it is committed, or until the broker will deliver it again anyway."""
        pause = PAUSE
        while delivered.channel.alive:
            try:
                reject = self._run_batch(delivered.raws)
            except Exception as error:  # noqa: BLE001  nothing was committed, whatever it was
                _log.error("batch waits", queue=self.queue, seconds=pause, error=describe(error))
                if self._stop.wait(pause):
                    return
                pause = min(pause * 2, LONGEST_PAUSE)
            else:
                delivered.settle(reject)
                return

    def _tick(self) -> None:
        try:
            self._run_tick()
        except Exception as error:  # noqa: BLE001  the next tick tries again
            _log.warning("tick failed", queue=self.queue, error=describe(error))
        self._ticked = time.monotonic()
