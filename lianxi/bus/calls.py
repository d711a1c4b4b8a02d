"""Calls to services from processes that have no framework, chiefly the portal: `Calls(amqp_uri).call(…)`.

It speaks nameko's wire format over pika. Many threads may call at once; one thread of its own holds the connection,
and connects again whenever the broker goes. Every call has a timeout; the request expires at the same moment, so
what nobody waits for is not executed. A command that was under way when the broker went is sent again if it has a
command id, because then a repeat has one effect; any other waits for its timeout. A timeout means "not known": the
caller repeats with the same id or says so.
"""

import json
import threading
import time
from dataclasses import dataclass, field
from typing import Any

from lianxi.bus import observe
from lianxi.bus.amqp import BROKEN, connect, properties
from lianxi.bus.answers import COMMAND_ID, EXPIRES_AT, TRACEPARENT
from lianxi.bus.problems import broken, problem
from lianxi.runtime import tracing
from lianxi.runtime.clock import new_id
from lianxi.runtime.logging import logger

EXCHANGE = "nameko-rpc"
TIMEOUT = 10.0
PAUSE = 0.2
LONGEST_PAUSE = 2.0


class CallRefused(Exception):  # noqa: N818  reads as what happened
    """The service refused: the caller has to change something."""

    branch = "refused"

    def __init__(self, stated: dict[str, Any]) -> None:
        super().__init__(stated.get("code", "refused"))
        self.problem = stated

    def as_problem(self) -> dict[str, Any]:
        """Return the problem as the service stated it."""
        return self.problem


class CallFailed(CallRefused):
    """The service could not do it now (`branch` retryable) or has a fault of its own (`branch` broken)."""

    branch = "broken"

    def __init__(self, stated: dict[str, Any], branch: str = "broken") -> None:
        super().__init__(stated)
        self.branch = branch


class CallTimedOut(CallFailed):
    """No answer in time; whether it was done is not known. Repeat it with the same command id."""

    def __init__(self, service: str, method: str) -> None:
        super().__init__(
            problem("call-timed-out", 503, "等待超时", "暂时没有收到处理结果。请用同一请求编号重试，不会重复办理。"),
            "retryable",
        )
        self.service = service
        self.method = method


@dataclass(slots=True)
class _Pending:
    """A call that waits for its answer."""

    id: str
    routing_key: str
    body: bytes
    command_id: str | None
    deadline: float
    traceparent: str = ""
    answered: threading.Event = field(default_factory=threading.Event)
    reply: dict[str, Any] | None = None
    failure: CallRefused | None = None
    sent: bool = False

    @property
    def left(self) -> float:
        """Return how many seconds somebody will still wait."""
        return self.deadline - time.monotonic()


