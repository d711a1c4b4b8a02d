"""What the other services answered, and what the portal says when they did not.

A refusal of another service is passed on as it is: it was written for people. What is that service's own fault is
not shown, only that it happened. No answer at all is not a fault of the caller: the same request, with the same
idempotency key, can be sent again and has one effect.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lianxi.casework.errors import LianxiError, Retryable

RETRY_AFTER_SECONDS = 5
_OUR_FAULT = 500
_AWAY = 503
NOT_FOUND = 404


class Answered(LianxiError):  # noqa: N818  reads as what happened
    """Another service refused, or failed, and said so in a problem document."""

    branch = "refused"

    def __init__(self, problem: Mapping[str, Any]) -> None:
        super().__init__(
            str(problem.get("detail") or ""),
            code=str(problem.get("code") or "refused"),
            rule=problem.get("rule"),
            field=problem.get("field"),
        )
        self._problem = dict(problem)

    @property
    def code_of_http(self) -> int:
        """The HTTP status the service asked for."""
        status = self._problem.get("status")
        return status if isinstance(status, int) and status in range(400, 600) else _OUR_FAULT

    def as_problem(self) -> dict[str, Any]:
        """Return the service's own problem document; of a fault only that there was one."""
        status = self.code_of_http
        if status == _AWAY:
            return {**self._problem, "retry_after": RETRY_AFTER_SECONDS}
        if status != _OUR_FAULT:
            return {**self._problem, "status": status}
        return LianxiError("办理时系统出现错误，已记录。请稍后重试或联系系统管理员。", code="broken").as_problem()


class NoAnswer(Retryable):
    """The other service did not answer in time, or the broker between us is away."""

    def __init__(self, *, in_time: bool) -> None:
        """`in_time` is true when the failure was known at once, so that asking again right away is pointless."""
        super().__init__(
            "系统暂时无法应答。请稍后用同一请求（同一 Idempotency-Key）重试，不会重复办理。",
            details={"retry_after": RETRY_AFTER_SECONDS},
        )
        self.in_time = in_time


@dataclass(frozen=True, slots=True)
class Answer:
    """What the portal answers to a request that changes something: an HTTP status and a body."""

    status: int
    body: dict[str, Any]
