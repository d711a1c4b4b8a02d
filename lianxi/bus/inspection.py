"""What a program may learn of a broker beside its messages: its version, how each queue stands. Nothing is changed.

A queue is looked at as its owner would declare it again, which the broker refuses when its arguments are others.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any

from lianxi.bus.amqp import BROKEN, connect
from lianxi.bus.topology import Queue

NOT_FOUND, PRECONDITION_FAILED = 404, 406


class Fit(Enum):
    """Whether a queue is what the topology says."""

    AS_DECLARED = auto()
    MISSING = auto()
    OTHER_ARGUMENTS = auto()


@dataclass(frozen=True)
class QueueSeen:
    """A queue as the broker has it: whether it fits, how many messages are ready, how many consumers read it."""

    fit: Fit
    ready: int = 0
    consumers: int = 0


def broker_version(uri: str) -> str:
    """Return the version a broker tells at the handshake; raises one of amqp.BROKEN when it is not there."""
    connection = connect(uri, name="inspection")
    try:
        return str(connection._impl.server_properties.get("version", "0.0"))  # noqa: SLF001  (pika has no other way)
    finally:
        connection.close()


def standing_of(uri: str, names: Iterable[str]) -> dict[str, QueueSeen] | None:
    """Return how queues stand, whatever their arguments; None when the broker is not there."""
    seen: dict[str, QueueSeen] = {}
    try:
        connection = connect(uri, name="inspection")
        try:
            for name in names:
                seen[name] = _standing(connection, name)
        finally:
            if connection.is_open:
                connection.close()
    except BROKEN:
        return None
    return seen


def _standing(connection: Any, name: str) -> QueueSeen:
    channel = connection.channel()
    try:
        found = channel.queue_declare(name, passive=True).method
    except BROKEN as closed:
        if getattr(closed, "reply_code", None) != NOT_FOUND:
            raise
        return QueueSeen(Fit.MISSING)
    channel.close()
    return QueueSeen(Fit.AS_DECLARED, found.message_count, found.consumer_count)


def look_at(uri: str, queue: Queue) -> QueueSeen:
    """Return how a queue stands; a queue that is missing is not made."""
    connection = connect(uri, name="inspection")
    try:
        found = connection.channel().queue_declare(queue.name, passive=True).method
        connection.channel().queue_declare(queue.name, durable=True, arguments=queue.arguments)
    except BROKEN as closed:
        code = getattr(closed, "reply_code", None)
        if code not in {NOT_FOUND, PRECONDITION_FAILED}:
            raise
        return QueueSeen(Fit.MISSING if code == NOT_FOUND else Fit.OTHER_ARGUMENTS)
    finally:
        if connection.is_open:
            connection.close()
    return QueueSeen(Fit.AS_DECLARED, found.message_count, found.consumer_count)
