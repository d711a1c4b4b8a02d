"""How a call is answered, whatever runner brought it: once per command id, in one transaction, never after its time.

The runner hands over method, body, command id and the instant after which nobody waits. The answer is what the
method returned, or a `CallProblem` with the problem document that goes over the wire. Errors are read by duck
typing: `branch` says whose fault it is, `as_problem()` what to tell; what has neither is told as our own fault,
without its text.
"""

import json
import time
from contextlib import nullcontext
from typing import Any

from lianxi.bus import observe
from lianxi.bus.commands import Answer, fingerprint
from lianxi.bus.doors import CallDoor, Service, doors_of
from lianxi.bus.failures import describe
from lianxi.bus.problems import broken, problem
from lianxi.bus.retries import Branch, branch_of
from lianxi.bus.turns import Turns
from lianxi.bus.work import Work
from lianxi.runtime import tracing
from lianxi.runtime.logging import logger

AT_ONCE = 5
"""Commands of one service in work at the same time.

Most of them ask for the same few rows. More of them would not be done sooner, but wait for each other's locks in
the database, where nobody keeps the order in which they came.
"""

COMMAND_ID = "nameko.command_id"
EXPIRES_AT = "nameko.expires_at"
TRACEPARENT = f"nameko.{tracing.HEADER}"
"""Headers of a request; the framework carries whatever begins with its name to the worker."""


class CallProblem(Exception):  # noqa: N818  it carries a problem, it is not one of ours
    """The answer to a call that did not succeed; its arguments are text, so any wire format carries them."""

    def __init__(self, branch: Branch, problem: str) -> None:
        super().__init__(branch, problem)
        self.branch = branch
        self.problem: dict[str, Any] = json.loads(problem)


def expired() -> dict[str, Any]:
    """Return the problem of a request that came after its time."""
    return problem("call-expired", 503, "请求已超时", "请求到达时已超过等待时间，未予执行。请重试。")


def _problem_of(error: Exception, branch: Branch) -> dict[str, Any]:
    as_problem = getattr(error, "as_problem", None)
    if callable(as_problem):
        stated: dict[str, Any] = as_problem()
        return stated
    if branch == "retryable":
        return problem("retry-later", 503, "暂时无法办理，请稍后重试", "系统暂时繁忙，本次操作未执行。请稍后重试。")
    if branch == "refused":
        code = str(getattr(error, "code", "refused"))
        return problem(code, 422, "请求被拒绝", "提交的内容不能按此办理。请核对后重试。")
    return broken("broken", "系统内部出现错误，本次操作未执行，已记录待查。")


class Answerer:
    """Answers the calls of one service instance; safe to use from many threads at once."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._doors = {name: door for name, door in doors_of(service) if isinstance(door, CallDoor)}
        self._turns = Turns(AT_ONCE)
        if self._doors:
            observe.answers(service.name)
        self._log = logger("lianxi.bus.answers").bind(service=service.name)

    @property
    def methods(self) -> list[str]:
        """Return the names that can be called."""
        return list(self._doors)

    def answer(
        self,
        method: str,
        body: Any,
        *,
        command_id: str | None = None,
        expires_at: float | None = None,
        traceparent: object = None,
    ) -> dict[str, Any]:
        """Run `method` and return its answer; raise `CallProblem`. `expires_at` is in seconds since the epoch."""
        with tracing.working(traceparent):
            return self._observed(method, body, command_id, expires_at)

    def _observed(self, method: str, body: Any, command_id: str | None, expires_at: float | None) -> dict[str, Any]:
        started = time.monotonic()
        outcome = "answered"
        try:
            return self._answer(method, body, command_id, expires_at)
        except CallProblem as failure:
            outcome = failure.branch
            raise
        finally:
            known, seconds = method if method in self._doors else "unknown", time.monotonic() - started
            observe.RPC_SECONDS.labels(self._service.name).observe(seconds)
            observe.CALLS.labels(self._service.name, "callee", outcome).inc()
            self._log.info("answered", method=known, outcome=outcome, seconds=round(seconds, 4))

    def _answer(self, method: str, body: Any, command_id: str | None, expires_at: float | None) -> dict[str, Any]:
        door = self._doors.get(method)
        if door is None or not isinstance(body, dict):
            mistake = problem("bad-call", 400, "调用不正确", "没有这个方法，或请求内容不是对象。")
            raise CallProblem("refused", _text(mistake))
        with nullcontext() if door.read_only else self._turns.turn():
            if expires_at is not None and time.time() > expires_at:
                raise CallProblem("retryable", _text(expired()))
            answer = self._decided(door, method, body, None if door.read_only else command_id)
        if answer.refused:
            raise CallProblem("refused", _text(answer.body))
        return answer.body

    def _decided(self, door: CallDoor, method: str, body: dict[str, Any], command_id: str | None) -> Answer:
        """Return the answer; whatever else happened becomes the problem that the caller is told."""
        try:
            return self._decide(door, method, body, command_id)
        except Exception as error:
            branch = _branch(error, door)
            level = self._log.error if branch == "broken" else self._log.warning
            level("call failed", method=method, branch=branch, command_id=command_id, error=describe(error))
            raise CallProblem(branch, _text(_problem_of(error, branch))) from error

    def _decide(self, door: CallDoor, method: str, body: dict[str, Any], command_id: str | None) -> Answer:
        with self._service.open_work() as work:
            if door.read_only:
                work.only_read()
            if command_id is None:
                return Answer(self._run(work, method, body))
            given = work.commands.begin(command_id, method, fingerprint(method, body))
            if given is not None:
                return given
            try:
                with work.savepoint(only=True):
                    answer = Answer(self._run(work, method, body))
            except Exception as error:
                branch = _branch(error, door)
                if branch != "refused" or work.lost(error):
                    raise
                answer = Answer(_problem_of(error, branch), refused=True)
                self._log.info("refused", method=method, command_id=command_id, error=describe(error))
            work.commands.finish(command_id, answer)
            return answer

    def _run(self, work: Work, method: str, body: dict[str, Any]) -> dict[str, Any]:
        answer: dict[str, Any] = getattr(self._service, method)(work, body)
        return answer


def _branch(error: Exception, door: CallDoor) -> Branch:
    return "retryable" if Work.passes(error) else branch_of(error, door.expected)


def _text(problem: dict[str, Any]) -> str:
    return json.dumps(problem, ensure_ascii=False, default=str)
