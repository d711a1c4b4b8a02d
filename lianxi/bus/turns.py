"""A door that lets a few in at a time, in the order in which they came.

The semaphores of the standard library let whoever comes at the right moment overtake those who wait, so under load
some wait very long. It uses nothing but `threading`, which eventlet makes green.
"""

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager


class Turns:
    """Lets `at_once` in."""

    def __init__(self, at_once: int) -> None:
        self._free = at_once
        self._waiting: deque[threading.Event] = deque()
        self._lock = threading.Lock()

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Wait for one's turn and keep it inside."""
        with self._lock:
            called = None if self._free else threading.Event()
            if called is None:
                self._free -= 1
            else:
                self._waiting.append(called)
        try:
            if called is not None:
                called.wait()
            yield
        finally:
            self._pass_on(called)

    def _pass_on(self, called: threading.Event | None) -> None:
        """Call the next; whoever was stopped while waiting has no turn to pass on."""
        with self._lock:
            if called is not None and not called.is_set():
                self._waiting.remove(called)
            elif self._waiting:
                self._waiting.popleft().set()
            else:
                self._free += 1
