"""Attempts, dead addresses and receipts on the connection of one transaction; addresses are keyed hashes only."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection

from services.notify.domain.deliveries import Claimed, Result
from services.notify.domain.questions import Tried

_NOTE = """
INSERT INTO notify.attempt (delivery_id, at, channel, provider, fate, reason, addressee)
VALUES (%s, %s, %s, %s, %s, %s, %s)
"""
_TRIED = """
SELECT delivery_id, at, channel, provider, fate, reason FROM notify.attempt
WHERE delivery_id = ANY(%s::text[]) ORDER BY number
"""
_STANDING = """
SELECT EXISTS (SELECT 1 FROM notify.dead_address WHERE addressee = %s AND since > %s) AS dead,
       (SELECT array_agg(at ORDER BY at) FROM notify.attempt
        WHERE addressee = %s AND fate = 'sent' AND at > %s) AS taken
"""
_BURY = """
INSERT INTO notify.dead_address (addressee, channel, reason, since) VALUES (%s, %s, %s, %s)
ON CONFLICT (addressee) DO UPDATE SET reason = excluded.reason, since = excluded.since
"""
_REVIVE = """
DELETE FROM notify.dead_address WHERE addressee IN (SELECT addressee FROM notify.attempt WHERE delivery_id = ANY(
    SELECT id FROM notify.delivery WHERE case_no = %s))
"""
_LAST = """
SELECT addressee FROM notify.attempt WHERE delivery_id = %s AND fate IN ('sent', 'unsure') ORDER BY number DESC LIMIT 1
"""
_RECEIPT = "INSERT INTO notify.receipt (provider, receipt, arrived, at) VALUES (%s, %s, %s, %s) ON CONFLICT DO NOTHING"
_RECEIVED = "SELECT arrived FROM notify.receipt WHERE provider = %s AND receipt = %s ORDER BY arrived DESC LIMIT 1"


class SqlAddressees:
    """The tables attempt, dead_address and receipt."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def note(self, claimed: Claimed, result: Result, addressee: str, now: datetime) -> None:
        """Write an attempt down."""
        values = (claimed.id, now, claimed.channel.value, result.provider, result.fate.value, result.reason, addressee)
        self._connection.exec_driver_sql(_NOTE, values)

    def tried(self, deliveries: Sequence[str]) -> dict[str, list[Tried]]:
        """Return the attempts at each of these deliveries, oldest first."""
        found: dict[str, list[Tried]] = {}
        for row in self._connection.exec_driver_sql(_TRIED, (list(deliveries),)):
            facts = row._asdict()
            found.setdefault(facts.pop("delivery_id"), []).append(Tried(**facts))
        return found

    def standing(self, addressee: str, dead_since: datetime, since: datetime) -> tuple[bool, list[datetime]]:
        """Return whether nobody lives there, and when messages were taken for this address, oldest first."""
        row = self._connection.exec_driver_sql(_STANDING, (addressee, dead_since, addressee, since)).one()
        return row.dead, list(row.taken or ())

    def bury(self, addressee: str, channel: str, reason: str, now: datetime) -> None:
        """Note that nobody lives at an address."""
        self._connection.exec_driver_sql(_BURY, (addressee, channel, reason, now))

    def revive(self, case_no: str) -> None:
        """Forget what was noted about the addresses of a case's petitioner."""
        self._connection.exec_driver_sql(_REVIVE, (case_no,))

    def last_of(self, delivery_id: str) -> str:
        """Return the addressee who was sent a delivery, "" if nobody was."""
        found: str | None = self._connection.exec_driver_sql(_LAST, (delivery_id,)).scalar_one_or_none()
        return found or ""

    def receipt(self, provider: str, number: str, now: datetime, *, arrived: bool) -> None:
        """Keep a receipt; it may be here before the answer to the message it is about."""
        self._connection.exec_driver_sql(_RECEIPT, (provider, number, arrived, now))

    def received(self, provider: str, number: str) -> bool | None:
        """Return what the receipt of a message says, None while there is none."""
        arrived: bool | None = self._connection.exec_driver_sql(_RECEIVED, (provider, number)).scalar_one_or_none()
        return arrived
