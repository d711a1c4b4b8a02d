"""A delivery: one message for one recipient, from the moment it is owed until it has arrived or is given up.

Its id follows from the event, the rule and the recipient, so the same event cannot create it twice, on whatever road
it comes. Inbox deliveries have arrived as soon as they are written. What goes to a petitioner is tried by one channel
after the other, in the order it was given, until one has taken it:

    waiting ──► sending ──► sent ───► delivered  a receipt says so
       ▲           │ │
       └─ failed ◄─┘ ├────► queued ──► printed ──► posted ──► delivered, or returned   (letters)
                     ├────► waiting   by the next channel: no address, refused for good, or failed too often
                     ├────► skipped   no channel is left: there is no address
                     └────► dead      no channel is left: a person has to look

A server that cannot be reached at all is nobody's failure: the delivery goes back to where it was and all wait.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from services.notify.domain.manners import Patience
from services.notify.domain.rules import Channel

UNDELIVERED = "undelivered"
"""Why a message goes by another channel after a receipt that says nobody got it."""


class State(StrEnum):
    """Where a delivery stands."""

    WAITING = "waiting"
    SENDING = "sending"
    SENT = "sent"
    DELIVERED = "delivered"
    FAILED = "failed"
    SKIPPED = "skipped"
    DEAD = "dead"
    GATHERED = "gathered"
    QUEUED = "queued"
    PRINTED = "printed"
    POSTED = "posted"
    RETURNED = "returned"


class Fate(StrEnum):
    """What one attempt came to."""

    TAKEN = "sent"
    NOBODY = "skipped"
    LATER = "later"
    NEVER = "refused"
    DOWN = "down"
    QUEUED = "queued"
    POSTPONED = "postponed"
    UNSURE = "unsure"


@dataclass(frozen=True, slots=True)
class Result:
    """An attempt's fate, and why in a word that names no person and no address.

    `dead` says that nobody lives at the address; `provider` who took it or may have taken it, and `receipt` the number
    it will be receipted under; `until` is when to try again if that is not for the rules to say.
    """

    fate: Fate
    reason: str = ""
    dead: bool = False
    provider: str = ""
    receipt: str = ""
    until: datetime | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Delivery:
    """What is owed to one recipient. `facts` are codes and days; the words are made when they are read or sent."""

    id: str
    event_id: str
    rule: str
    kind: str
    case_no: str
    channel: Channel
    others: tuple[Channel, ...] = ()
    node: str
    role: str
    unit: str
    template: str
    facts: Mapping[str, str]
    happened_at: datetime
    created_at: datetime
    urgent: bool = False
    language: str = ""
    gather_at: datetime | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Claimed:
    """A message that this process may send until `lease` ends; `attempts` counts the one that begins now.

    `others` are the channels that come after this one; `provider` is the one that may have taken it already; `trace` is
    the traceparent of the work it follows from.
    """

    id: str
    rule: str
    kind: str
    case_no: str
    template: str
    facts: Mapping[str, str]
    sealed: bool
    attempts: int
    lease: datetime
    channel: Channel = Channel.MAIL
    others: tuple[Channel, ...] = ()
    urgent: bool = False
    language: str = ""
    provider: str = ""
    trace: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Settled:
    """What becomes of a message after an attempt; `attempts` None leaves the number as it is."""

    state: State
    reason: str = ""
    due_at: datetime | None = None
    channel: Channel
    others: tuple[Channel, ...] = ()
    attempts: int | None = None
    provider: str = ""
    receipt: str = ""


def delivery_id(event_id: str, rule: str, recipient: str) -> str:
    """Return the id of what a rule owes a recipient because of an event."""
    return hashlib.sha256(f"{event_id}\n{rule}\n{recipient}".encode()).hexdigest()[:32]


def settled(result: Result, claimed: Claimed, patience: Patience, now: datetime) -> Settled:
    """Return what becomes of a message after an attempt that came to `result`; what is down is not settled."""
    here = Settled(
        state=State.SENT,
        channel=claimed.channel,
        others=claimed.others,
        provider=result.provider,
        receipt=result.receipt,
    )
    match result.fate:
        case Fate.TAKEN:
            return here
        case Fate.UNSURE:
            return replace(here, reason=result.reason)
        case Fate.QUEUED:
            return replace(here, state=State.QUEUED)
        case Fate.POSTPONED:
            again = replace(here, state=State.WAITING, attempts=claimed.attempts - 1, provider=claimed.provider)
            return replace(again, reason=result.reason, due_at=result.until)
        case Fate.LATER if claimed.attempts <= len(patience.retry_after):
            due_at = result.until or now + timedelta(seconds=patience.retry_after[claimed.attempts - 1])
            return replace(here, state=State.FAILED, reason=result.reason, due_at=due_at, receipt="")
    return onward(claimed.channel, claimed.others, result, now)


def onward(channel: Channel, others: tuple[Channel, ...], result: Result, now: datetime) -> Settled:
    """Return what becomes of a message that its channel will not deliver: the next one's turn, or a person's."""
    if others:
        first, *rest = others
        return Settled(
            state=State.WAITING, reason=result.reason, due_at=now, channel=first, others=tuple(rest), attempts=0
        )
    end = State.SKIPPED if result.fate is Fate.NOBODY else State.DEAD
    return Settled(state=end, reason=result.reason, channel=channel)


def receipted(channel: Channel, others: tuple[Channel, ...], now: datetime, *, arrived: bool) -> Settled:
    """Return where a message stands after its receipt; what nobody got goes by the next channel."""
    if arrived:
        return Settled(state=State.DELIVERED, channel=channel, others=others)
    return onward(channel, others, Result(Fate.NEVER, UNDELIVERED), now)


class Outage:
    """Since when the server cannot be reached, as this process knows it, and when to look again."""

    def __init__(self, pauses: tuple[int, ...]) -> None:
        self._pauses = pauses
        self._number = 0
        self._until: datetime | None = None

    def lasts(self, now: datetime) -> bool:
        """Return whether it is too early to look again."""
        return self._until is not None and now < self._until

    def begun(self, now: datetime, until: datetime | None = None) -> None:
        """Wait, a little longer each time, or as long as the server asked for if that is longer."""
        pause = self._pauses[min(self._number, len(self._pauses) - 1)]
        self._number += 1
        self._until = max(now + timedelta(seconds=pause), until or now)

    def over(self) -> None:
        """Go on as usual."""
        self._number, self._until = 0, None
