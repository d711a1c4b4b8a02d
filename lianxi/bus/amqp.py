"""The only module that imports pika: connections, properties, and a publisher that knows what was confirmed.

`connect` gives a blocking connection for consumers and calls; whoever holds it treats every error in `BROKEN` as
"the broker is gone" and connects again. `ConfirmingPublisher` is for the relay: an I/O loop of its own in a thread,
a batch at a time goes in, and each batch learns which of its messages the broker has taken, sent back or refused.
A publisher is used until it breaks and then replaced; it never reconnects by itself.
"""

import logging
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pika
from pika.adapters.utils.connection_workflow import AMQPConnectorException
from pika.exceptions import AMQPError, NackError, UnroutableError

# pika reports each refused connection eight times at level ERROR; whoever holds the connection says it once
logging.getLogger("pika").setLevel(logging.CRITICAL)

HEARTBEAT = 10
CONNECT_TIMEOUT = 5.0
TRANSIENT, PERSISTENT = 1, 2

BROKEN: tuple[type[BaseException], ...] = (AMQPError, AMQPConnectorException, OSError, EOFError)
"""What any use of a connection may raise when the broker is not there, accepts and says nothing, or is not as expected.

A silent one raises what pika uses inside only and does not count among its own errors: `AMQPConnectorException`.
"""

__all__ = [
    "BROKEN",
    "Batch",
    "ConfirmingPublisher",
    "NackError",
    "Publication",
    "UnroutableError",
    "connect",
    "properties",
]


def parameters(uri: str, name: str) -> Any:
    """Return connection parameters with a short heartbeat, so that a dead broker is noticed in seconds."""
    chosen = pika.URLParameters(uri)
    chosen.heartbeat = HEARTBEAT
    chosen.socket_timeout = CONNECT_TIMEOUT
    chosen.stack_timeout = CONNECT_TIMEOUT
    chosen.connection_attempts = 1
    chosen.client_properties = {"connection_name": f"lianxi {name}"}
    return chosen


def connect(uri: str, *, name: str) -> Any:
    """Return an open blocking connection, called `name` in the broker's list."""
    return pika.BlockingConnection(parameters(uri, name))


def properties(**facts: Any) -> Any:
    """Return message properties; persistent unless said otherwise."""
    facts.setdefault("delivery_mode", PERSISTENT)
    return pika.BasicProperties(**facts)


@dataclass(frozen=True, slots=True)
class Publication:
    """One message for the publisher; `expiration` in milliseconds, as text, is how long the broker keeps it."""

    exchange: str
    routing_key: str
    body: bytes
    message_id: str
    type: str | None
    headers: Mapping[str, Any]
    expiration: str | None = None
    persistent: bool = True
    content_type: str = "application/json"


@dataclass(slots=True)
class Batch:
    """What became of messages that were given to a publisher together; `done` is set once nothing is open."""

    size: int
    confirmed: list[int] = field(default_factory=list)
    returned: list[int] = field(default_factory=list)
    refused: list[int] = field(default_factory=list)
    done: threading.Event = field(default_factory=threading.Event)

    def settle(self, index: int, outcome: list[int]) -> None:
        """Note the outcome of the message at `index`."""
        outcome.append(index)
        if len(self.confirmed) + len(self.returned) + len(self.refused) == self.size:
            self.done.set()


