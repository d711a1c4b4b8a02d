"""What happens to a message that failed alone: again later, parked for a person, or to the dead letters.

Pure: from the number of attempts so far, the branch of the error and the policy named at the door follows one of
three decisions. The branch is read from the error (`branch` in refused, retryable, broken); an error without one is
our own fault, hence broken. Refused and broken never get better by waiting, so only what is retryable is repeated.
"""

from dataclasses import dataclass
from typing import Literal

Branch = Literal["refused", "retryable", "broken"]
BRANCHES: tuple[Branch, ...] = ("refused", "retryable", "broken")


@dataclass(frozen=True, slots=True)
class RetryIn:
    """Run it again after so many seconds; later messages of its key wait behind it."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Park:
    """Keep it with its error until a person retries or drops it."""


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """Give it to the queue's dead letters; nothing waits for it."""


Decision = RetryIn | Park | DeadLetter


@dataclass(frozen=True, slots=True)
class FailurePolicy:
    """Pauses before the second, third … attempt at a retryable failure, and what to do in the end."""

    name: str
    pauses: tuple[float, ...] = ()
    finally_: Park | DeadLetter = Park()


RETRY_THEN_PARK = FailurePolicy("retry-then-park", pauses=(1.0, 5.0, 15.0, 60.0, 300.0, 900.0))
PARK = FailurePolicy("park")
DEAD_LETTER = FailurePolicy("dead-letter", finally_=DeadLetter())


def branch_of(error: BaseException, expected: tuple[type[Exception], ...] = ()) -> Branch:
    """Return whose fault the error is; what the door declares as expected is the message's own."""
    if isinstance(error, expected):
        return "refused"
    stated = getattr(error, "branch", "broken")
    return stated if stated in BRANCHES else "broken"


def decide(policy: FailurePolicy, attempts: int, branch: Branch) -> Decision:
    """Return what happens after the attempt number `attempts` (from 1) failed with an error of that branch."""
    if branch == "retryable" and attempts <= len(policy.pauses):
        return RetryIn(policy.pauses[attempts - 1])
    return policy.finally_
