"""Ask for receipts: gateways that call nobody back are asked what became of the messages they took.

A few messages are claimed in one short transaction, asked for while none is open, and what is heard is settled message
by message, exactly as a receipt that a gateway brings by itself. A gateway that cannot answer now is left alone for the
rest of the turn: what was claimed is asked for again after its pause.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from services.notify.domain.gateways import Said
from services.notify.domain.questions import Unconfirmed
from services.notify.domain.receipt_questions import NO_RECEIPT, Heard, Patience
from services.notify.handlers import take_receipts
from services.notify.handlers.offices import Clock

BATCH = 20
TURN = timedelta(seconds=10)
LEASE = timedelta(minutes=10)
"""Far longer than a turn and the slowest answer at its end; what a dead process claimed is asked for after it."""


class Questions(Protocol):
    """The messages nobody has confirmed."""

    def claim(
        self, provider: str, sent_before: datetime, now: datetime, lease: datetime, limit: int
    ) -> Sequence[Unconfirmed]:
        """Take messages of a gateway that are due to be asked for, the oldest first; first ones from `sent_before`."""
        ...

    def ask_at(self, delivery_id: str, due_at: datetime) -> None:
        """Note when to ask for a message again."""
        ...

    def give_up(self, delivery_id: str, reason: str) -> None:
        """Ask for a message no more."""
        ...


class Work(take_receipts.Work, Protocol):
    """One transaction."""

    @property
    def questions(self) -> Questions:
        """The messages nobody has confirmed."""
        ...


class Asking(Protocol):
    """A gateway that can be asked."""

    @property
    def patience(self) -> Patience:
        """When to ask, and when to give up."""
        ...

    def ask(self, number: str) -> Heard:
        """Return what the gateway says of a message."""
        ...


OpenWork = Callable[[], AbstractContextManager[Work]]


@dataclass(frozen=True, slots=True)
class Enquiries:
    """The gateways that can be asked, by name; the time; and who hears what came of each question."""

    gateways: Mapping[str, Asking]
    wall: Clock
    note: Callable[[str, str, Heard], None]


def ask_receipts(open_work: OpenWork, enquiries: Enquiries) -> int:
    """Ask for what is due until nothing is, a gateway is away, or the turn is over; return how many were asked."""
    ends = enquiries.wall.now() + TURN
    return sum(_ask(name, gateway, ends, open_work, enquiries) for name, gateway in enquiries.gateways.items())


def _ask(name: str, gateway: Asking, ends: datetime, open_work: OpenWork, enquiries: Enquiries) -> int:
    asked = 0
    while (now := enquiries.wall.now()) < ends:
        first = timedelta(seconds=gateway.patience.pauses[0])
        with open_work() as work:
            claimed = work.questions.claim(name, now - first, now, now + LEASE, BATCH)
        answers = True
        for message in claimed:
            heard = Heard.NOTHING
            if answers and enquiries.wall.now() < ends:
                heard = gateway.ask(message.receipt)
                asked += 1
                answers = heard is not Heard.NOTHING
                enquiries.note(name, message.id, heard)
            with open_work() as work:
                _settle(message, heard, (name, gateway.patience), work, enquiries.wall.now())
        if not (claimed and answers):
            return asked
    return asked


def _settle(message: Unconfirmed, heard: Heard, asked_of: tuple[str, Patience], work: Work, now: datetime) -> None:
    name, patience = asked_of
    if heard in {Heard.ARRIVED, Heard.LOST}:
        take_receipts.take(name, Said(message.receipt, arrived=heard is Heard.ARRIVED), work, now)
    elif patience.is_over(message.sent_at, now):
        work.questions.give_up(message.id, NO_RECEIPT)
    else:
        work.questions.ask_at(message.id, patience.ask_again(message.asked, now))
