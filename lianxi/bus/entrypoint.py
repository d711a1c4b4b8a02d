"""Services under nameko: a marked class becomes a nameko service, its `@consume_batch` methods read their queues.

`nameko_service` makes a thin class: nameko constructs it anew for every worker, while the service itself is built
once per container. The entrypoint keeps two green threads per queue. One holds the connection and fills the buffer
with raw messages, before kombu could decode and silently drop them; it connects again whenever the broker goes. The
other takes a batch at a time and runs it as a nameko worker, so that nameko's limits and its orderly end hold.
"""

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

import eventlet
from eventlet.event import Event
from kombu.connection import Connection
from nameko import config
from nameko.extensions import DependencyProvider, Entrypoint
from nameko.timer import timer

from lianxi.bus import observe
from lianxi.bus.batch import PREFETCH
from lianxi.bus.doors import BatchDoor, CallDoor, Door, Service, TimerDoor, doors_of
from lianxi.bus.hosting import LONGEST_PAUSE, PAUSE, Host, QueueWorker
from lianxi.bus.messages import RawMessage
from lianxi.bus.rpc import answering
from lianxi.runtime.logging import logger

HEARTBEAT = 10
BEAT = 1.0
READ_AHEAD = 16 * 1024
"""Bytes taken from the socket at a time."""


class Hosted(DependencyProvider):
    """Builds the service when the container starts and lends it to every worker."""

    def __init__(self, service: Callable[[], Service]) -> None:
        self._service = service
        self.host: Host | None = None

    def setup(self) -> None:
        """Build the service, once."""
        self.host = Host(self._service)

    def get_dependency(self, worker_ctx: Any) -> tuple[Host | None, dict[str, Any]]:
        """Return the service and what the caller sent along."""
        return self.host, worker_ctx.data


class KombuChannel:
    """One connection's channel, as the worker settles batches with it."""

    def __init__(self, channel: Any) -> None:
        self._channel = channel

    @property
    def alive(self) -> bool:
        """Return whether the connection behind it is open."""
        return self._channel.connection is not None

    def settle(self, acknowledge_upto: int | None, reject: Sequence[int]) -> None:
        """Reject and acknowledge; if the connection breaks meanwhile, everything is delivered again."""
        try:
            for tag in reject:
                self._channel.basic_reject(tag, requeue=False)
            if acknowledge_upto is not None:
                self._channel.basic_ack(acknowledge_upto, multiple=True)
        except Exception as error:  # noqa: BLE001  py-amqp, kombu and the socket each have errors of their own
            logger("lianxi.bus.entrypoint").warning("not acknowledged", error=type(error).__name__)


