"""The events of an agency from its queue, each once, in order, without gaps.

The queue gives an event at least once, after a crash of the broker also late; its `agencycursor` says whether it was
seen before or something is missing before it. An event is acknowledged, and the cursor moved, when the next one is
asked for: a program that dies in between sees the same event again.
"""

import json
import logging
import ssl
import time
from collections.abc import Iterator, Mapping
from typing import Any, Protocol

import pika
from pika.exceptions import AMQPError, ProbableAccessDeniedError, ProbableAuthenticationError

from lianxi_agency.cursors import Cursor

PREFETCH = 50
LONGEST_PAUSE = 30.0
LOOK = 0.5
PATIENCE = 5.0
_PREFIXES = ("cloudEvents_", "cloudEvents:")
_WHOLE = ("agencycursor", "caseseq", "caseepoch")
_log = logging.getLogger("lianxi_agency")
"""Says why there are no events when the broker cannot be had; never a password."""


class Missing(Protocol):
    """Where the events of a gap come from; `Portal` is one."""

    def events(self, after: int) -> Iterator[dict[str, Any]]:
        """Return every event behind a cursor."""
        ...


class Events:
    """An endless iterator over events; with `idle` it ends after so many seconds without one."""

    def __init__(
        self,
        uri: str,
        queue: str,
        cursor: Cursor,
        missing: Missing | None = None,
        *,
        idle: float | None = None,
        context: ssl.SSLContext | None = None,
    ) -> None:
        """Read `queue` at the address `uri`; `context` says whom to believe, without it the system's authorities."""
        self._parameters = pika.URLParameters(uri)
        self._parameters.heartbeat = 30
        if context is not None and self._parameters.ssl_options is not None:
            self._parameters.ssl_options = pika.SSLOptions(context, self._parameters.host)
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
            except (AMQPError, OSError) as error:
                _log.warning("no broker, trying again in %.0f s: %s", pause, _why(error))
                time.sleep(pause)
                pause = min(pause * 2, LONGEST_PAUSE)
            else:
                return

    def _connected(self) -> Iterator[dict[str, Any]]:
        connection = pika.BlockingConnection(self._parameters)
        early = _Early(self._cursor.read())
        quiet = 0.0
        try:
            channel = connection.channel()
            channel.basic_qos(prefetch_count=PREFETCH)
            for method, properties, body in channel.consume(self._queue, inactivity_timeout=LOOK):
                quiet = quiet + LOOK if method is None else 0.0
                if method is not None:
                    event = from_message(properties, body)
                    early.add(event, method.delivery_tag)
                    if self._missing is not None and early.gap:
                        yield from self._fetched(early, event["agencycursor"])
                for due, tag in early.next(patient=quiet < PATIENCE):
                    if due is not None:
                        yield due
                        self._cursor.write(due["agencycursor"])
                    channel.basic_ack(tag)
                if self._idle is not None and quiet >= self._idle and not early:
                    return
        finally:
            if connection.is_open:
                connection.close()

    def _fetched(self, early: "_Early", before: int) -> Iterator[dict[str, Any]]:
        """Give what lies in the gap before a cursor; what the portal does not have either is gone."""
        for event in self._missing.events(early.done) if self._missing else ():
            if event["agencycursor"] >= before:
                break
            yield event
            self._cursor.write(event["agencycursor"])
            early.done = event["agencycursor"]
        early.done = before - 1


def _why(error: Exception) -> str:
    if isinstance(error, ProbableAuthenticationError):
        return "it refuses the user or the password"
    if isinstance(error, ProbableAccessDeniedError):
        return "it does not let this user into the vhost"
    for reason in _reasons(error):
        if isinstance(reason, ssl.SSLCertVerificationError):
            return f"its certificate is not believed: {reason.verify_message}"
        if isinstance(reason, ssl.SSLError):
            return f"no TLS with it: {reason.reason or reason}"
    return str(error) or repr(error)


def _reasons(error: Any) -> Iterator[BaseException]:
    """Give an error and what it was made of, outermost first."""
    if isinstance(error, BaseException):
        yield error
        for inner in (*error.args, getattr(error, "exception", None), error.__cause__):
            yield from _reasons(inner)


class _Early:
    """Events of the queue that wait for what stands before them.

    After a crash of the broker, events that were under way come back behind later ones. Without a portal to ask, a gap
    is believed when nothing has come for `PATIENCE` seconds or half of what may be under way waits behind it.
    """

    def __init__(self, done: int) -> None:
        self.done = done
        self._waiting: dict[int, tuple[dict[str, Any], int]] = {}
        self._seen: list[int] = []

    def __bool__(self) -> bool:
        return bool(self._waiting)

    @property
    def gap(self) -> bool:
        """Whether something is missing before the first that waits."""
        return bool(self._waiting) and min(self._waiting) > self.done + 1

    def add(self, event: dict[str, Any], tag: int) -> None:
        """Take an event of the queue with the tag that acknowledges it."""
        cursor = event["agencycursor"]
        if cursor <= self.done or cursor in self._waiting:
            self._seen.append(tag)
        else:
            self._waiting[cursor] = event, tag

    def next(self, *, patient: bool) -> Iterator[tuple[dict[str, Any] | None, int]]:
        """Give what is in turn with its tag, and the tags of what was seen before."""
        while self._seen:
            yield None, self._seen.pop()
        while self._waiting:
            cursor = min(self._waiting)
            if cursor > self.done + 1 and patient and len(self._waiting) < PREFETCH // 2:
                return
            event, tag = self._waiting.pop(cursor)
            self.done = cursor
            yield event, tag


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
