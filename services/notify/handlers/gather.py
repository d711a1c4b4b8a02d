"""Gather: the alerts that came too often for one day become one message in the inbox of whoever they are for."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from services.notify.domain.deliveries import Delivery, delivery_id
from services.notify.domain.questions import Gathered
from services.notify.domain.rules import Channel
from services.notify.handlers.offices import Desk

DIGEST = "digest"
"""The rule, the kind and the text of a gathered message."""


class Deliveries(Protocol):
    """All deliveries of this node."""

    def add(self, deliveries: Sequence[Delivery]) -> None:
        """Write those that are not there yet."""
        ...


class Inbox(Protocol):
    """The messages to the officers of this node."""

    def ready(self, now: datetime) -> Sequence[Gathered]:
        """Return what is to be gathered now, one for each recipient and time."""
        ...

    def gather(self, gathered: Gathered, digest_id: str) -> None:
        """Put the alerts under their digest."""
        ...


class Work(Protocol):
    """One transaction."""

    @property
    def deliveries(self) -> Deliveries:
        """All deliveries."""
        ...

    @property
    def inbox(self) -> Inbox:
        """The messages to officers."""
        ...


def gather(work: Work, desk: Desk, wall: datetime) -> int:
    """Make the digests that are due by the node's calendar; return how many."""
    ready = work.inbox.ready(desk.clock.now())
    for each in ready:
        digest = _digest(each, wall)
        work.deliveries.add([digest])
        work.inbox.gather(each, digest.id)
    return len(ready)


def _digest(each: Gathered, wall: datetime) -> Delivery:
    moment = each.gather_at.isoformat()
    return Delivery(
        id=delivery_id(moment, DIGEST, f"{each.role}@{each.unit}"),
        event_id=moment,
        rule=DIGEST,
        kind=DIGEST,
        case_no="",
        channel=Channel.INBOX,
        node=each.node,
        role=each.role,
        unit=each.unit,
        template=DIGEST,
        facts={
            "count": str(each.count),
            "cases": str(each.cases),
            "numbers": "、".join(each.numbers),
            "more": "yes" if each.cases > len(each.numbers) else "",
        },
        happened_at=each.gather_at,
        created_at=wall,
    )
