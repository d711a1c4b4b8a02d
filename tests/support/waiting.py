"""Waiting for a fact instead of sleeping and hoping."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def eventually(fact: Callable[[], T], *, within: float = 45.0, every: float = 0.02) -> T:
    """Return what `fact` says as soon as it is true; an assertion or error inside it counts as not yet."""
    deadline = time.monotonic() + within
    while True:
        failure: Exception | None = None
        value: T | None = None
        try:
            value = fact()
        except Exception as not_yet:  # noqa: BLE001  (whatever it raises, it is not true yet)
            failure = not_yet
        else:
            if value:
                return value
        if time.monotonic() > deadline:
            said = f"{type(failure).__name__}: {failure}" if failure else f"it said {value!r}"
            raise AssertionError(f"not true within {within} s, {said}") from failure
        time.sleep(every)
        every = min(every * 1.5, 0.25)
