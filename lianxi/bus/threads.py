"""The second runner: the same service classes on pika and plain threads, `python -m lianxi.bus.threads --services …`.

Per queue one thread holds the connection and fills the buffer, another works off batches; calls have a connection
and a small pool; each timer has a thread. It reads the same queues and speaks the same wire format as the nameko
runner and passes the same tests, so that eventlet can go one day without anything else moving.
"""

import importlib
import json
import signal
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from typing import Any

import click

from lianxi.bus import observe
from lianxi.bus.amqp import BROKEN, connect, properties
from lianxi.bus.answers import COMMAND_ID, EXPIRES_AT, TRACEPARENT, CallProblem
from lianxi.bus.batch import PREFETCH, BatchConsumer
from lianxi.bus.calls import EXCHANGE
from lianxi.bus.doors import Service
from lianxi.bus.failures import describe
from lianxi.bus.hosting import LONGEST_PAUSE, PAUSE, Host, QueueWorker
from lianxi.bus.messages import RawMessage
from lianxi.bus.telemetry import tell_regularly
from lianxi.runtime import logging as logs
from lianxi.runtime.logging import logger
from lianxi.runtime.metrics import serve_metrics
from lianxi.runtime.settings import read, read_int

CALLERS = 8
"""Calls of one service that run at the same time."""

GRACE = 15.0


class PikaChannel:
    """One connection's channel, as a worker in another thread settles batches with it."""

    def __init__(self, connection: Any, channel: Any) -> None:
        self._connection = connection
        self._channel = channel

    @property
    def alive(self) -> bool:
        """Return whether the channel is open."""
        return bool(self._channel.is_open)

    def settle(self, acknowledge_upto: int | None, reject: Sequence[int]) -> None:
        """Let the connection's own thread reject and acknowledge."""
        try:
            self._connection.add_callback_threadsafe(partial(self._settle, acknowledge_upto, reject))
        except BROKEN as error:
            logger("lianxi.bus.threads").warning("not acknowledged", error=type(error).__name__)

    def _settle(self, acknowledge_upto: int | None, reject: Sequence[int]) -> None:
        if not self.alive:
            return
        for tag in reject:
            self._channel.basic_reject(tag, requeue=False)
        if acknowledge_upto is not None:
            self._channel.basic_ack(acknowledge_upto, multiple=True)


class Connected:
    """Keeps a connection up in a thread of its own; `set_up` opens its channel each time the broker comes back."""

    def __init__(
        self, uri: str, name: str, set_up: Callable[[Any], Any], set_down: Callable[[], object] = lambda: None
    ) -> None:
        self._uri = uri
        self._name = name
        self._set_up = set_up
        self._set_down = set_down
        self._stop = threading.Event()
        self._connection: Any = None
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """Close the connection and wait for the thread."""
        self._stop.set()
        connection = self._connection
        try:
            if connection is not None:
                connection.add_callback_threadsafe(lambda: None)
        except BROKEN as error:
            logger("lianxi.bus.threads").debug("already closed", error=type(error).__name__)
        self._thread.join(GRACE)

    def _run(self) -> None:
        log = logger("lianxi.bus.threads").bind(connection=self._name)
        pause = PAUSE
        while not self._stop.is_set():
            try:
                self._connection = connect(self._uri, name=self._name)
                channel = self._set_up(self._connection)
                log.info("connected")
                while not self._stop.is_set() and channel.is_open:
                    self._connection.process_data_events(time_limit=1.0)
                    pause = PAUSE
                self._connection.process_data_events()
                self._connection.close()
                self._stop.wait(0 if self._stop.is_set() else pause)
            except Exception as error:  # noqa: BLE001  whatever it is, this thread has to connect again
                log.warning("broker lost", error=type(error).__name__, seconds=pause)
                self._stop.wait(pause)
                pause = min(pause * 2, LONGEST_PAUSE)
            finally:
                self._set_down()
                self._hang_up()

    def _hang_up(self) -> None:
        """Close a connection that something else than the broker brought to an end, such as a missing queue."""
        connection = self._connection
        if connection is not None and connection.is_open:
            with suppress(*BROKEN):
                connection.close()


class QueueThreads:
    """One queue: a connection that fills the buffer, a worker that empties it."""

    def __init__(self, uri: str, service: str, consumer: BatchConsumer) -> None:
        self._labels = (service, consumer.queue)
        self._worker = QueueWorker(consumer.queue, consumer.handle, consumer.tick)
        self._connected = Connected(uri, f"{service} {consumer.queue}", self._set_up, self._set_down)
        self._thread = threading.Thread(target=self._worker.run, name=f"worker {consumer.queue}", daemon=True)

    def start(self) -> None:
        """Begin to consume."""
        self._thread.start()
        self._connected.start()

    def stop(self) -> None:
        """Finish the batch in work; the rest goes back to the broker."""
        self._worker.stop()
        self._thread.join(GRACE)
        self._connected.stop()

    def _set_up(self, connection: Any) -> Any:
        channel = connection.channel()
        channel.basic_qos(prefetch_count=PREFETCH)
        self._worker.buffer.connect(PikaChannel(connection, channel))
        channel.add_on_cancel_callback(lambda _frame: channel.close())
        channel.basic_consume(self._worker.queue, self._on_message)
        observe.CONNECTED.labels(*self._labels).set(1)
        return channel

    def _set_down(self) -> None:
        observe.CONNECTED.labels(*self._labels).set(0)

    def _on_message(self, _channel: Any, method: Any, facts: Any, body: bytes) -> None:
        self._worker.buffer.add(
            RawMessage(
                body,
                facts.headers or {},
                facts.message_id,
                facts.type,
                method.exchange,
                method.routing_key,
                method.delivery_tag,
            )
        )