class ConsumeBatch(Entrypoint):
    """Reads one queue in batches."""

    def __init__(self, queue: str, **options: Any) -> None:
        self.queue = queue
        super().__init__(**options)

    def setup(self) -> None:
        """Prepare; nothing is connected yet."""
        self._worker = QueueWorker(self.queue, self._run_batch, self._run_tick)
        self._labels = (self.container.service_name, self.queue)
        self._log = logger("lianxi.bus.entrypoint").bind(service=self._labels[0], queue=self.queue)

    def start(self) -> None:
        """Start both green threads."""
        self._connecting = self.container.spawn_managed_thread(self._keep_connected)
        self._working = self.container.spawn_managed_thread(self._worker.run)

    def stop(self) -> None:
        """Finish the batch in work, then close the connection; the rest goes back to the broker."""
        self._worker.stop()
        self._working.wait()
        self._connecting.wait()

    def kill(self) -> None:
        """End at once."""
        self._worker.stop()
        self._working.kill()
        self._connecting.kill()

    def _keep_connected(self) -> None:
        pause = PAUSE
        while not self._worker.stopping:
            connection = Connection(config["AMQP_URI"], heartbeat=HEARTBEAT, connect_timeout=5)
            try:
                self._consume(connection)
                pause = PAUSE
            except Exception as error:  # noqa: BLE001  whatever it is, an escaping error would end the container
                self._log.warning("broker lost", error=type(error).__name__, seconds=pause)
                eventlet.sleep(pause)
                pause = min(pause * 2, LONGEST_PAUSE)
            finally:
                observe.CONNECTED.labels(*self._labels).set(0)
                connection.release()

    def _consume(self, connection: Any) -> None:
        """Fill the buffer until stopped or disconnected."""
        connection.connect()
        _read_ahead(connection.connection.transport)
        channel = connection.channel()
        channel.auto_decode = False
        channel.basic_qos(0, PREFETCH, a_global=False)
        self._worker.buffer.connect(KombuChannel(channel))
        channel.basic_consume(self.queue, callback=self._on_message)
        observe.CONNECTED.labels(*self._labels).set(1)
        self._log.info("consuming")
        beat = time.monotonic() + BEAT
        while not self._worker.stopping:
            with suppress(TimeoutError):
                connection.drain_events(timeout=BEAT)
            if time.monotonic() >= beat:
                connection.heartbeat_check()
                beat = time.monotonic() + BEAT

    def _on_message(self, message: Any) -> None:
        facts = message.properties
        self._worker.buffer.add(
            RawMessage(
                message.body if isinstance(message.body, bytes) else message.body.encode(),
                facts.get("application_headers") or {},
                facts.get("message_id"),
                facts.get("type"),
                message.delivery_info["exchange"],
                message.delivery_info["routing_key"],
                message.delivery_tag,
            )
        )

    def _run_batch(self, raws: Sequence[RawMessage]) -> list[int]:
        reject: list[int] = self._as_worker(raws)
        return reject

    def _run_tick(self) -> None:
        self._as_worker(None)

    def _as_worker(self, raws: Sequence[RawMessage] | None) -> Any:
        """Run the method as a nameko worker and return what it returned, or raise what it raised."""
        finished = Event()

        def hand_over(_worker_ctx: Any, result: Any, exc_info: Any) -> tuple[Any, None]:
            finished.send((result, exc_info))
            return None, None  # a failure is ours to repeat, not the container's to report

        self.container.spawn_worker(self, (raws,), {}, handle_result=hand_over)
        result, exc_info = finished.wait()
        if isinstance(result, Exception):
            raise result
        if exc_info is not None:
            raise exc_info[1]
        return result


def _read_ahead(transport: Any) -> None:
    """Let a connection take from its socket what is there.

    py-amqp asks the system for exactly the bytes that it wants next, about seven times for each message, and keeps
    what it gets beyond that.
    """
    receive = transport.sock.recv
    transport._quick_recv = lambda wanted: receive(max(wanted, READ_AHEAD))  # noqa: SLF001  it has no option for this


def _reading(name: str) -> Callable[[Any, Sequence[RawMessage] | None], Any]:
    def run(self: Any, raws: Sequence[RawMessage] | None) -> Any:
        host, _ = self.hosted
        try:
            return host.consumers[name].tick() if raws is None else host.consumers[name].handle(raws)
        except Exception as error:  # noqa: BLE001  returned, because nameko would log it with its text
            return error

    return run


def _ticking(name: str) -> Callable[[Any], None]:
    def run(self: Any) -> None:
        host, _ = self.hosted
        host.run_timer(name)

    return run


def _entrypoint(name: str, door: Door) -> Any:
    match door:
        case BatchDoor():
            return ConsumeBatch.decorator(door.queue)(_reading(name))
        case TimerDoor():
            return timer(interval=door.seconds)(_ticking(name))
        case CallDoor():
            return answering(name)


def _stay_awake(_self: Any) -> None:
    """Wake the hub once a second: an idle one does not notice a signal."""


def nameko_service(service: Any) -> type:
    """Return the nameko form of a class whose methods carry the marks of `doors`."""
    members: dict[str, Any] = {name: _entrypoint(name, door) for name, door in doors_of(service)}
    members |= {
        "name": service.name,
        "hosted": Hosted(service),
        "stay_awake": timer(interval=BEAT)(_stay_awake),
        "__doc__": service.__doc__,
    }
    return type(service.__name__, (), members)
