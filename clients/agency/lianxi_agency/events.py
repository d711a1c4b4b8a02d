"""The events of an agency from its queue, each once, in order, without gaps.

The queue gives an event at least once; its `agencycursor` says whether it was seen before or something is missing
before it. An event is acknowledged, and the cursor moved, when the next one is asked for: a program that dies in
between sees the same event again.
"""

import json
import time
from collections.abc import Iterator, Mapping
from typing import Any, Protocol

import pika
from pika.exceptions import AMQPError

from lianxi_agency.cursors import Cursor

PREFETCH = 50
LONGEST_PAUSE = 30.0
_PREFIXES = ("cloudEvents_", "cloudEvents:")
_WHOLE = ("agencycursor", "caseseq", "caseepoch")


class Missing(Protocol):
    """Where the events of a gap come from; `Portal` is one."""

    def events(self, after: int) -> Iterator[dict[str, Any]]:
        """Return every event behind a cursor."""
        ...


class Events:
    """An endless iterator over events; with `idle` it ends after so many seconds without one."""

    def __init__(
        self, uri: str, queue: str, cursor: Cursor, missing: Missing | None = None, *, idle: float | None = None
    ) -> None:
        self._uri = uri
        self._queue = queue
        self._cursor = cursor
        self._missing = missing
        self._idle = idle

    def __iter__(self) -> Iterator[dict[str, Any]]:
        """Give one event after the other, through every loss of the broker."""
        pause = 1.0
        while True:
            try:
                for event in self._connected():
                    pause = 1.0
                    yield event
            except (AMQPError, OSError):
                time.sleep(pause)
                pause = min(pause * 2, LONGEST_PAUSE)
            else:
                return

    def _connected(self) -> Iterator[dict[str, Any]]:
        parameters = pika.URLParameters(self._uri)
        parameters.heartbeat = 30
        connection = pika.BlockingConnection(parameters)
        try:
            channel = connection.channel()
            channel.basic_qos(prefetch_count=PREFETCH)
            for method, properties, body in channel.consume(self._queue, inactivity_timeout=self._idle):
                if method is None:
                    return
                for event in self._new(from_message(properties, body)):
                    yield event
                    self._cursor.write(event["agencycursor"])
                channel.basic_ack(method.delivery_tag)
        finally:
            if connection.is_open:
                connection.close()

    def _new(self, event: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """Give what is new with `event`: nothing, the event, or the gap before it and the event."""
        done = self._cursor.read()
        if event["agencycursor"] <= done:
            return
        if event["agencycursor"] > done + 1 and self._missing is not None:
            for earlier in self._missing.events(done):
                if earlier["agencycursor"] >= event["agencycursor"]:
                    break
                yield earlier
        yield event


def from_message(properties: Any, body: bytes) -> dict[str, Any]:
    """Return the CloudEvent of a message in structured or binary mode."""
    data = json.loads(body)
    if str(properties.content_type or "").startswith("application/cloudevents"):
        found: dict[str, Any] = data
        return found
    headers: Mapping[str, Any] = properties.headers or {}
    event: dict[str, Any] = {
        name.removeprefix(prefix): value
        for name, value in headers.items()
        for prefix in _PREFIXES
        if name.startswith(prefix)
    }
    event |= {name: int(event[name]) for name in _WHOLE if name in event}
    return {**event, "datacontenttype": properties.content_type, "data": data}
