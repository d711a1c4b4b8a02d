"""The marks a service puts on its methods: this one reads a queue, that one answers calls, that one is a timer.

A mark is plain data left on the function; nothing here knows nameko, pika or threads. A runner asks `doors_of` for
the marks of a class and does the rest, so one service class runs under either runner unchanged::

    class Service:
        name: ClassVar[str] = "routing"

        @consume_batch("routing.contact", on_failure=RETRY_THEN_PARK, expected=(UnknownDivision,), ordered=True)
        def contacts(self, work: Work, messages: Sequence[Incoming]) -> None: ...

        @call(expected=(GuardRefused,))
        def accept(self, work: Work, body: dict[str, Any]) -> dict[str, Any]: ...

        @every(1.0)
        def sweep(self) -> None: ...
"""

import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol, TypeVar

from lianxi.bus.messages import Incoming, RawMessage
from lianxi.bus.retries import DEAD_LETTER, PARK, RETRY_THEN_PARK, FailurePolicy
from lianxi.bus.work import Work

__all__ = [
    "DEAD_LETTER",
    "PARK",
    "RETRY_THEN_PARK",
    "BatchDoor",
    "CallDoor",
    "Door",
    "FailurePolicy",
    "Service",
    "TimerDoor",
    "call",
    "consume_batch",
    "doors_of",
    "every",
]

_MARK = "__lianxi_door__"
Method = TypeVar("Method", bound=Callable[..., Any])
Errors = tuple[type[Exception], ...]


@dataclass(frozen=True, slots=True)
class BatchDoor:
    """The method reads `queue` in batches. `expected` are errors that are the message's fault, not ours."""

    queue: str
    on_failure: FailurePolicy
    expected: Errors
    ordered: bool


@dataclass(frozen=True, slots=True)
class CallDoor:
    """The method answers calls under its own name; a `read_only` one keeps no record of its answers."""

    expected: Errors
    read_only: bool


@dataclass(frozen=True, slots=True)
class TimerDoor:
    """The method runs every so many seconds of real time, never twice at once."""

    seconds: float


Door = BatchDoor | CallDoor | TimerDoor


class Service(Protocol):
    """What a runner needs of an instance of a service class; it is made once per process, without arguments."""

    name: ClassVar[str]
    open_work: Callable[[], Work]
    decode: Callable[[RawMessage], Incoming]


def _mark(door: Door) -> Callable[[Method], Method]:
    def leave(method: Method) -> Method:
        setattr(method, _MARK, door)
        return method

    return leave


def consume_batch(
    queue: str, *, on_failure: FailurePolicy = RETRY_THEN_PARK, expected: Errors = (), ordered: bool = False
) -> Callable[[Method], Method]:
    """Mark `def m(self, work, messages: Sequence[Incoming]) -> None` as the reader of `queue`.

    With `ordered`, each key is applied in the order of `seq` without a gap: what comes early waits, what was seen is
    dropped, and nothing overtakes a message that failed.
    """
    return _mark(BatchDoor(queue, on_failure, expected, ordered))


def call(*, expected: Errors = (), read_only: bool = False) -> Callable[[Method], Method]:
    """Mark `def m(self, work, body: dict) -> dict` as callable under its own name."""
    return _mark(CallDoor(expected, read_only))


def every(seconds: float) -> Callable[[Method], Method]:
    """Mark `def m(self) -> None` as a timer."""
    return _mark(TimerDoor(seconds))


def doors_of(service: type | object) -> Iterator[tuple[str, Door]]:
    """Yield name and mark of every marked method, in alphabetical order."""
    cls = service if isinstance(service, type) else type(service)
    for name, member in inspect.getmembers(cls, callable):
        door = getattr(member, _MARK, None)
        if door is not None:
            yield name, door