class ConfirmingPublisher:
    """Publishes mandatory messages on one channel in confirm mode, from an I/O thread of its own."""

    def __init__(self, uri: str, *, name: str) -> None:
        self.failure: str | None = None
        self._ready = threading.Event()
        self._open: dict[int, tuple[Batch, int, Publication]] = {}
        self._lowest_open = 1
        self._returned: set[tuple[str, str, str]] = set()
        self._unfinished: list[Batch] = []
        self._tag = 0
        self._closed = False
        self._leaving = False
        self._channel: Any = None
        self._connection = pika.SelectConnection(
            parameters(uri, name),
            on_open_callback=self._on_connected,
            on_open_error_callback=self._on_connect_failed,
            on_close_callback=self._on_closed,
        )
        self._thread = threading.Thread(target=self._run, name=f"publisher {name}", daemon=True)
        self._thread.start()

    def wait_until_open(self, timeout: float) -> bool:
        """Return whether the publisher became usable in time."""
        return self._ready.wait(timeout) and self.failure is None

    def send(self, publications: Sequence[Publication]) -> Batch:
        """Publish in order; the batch tells later what happened."""
        batch = Batch(len(publications))
        self._unfinished = [each for each in self._unfinished if not each.done.is_set()]
        self._unfinished.append(batch)
        self._connection.ioloop.add_callback_threadsafe(lambda: self._publish(batch, publications))
        if self.failure is not None or not publications:
            batch.done.set()
        return batch

    def close(self, timeout: float = 2 * CONNECT_TIMEOUT) -> None:
        """Close the connection; what was not confirmed by now stays open for ever. Closing twice does no harm."""
        if self._closed:
            return
        self._connection.ioloop.add_callback_threadsafe(self._close)
        self._thread.join(timeout)
        if not self._thread.is_alive():
            self._closed = True
            self._connection.ioloop.close()  # its pair of sockets would stay open until the process ends

    def _run(self) -> None:
        try:
            self._connection.ioloop.start()
        except Exception as error:  # noqa: BLE001  the thread's only way to tell
            self._fail(type(error).__name__)
        finally:
            self._fail("stopped")

    def _close(self) -> None:
        """End the connection; one that is not open yet ends when it is, or when its attempt fails."""
        self._leaving = True
        if self._connection.is_open:
            self._connection.close()
        elif self._connection.is_closed:
            self._connection.ioloop.stop()

    def _on_connected(self, connection: Any) -> None:
        if self._leaving:
            connection.close()
            return
        connection.channel(on_open_callback=self._on_channel)

    def _on_channel(self, channel: Any) -> None:
        self._channel = channel
        channel.add_on_close_callback(self._on_channel_closed)
        channel.add_on_return_callback(self._on_returned)
        channel.confirm_delivery(self._on_confirm, callback=lambda _frame: self._ready.set())

    def _on_connect_failed(self, connection: Any, error: BaseException) -> None:
        self._fail(type(error).__name__)
        connection.ioloop.stop()

    def _on_channel_closed(self, _channel: Any, reason: Any) -> None:
        self._fail(str(getattr(reason, "reply_text", "") or type(reason).__name__))
        self._close()

    def _on_closed(self, connection: Any, reason: Any) -> None:
        self._fail(str(getattr(reason, "reply_text", "") or type(reason).__name__))
        connection.ioloop.stop()

    def _fail(self, failure: str) -> None:
        """Wake everybody who waits; the first failure is the one to tell."""
        self.failure = self.failure or failure
        self._ready.set()
        for batch in self._unfinished:
            batch.done.set()

    def _publish(self, batch: Batch, publications: Sequence[Publication]) -> None:
        if self.failure is not None:
            batch.done.set()
            return
        for index, each in enumerate(publications):
            self._tag += 1
            self._open[self._tag] = (batch, index, each)
            self._channel.basic_publish(
                each.exchange,
                each.routing_key,
                each.body,
                properties(
                    message_id=each.message_id,
                    type=each.type,
                    headers=dict(each.headers),
                    content_type=each.content_type,
                    expiration=each.expiration,
                    delivery_mode=PERSISTENT if each.persistent else TRANSIENT,
                ),
                mandatory=True,
            )

    def _on_returned(self, _channel: Any, method: Any, facts: Any, _body: bytes) -> None:
        # the broker sends a message back before it confirms it
        self._returned.add((facts.message_id, method.exchange, method.routing_key))

    def _on_confirm(self, frame: Any) -> None:
        method = frame.method
        first = self._lowest_open if method.multiple else method.delivery_tag
        for tag in range(first, method.delivery_tag + 1):
            entry = self._open.pop(tag, None)
            if entry is not None:
                self._settle(*entry, refused=method.NAME == "Basic.Nack")
        if method.multiple:
            self._lowest_open = method.delivery_tag + 1

    def _settle(self, batch: Batch, index: int, publication: Publication, *, refused: bool) -> None:
        mark = (publication.message_id, publication.exchange, publication.routing_key)
        if refused:
            batch.settle(index, batch.refused)
        elif mark in self._returned:
            self._returned.discard(mark)
            batch.settle(index, batch.returned)
        else:
            batch.settle(index, batch.confirmed)
