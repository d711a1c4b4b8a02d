"""Calls under nameko: a `@call` method becomes an RPC entrypoint that answers with a result or a problem.

nameko carries the call; `answers` decides about it. The command id and the instant after which nobody waits come as
headers that nameko hands to the worker. Its own consumer dies when a reply cannot be published, for example because
the request names no place for it, so that part is made safe here: the effect is committed by then, and a caller
without a reply repeats the command with the same id.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from kombu.exceptions import OperationalError
from nameko.amqp.consume import Consumer
from nameko.rpc import Rpc, RpcConsumer

from lianxi.bus.answers import CallProblem
from lianxi.bus.failures import describe
from lianxi.runtime.logging import logger
from lianxi.runtime.tracing import HEADER


class PromptConsumer(Consumer):
    """nameko's consumer, which otherwise waits up to half a minute before it looks for a restarted broker again."""

    @contextmanager
    def establish_connection(self) -> Iterator[Any]:
        """Connect, with short and steady pauses."""
        with self.create_connection() as connection:
            connection.ensure_connection(self.on_connection_error, interval_start=0.5, interval_step=0, interval_max=1)
            yield connection


class CallConsumer(RpcConsumer):
    """nameko's consumer of a service's calls, made to survive a reply that cannot be sent."""

    consumer_cls = PromptConsumer

    def handle_result(self, message: Any, result: Any, exc_info: Any) -> tuple[Any, Any]:
        """Reply and acknowledge."""
        try:
            replied: tuple[Any, Any] = super().handle_result(message, result, exc_info)
        except Exception as error:  # noqa: BLE001  whatever it is, the container must not die of it
            logger("lianxi.bus.rpc").warning("reply not sent", error=describe(error))
            try:
                self.consumer.ack_message(message)
            except (OperationalError, OSError) as lost:
                logger("lianxi.bus.rpc").warning("call will be delivered again", error=describe(lost))
            return None, None
        return replied


class Call(Rpc):
    """One callable method."""

    rpc_consumer = CallConsumer()

    def handle_result(self, message: Any, worker_ctx: Any, result: Any, exc_info: Any) -> tuple[Any, Any]:
        """Turn a problem into what nameko sends as an error, without a line in its log."""
        if isinstance(result, CallProblem):
            result, exc_info = None, (CallProblem, result, None)
        super().handle_result(message, worker_ctx, result, exc_info)
        return None, None


def answering(name: str) -> Any:
    """Return the entrypoint method for the call `name`."""

    def answer(self: Any, body: Any) -> Any:
        host, sent_along = self.hosted
        try:
            return host.answerer.answer(
                name,
                body,
                command_id=sent_along.get("command_id"),
                expires_at=_seconds(sent_along.get("expires_at")),
                traceparent=sent_along.get(HEADER),
            )
        except CallProblem as problem:
            return problem

    marked: Callable[..., Any] = Call.decorator(answer)
    return marked


def _seconds(milliseconds: Any) -> float | None:
    return int(milliseconds) / 1000 if str(milliseconds).isdecimal() else None
