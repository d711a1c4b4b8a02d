"""A delivery: one message for one recipient, from the moment it is owed until it has arrived or is given up.

Its id follows from the event, the rule and the recipient, so the same event cannot create it twice, on whatever road
it comes. Inbox deliveries have arrived as soon as they are written. A mail is tried until the server has taken it:

    waiting ──► sending ──► sent
       ▲           │ ├────► skipped  there is no address: the notice has to be given in another way
       └─ failed ◄─┘ └────► dead     refused for good, or failed once too often: a person has to look

A server that cannot be reached at all is nobody's failure: the delivery goes back to where it was and all wait.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from services.notify.domain.rules import Channel, Patience


class State(StrEnum):
    """Where a delivery stands."""

    WAITING = "waiting"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    SKIPPED = "skipped"
    DEAD = "dead"


class Fate(StrEnum):
    """What one attempt came to."""

    TAKEN = "sent"
    NOBODY = "skipped"
    LATER = "later"
    NEVER = "refused"
    DOWN = "down"


@dataclass(frozen=True, slots=True)
class Result:
    """An attempt's fate, and why in a word that names no person and no address."""

    fate: Fate
    reason: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Delivery:
    """What is owed to one recipient. `facts` are codes and days; the words are made when they are read or sent."""

    id: str
    event_id: str
    rule: str
    kind: str
    case_no: str
    channel: Channel
    node: str
    role: str
    unit: str
    template: str
    facts: Mapping[str, str]
    happened_at: datetime
    created_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Claimed:
    """A mail that this process may send until `lease` ends; `attempts` counts the one that begins now."""

    id: str
    rule: str
    kind: str
    case_no: str
    template: str
    facts: Mapping[str, str]
    sealed: bool
    attempts: int
    lease: datetime


@dataclass(frozen=True, slots=True)
class Settled:
    """What becomes of a mail after an attempt."""

    state: State
    reason: str
    due_at: datetime | None


def delivery_id(event_id: str, rule: str, recipient: str) -> str:
    """Return the id of what a rule owes a recipient because of an event."""
    return hashlib.sha256(f"{event_id}\n{rule}\n{recipient}".encode()).hexdigest()[:32]


def settled(result: Result, attempts: int, patience: Patience, now: datetime) -> Settled:
    """Return what becomes of a mail whose attempt number `attempts` came to `result`; what is down is not settled."""
    match result.fate:
        case Fate.TAKEN:
            return Settled(State.SENT, "", None)
        case Fate.NOBODY:
            return Settled(State.SKIPPED, result.reason, None)
        case Fate.LATER if attempts <= len(patience.retry_after):
            pause = timedelta(seconds=patience.retry_after[attempts - 1])
            return Settled(State.FAILED, result.reason, now + pause)
    return Settled(State.DEAD, result.reason, None)


class Outage:
    """Since when the server cannot be reached, as this process knows it, and when to look again."""

    def __init__(self, pauses: tuple[int, ...]) -> None:
        self._pauses = pauses
        self._number = 0
        self._until: datetime | None = None

    def lasts(self, now: datetime) -> bool:
        """Return whether it is too early to look again."""
        return self._until is not None and now < self._until

    def begun(self, now: datetime) -> None:
        """Wait, a little longer each time."""
        pause = self._pauses[min(self._number, len(self._pauses) - 1)]
        self._number += 1
        self._until = now + timedelta(seconds=pause)

    def over(self) -> None:
        """Go on as usual."""
        self._number, self._until = 0, None
