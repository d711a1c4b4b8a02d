"""What happens after a failure follows from the policy, the attempts and the branch, and from nothing else."""

import pytest

from lianxi.bus.retries import (
    DEAD_LETTER,
    PARK,
    RETRY_THEN_PARK,
    DeadLetter,
    FailurePolicy,
    Park,
    RetryIn,
    branch_of,
    decide,
)

TWICE = FailurePolicy("twice", pauses=(1.0, 5.0))


def an_error(branch=None):
    error = Exception("x")
    if branch is not None:
        error.branch = branch
    return error


@pytest.mark.parametrize(("attempts", "decision"), [(1, RetryIn(1.0)), (2, RetryIn(5.0)), (3, Park()), (4, Park())])
def test_what_is_retryable_is_repeated_after_growing_pauses_and_then_parked(attempts, decision):
    assert decide(TWICE, attempts, "retryable") == decision


@pytest.mark.parametrize("branch", ["refused", "broken"])
def test_waiting_does_not_help_against_refused_and_broken(branch):
    assert decide(RETRY_THEN_PARK, 1, branch) == Park()


def test_a_door_may_park_at_once_or_give_to_the_dead_letters():
    assert decide(PARK, 1, "retryable") == Park()
    assert decide(DEAD_LETTER, 1, "refused") == DeadLetter()


@pytest.mark.parametrize("branch", ["refused", "retryable", "broken"])
def test_the_branch_is_what_the_error_says(branch):
    assert branch_of(an_error(branch)) == branch


@pytest.mark.parametrize("branch", [None, "strange", 7])
def test_an_error_that_does_not_say_is_our_own_fault(branch):
    assert branch_of(an_error(branch)) == "broken"


def test_what_a_door_expects_is_the_messages_fault():
    assert branch_of(KeyError("x"), (KeyError,)) == "refused"