class Calls:
    """A client for the calls of all services of a node; make one per process and close it at the end."""

    def __init__(self, amqp_uri: str, *, name: str = "calls") -> None:
        self._uri = amqp_uri
        self._name = name
        self._lock = threading.Lock()
        self._pending: dict[str, _Pending] = {}
        self._connection: Any = None
        self._channel: Any = None
        self._reply_to = ""
        self._woken = False
        self._closing = threading.Event()
        self._thread: threading.Thread | None = None
        self._log = logger("lianxi.bus.calls")

    @property
    def pending(self) -> int:
        """Return how many calls wait."""
        return len(self._pending)

    @property
    def connected(self) -> bool:
        """Return whether the broker is reached at this moment."""
        return self._channel is not None

    def call(
        self,
        service: str,
        method: str,
        body: dict[str, Any],
        *,
        command_id: str | None = None,
        timeout: float = TIMEOUT,
    ) -> dict[str, Any]:
        """Return the answer of `service`; raise `CallRefused`, `CallFailed` or `CallTimedOut`."""
        request = json.dumps({"args": [body], "kwargs": {}}, ensure_ascii=False).encode()
        end, trace = time.monotonic() + timeout, tracing.passed_on()
        pending = _Pending(new_id(), f"{service}.{method}", request, command_id, end, trace)
        observe.asks(service)
        outcome = "answered"
        try:
            return self._wait(pending, service, method)
        except CallRefused as failure:
            outcome = "timed_out" if isinstance(failure, CallTimedOut) else failure.branch
            raise
        finally:
            with self._lock:
                self._pending.pop(pending.id, None)
            observe.CALLS.labels(service, "caller", outcome).inc()

    def close(self) -> None:
        """Drop what waits and close the connection."""
        self._closing.set()
        with self._lock:
            waiting = list(self._pending.values())
        for pending in waiting:
            pending.answered.set()
        thread = self._thread
        if thread is not None:
            self._wake()
            thread.join(5.0)

    def start(self) -> None:
        """Connect ahead of the first call."""
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name=f"calls {self._name}", daemon=True)
                self._thread.start()

    def _wait(self, pending: _Pending, service: str, method: str) -> dict[str, Any]:
        self.start()
        with self._lock:
            self._pending[pending.id] = pending
        self._wake()
        if not pending.answered.wait(pending.left) or (pending.reply is None and pending.failure is None):
            raise CallTimedOut(service, method)
        if pending.failure is not None:
            raise pending.failure
        return _result(pending.reply or {})

    def _wake(self) -> None:
        """Let the connection's thread send what is new; without a connection it will when there is one."""
        with self._lock:
            woken_already, self._woken = self._woken, True
        connection = self._connection
        if connection is not None and not woken_already:
            try:
                connection.add_callback_threadsafe(self._send)
            except BROKEN:
                return  # it has just gone; its thread knows

    def _run(self) -> None:
        pause = PAUSE
        while not self._closing.is_set():
            try:
                self._connect()
                pause = PAUSE
                while not self._closing.is_set() and self._channel.is_open:
                    self._connection.process_data_events(time_limit=1.0)
            except BROKEN as error:
                self._log.warning("broker lost", error=type(error).__name__, seconds=pause)
                self._closing.wait(pause)
                pause = min(pause * 2, LONGEST_PAUSE)
            finally:
                self._disconnect()

    def _connect(self) -> None:
        connection = connect(self._uri, name=self._name)
        channel = connection.channel()
        channel.exchange_declare(EXCHANGE, "topic", durable=True)
        queue = channel.queue_declare("", exclusive=True, auto_delete=True).method.queue
        self._reply_to = new_id()
        channel.queue_bind(queue, EXCHANGE, self._reply_to)
        channel.add_on_return_callback(self._on_returned)
        channel.basic_consume(queue, self._on_reply, auto_ack=True)
        with self._lock:
            for pending in self._pending.values():
                pending.sent = pending.sent and pending.command_id is None
        self._connection, self._channel = connection, channel
        self._send()

    def _disconnect(self) -> None:
        connection, self._connection, self._channel = self._connection, None, None
        try:
            if connection is not None and connection.is_open:
                connection.close()
        except BROKEN as error:
            self._log.debug("closing", error=type(error).__name__)

    def _send(self) -> None:
        """Publish every call that was not sent on this connection."""
        with self._lock:
            self._woken = False
            waiting = [pending for pending in self._pending.values() if not pending.sent and pending.left > 0]
        for pending in waiting:
            if self._channel is None:
                return
            pending.sent = True
            headers: dict[str, Any] = {EXPIRES_AT: int((time.time() + pending.left) * 1000)}
            if pending.command_id is not None:
                headers[COMMAND_ID] = pending.command_id
            if pending.traceparent:
                headers[TRACEPARENT] = pending.traceparent
            facts = properties(
                delivery_mode=1,
                reply_to=self._reply_to,
                correlation_id=pending.id,
                expiration=str(max(1, int(pending.left * 1000))),
                content_type="application/json",
                content_encoding="utf-8",
                headers=headers,
            )
            self._channel.basic_publish(EXCHANGE, pending.routing_key, pending.body, facts, mandatory=True)

    def _on_returned(self, _channel: Any, _method: Any, facts: Any, _body: bytes) -> None:
        not_there = problem("service-not-there", 503, "服务暂不可用", "该服务尚未启动。请稍后重试。")
        self._answer(facts.correlation_id, None, CallFailed(not_there, "retryable"))

    def _on_reply(self, _channel: Any, _method: Any, facts: Any, body: bytes) -> None:
        try:
            reply = json.loads(body)
        except ValueError:
            self._answer(facts.correlation_id, None, CallFailed(_no_sense()))
            return
        self._answer(facts.correlation_id, reply, None)

    def _answer(self, call_id: str, reply: dict[str, Any] | None, failure: CallRefused | None) -> None:
        with self._lock:
            pending = self._pending.pop(call_id, None)
        if pending is not None:  # else nobody waits any more
            pending.reply, pending.failure = reply, failure
            pending.answered.set()


def _no_sense() -> dict[str, Any]:
    return broken("bad-reply", "服务的答复无法识别，已记录待查。")


def _result(reply: dict[str, Any]) -> dict[str, Any]:
    """Return the result of a reply or raise its error."""
    error = reply.get("error")
    if error is None:
        result = reply.get("result")
        if not isinstance(result, dict):
            raise CallFailed(_no_sense())
        return result
    arguments = error.get("exc_args") or []
    if error.get("exc_type") != "CallProblem" or len(arguments) != 2:  # noqa: PLR2004  branch and problem
        raise CallFailed(broken("call-not-understood", "服务不能处理该调用，已记录待查。"))
    branch, stated = arguments[0], json.loads(arguments[1])
    if branch == "refused":
        raise CallRefused(stated)
    raise CallFailed(stated, branch)
