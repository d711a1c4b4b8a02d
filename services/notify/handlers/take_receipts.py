"""Take receipts: a gateway says what became of the text messages it took, in its own way of saying it.

Who may say so is decided by the reader of that gateway (a signature or a token). A receipt may come twice, late, or
before the gateway's own answer to the message; each is kept and counts once.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Protocol

from services.notify.domain.deliveries import UNDELIVERED, Settled, receipted
from services.notify.domain.gateways import Said
from services.notify.domain.rules import Channel


class Reader(Protocol):
    """The gateways' ways of writing receipts."""

    def read(self, provider: str, headers: dict[str, str], body: str, now: datetime) -> Sequence[Said]:
        """Return what a callback says; raise Refused for a stranger, Invalid for what cannot be read."""
        ...


class Deliveries(Protocol):
    """All deliveries of this node."""

    def by_receipt(self, provider: str, receipt: str) -> tuple[str, Channel, tuple[Channel, ...]] | None:
        """Return the message a provider took under this number and nobody has confirmed yet, locked."""
        ...

    def move(self, delivery_id: str, settled: Settled, now: datetime) -> None:
        """Write where a message stands that is not being sent."""
        ...


class Addressees(Protocol):
    """What was sent to whom."""

    def receipt(self, provider: str, number: str, now: datetime, *, arrived: bool) -> None:
        """Keep a receipt."""
        ...

    def last_of(self, delivery_id: str) -> str:
        """Return the addressee who was sent a delivery, "" if nobody was."""
        ...

    def bury(self, addressee: str, channel: str, reason: str, now: datetime) -> None:
        """Note that nobody lives at an address."""
        ...


class Work(Protocol):
    """One transaction."""

    @property
    def deliveries(self) -> Deliveries:
        """All deliveries."""
        ...

    @property
    def addressees(self) -> Addressees:
        """What was sent to whom."""
        ...


def take_receipts(body: dict[str, Any], work: Work, reader: Reader, now: datetime) -> dict[str, Any]:
    """Take what a gateway says; return how many of its receipts were about messages that waited for one."""
    provider = str(body.get("provider") or "")
    headers = {str(name).lower(): str(value) for name, value in dict(body.get("headers") or {}).items()}
    receipts = reader.read(provider, headers, str(body.get("body") or ""), now)
    return {"taken": sum(take(provider, receipt, work, now) for receipt in receipts)}


def take(provider: str, receipt: Said, work: Work, now: datetime) -> bool:
    """Keep a receipt and move the message it is about; return whether one waited for it."""
    work.addressees.receipt(provider, receipt.number, now, arrived=receipt.arrived)
    found = work.deliveries.by_receipt(provider, receipt.number)
    if found is None:
        return False
    delivery_id, channel, others = found
    work.deliveries.move(delivery_id, receipted(channel, others, now, arrived=receipt.arrived), now)
    addressee = "" if receipt.arrived else work.addressees.last_of(delivery_id)
    if addressee:
        work.addressees.bury(addressee, channel.value, UNDELIVERED, now)
    return True