class CallThreads:
    """The calls of one service."""

    def __init__(self, uri: str, host: Host) -> None:
        self._service = host.service.name
        self._answerer = host.answerer
        self._pool = ThreadPoolExecutor(CALLERS, thread_name_prefix=f"call {self._service}")
        self._connected = Connected(uri, f"{self._service} calls", self._set_up)

    def start(self) -> None:
        """Begin to answer."""
        self._connected.start()

    def stop(self) -> None:
        """Finish the calls in work; their answers still go out."""
        self._pool.shutdown(wait=True, cancel_futures=True)
        self._connected.stop()

    def _set_up(self, connection: Any) -> Any:
        channel = connection.channel()
        queue = f"rpc-{self._service}"
        channel.exchange_declare(EXCHANGE, "topic", durable=True)
        channel.queue_declare(queue, durable=True)
        channel.queue_bind(queue, EXCHANGE, f"{self._service}.*")
        channel.basic_qos(prefetch_count=CALLERS)
        channel.basic_consume(queue, partial(self._on_call, connection))
        return channel

    def _on_call(self, connection: Any, channel: Any, method: Any, facts: Any, body: bytes) -> None:
        def work() -> None:
            reply = self._answer(method.routing_key.rpartition(".")[2], facts.headers or {}, body)
            try:
                connection.add_callback_threadsafe(lambda: send(reply))
            except BROKEN as error:  # the caller repeats it
                logger("lianxi.bus.threads").warning("reply not sent", error=type(error).__name__)

        def send(reply: bytes) -> None:
            if not channel.is_open:
                return
            if facts.reply_to:
                told = properties(correlation_id=facts.correlation_id, content_type="application/json", delivery_mode=1)
                channel.basic_publish(EXCHANGE, facts.reply_to, reply, told)
            channel.basic_ack(method.delivery_tag)

        with suppress(RuntimeError):  # the pool is closing: the call goes back to the queue
            self._pool.submit(work)

    def _answer(self, method: str, headers: dict[str, Any], request: bytes) -> bytes:
        """Return the reply in nameko's form."""
        try:
            body = _first_argument(json.loads(request))
            expires = headers.get(EXPIRES_AT)
            answer = self._answerer.answer(
                method,
                body,
                command_id=headers.get(COMMAND_ID),
                expires_at=int(str(expires)) / 1000 if str(expires).isdecimal() else None,
                traceparent=headers.get(TRACEPARENT),
            )
            return json.dumps({"result": answer, "error": None}, ensure_ascii=False).encode()
        except CallProblem as problem:
            error = {"exc_type": "CallProblem", "exc_path": "", "exc_args": list(problem.args), "value": ""}
        except Exception as failure:  # noqa: BLE001  the caller is told, the log knows more
            logger("lianxi.bus.threads").error("call not understood", service=self._service, error=describe(failure))
            error = {"exc_type": type(failure).__name__, "exc_path": "", "exc_args": [], "value": ""}
        return json.dumps({"result": None, "error": error}, ensure_ascii=False).encode()


def _first_argument(request: Any) -> Any:
    arguments, named = request["args"], request["kwargs"]
    return arguments[0] if arguments else named["body"]


class ThreadsRunner:
    """Runs services in this process until stopped; also usable inside a test."""

    def __init__(self, amqp_uri: str, services: Sequence[Callable[[], Service]]) -> None:
        self._stop = threading.Event()
        self._parts: list[QueueThreads | CallThreads] = []
        self._timers: list[threading.Thread] = []
        for service in services:
            host = Host(service)
            name = host.service.name
            self._parts += [QueueThreads(amqp_uri, name, consumer) for consumer in host.consumers.values()]
            if host.calls:
                self._parts.append(CallThreads(amqp_uri, host))
            self._timers += [
                threading.Thread(target=self._repeat, args=(host, timer, seconds), name=f"timer {timer}", daemon=True)
                for timer, seconds in host.timers.items()
            ]

    def start(self) -> None:
        """Start every thread."""
        for part in (*self._parts, *self._timers):
            part.start()

    def stop(self) -> None:
        """End in order: nothing new is taken, what is in work is finished."""
        self._stop.set()
        for part in self._parts:
            part.stop()
        for timer in self._timers:
            timer.join(GRACE)

    def _repeat(self, host: Host, timer: str, seconds: float) -> None:
        due = time.monotonic() + seconds
        while not self._stop.wait(max(0.0, due - time.monotonic())):
            host.run_timer(timer)
            due = max(due + seconds, time.monotonic())


@click.command()
@click.option("--services", required=True, help="Names, separated by commas: intake,routing,supervision,notify.")
@click.option("--metrics-port", type=int, default=None, help="Default LIANXI_METRICS_PORT; 0 takes a free one.")
def main(services: str, metrics_port: int | None) -> None:
    """Run services of one node on plain threads until a signal arrives."""
    names = [name.strip() for name in services.split(",") if name.strip()]
    logs.configure(level=read("LOG_LEVEL", "INFO"), node=read("NODE", ""), process="+".join(names))
    classes = [importlib.import_module(f"services.{name}.service").Service for name in names]
    runner = ThreadsRunner(read("AMQP_URI", secret=True), classes)
    serve_metrics(read_int("METRICS_PORT", 0) if metrics_port is None else metrics_port)
    tell_regularly(read("AMQP_URI", secret=True), "+".join(names))
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: stop.set())
    runner.start()
    stop.wait()
    runner.stop()


if __name__ == "__main__":
    main()
