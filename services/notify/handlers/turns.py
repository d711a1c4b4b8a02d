"""Turns of agencies: who waits for a hand, what came of those that ended, how many hands may go to doubtful ones.

An agency is doubtful while its last delivery failed. What is dead holds a hand until it is given up, so only a few
hands go to doubtful agencies at a time, however many there are; all others go to those that answered last time. All
hands of a process share one `Turns`.
"""

import threading
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from services.notify.domain.agencies import Agency, AgencyEvent


@dataclass(frozen=True, slots=True)
class Turn:
    """An agency that nobody else serves while the lease runs, and the events it gets next."""

    agency: Agency
    lease: str
    until: datetime
    events: Sequence[AgencyEvent]

    @property
    def doubtful(self) -> bool:
        """Whether its last delivery failed."""
        return self.agency.failures > 0


@dataclass(frozen=True, slots=True)
class Ended:
    """An agency after its turn, to be written down if the lease still holds."""

    after: Agency
    lease: str


class Turns:
    """The turns that wait and those that ended."""

    def __init__(self, doubtful: int) -> None:
        self.at_the_tables = threading.Lock()
        """Held by the one hand that writes down what ended and takes what is due."""
        self.looks = 0
        """How often one of them began to."""
        self._room = doubtful
        self._lock = threading.Lock()
        self._waiting: deque[Turn] = deque()
        self._ended: list[Ended] = []

    @property
    def room(self) -> int:
        """How many doubtful agencies may still be taken."""
        return self._room

    @property
    def something_ended(self) -> bool:
        """Whether there is something to write down."""
        return bool(self._ended)

    def add(self, turns: Iterable[Turn]) -> None:
        """Let turns wait; the doubtful ones come first, because a hand is left for each of them."""
        with self._lock:
            for turn in turns:
                if turn.doubtful:
                    self._room -= 1
                    self._waiting.appendleft(turn)
                else:
                    self._waiting.append(turn)

    def take(self) -> Turn | None:
        """Return the next turn."""
        with self._lock:
            return self._waiting.popleft() if self._waiting else None

    def end(self, turn: Turn, after: Agency | None) -> None:
        """Note what came of a turn; None: nothing, its lease has to run out."""
        with self._lock:
            if turn.doubtful:
                self._room += 1
            if after is not None:
                self._ended.append(Ended(after, turn.lease))

    def all_ended(self) -> list[Ended]:
        """Return what has ended since this was asked last."""
        with self._lock:
            ended, self._ended = self._ended, []
            return ended

    def not_written(self, ended: Sequence[Ended]) -> None:
        """Keep what could not be written down for the next time."""
        with self._lock:
            self._ended = [*ended, *self._ended]
