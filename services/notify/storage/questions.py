"""The messages a gateway took and nobody has confirmed, on the connection of one transaction."""

from datetime import datetime

from sqlalchemy import Connection

from services.notify.domain.questions import Unconfirmed

_CLAIM = """
WITH due AS (
    SELECT id FROM notify.delivery
    WHERE provider = %(provider)s AND state = 'sent' AND receipt <> '' AND reason <> 'no-receipt'
      AND (ask_at <= %(now)s OR ask_at IS NULL AND settled_at <= %(sent_before)s)
    ORDER BY settled_at LIMIT %(limit)s FOR UPDATE SKIP LOCKED
)
UPDATE notify.delivery AS mine SET asked = mine.asked + 1, ask_at = %(lease)s
FROM due WHERE mine.id = due.id
RETURNING mine.id, mine.receipt, mine.asked, mine.settled_at AS sent_at
"""
_ASK_AT = "UPDATE notify.delivery SET ask_at = %s WHERE id = %s AND state = 'sent'"
_GIVE_UP = "UPDATE notify.delivery SET reason = %s, ask_at = NULL WHERE id = %s AND state = 'sent'"


class SqlQuestions:
    """The deliveries that wait for a receipt."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def claim(
        self, provider: str, sent_before: datetime, now: datetime, lease: datetime, limit: int
    ) -> list[Unconfirmed]:
        """Take messages of a gateway that are due to be asked for, the oldest first; first ones from `sent_before`."""
        values = {"provider": provider, "sent_before": sent_before, "now": now, "lease": lease, "limit": limit}
        found = [Unconfirmed(**row._asdict()) for row in self._connection.exec_driver_sql(_CLAIM, values)]
        return sorted(found, key=lambda message: message.sent_at)

    def ask_at(self, delivery_id: str, due_at: datetime) -> None:
        """Note when to ask for a message again."""
        self._connection.exec_driver_sql(_ASK_AT, (due_at, delivery_id))

    def give_up(self, delivery_id: str, reason: str) -> None:
        """Ask for a message no more."""
        self._connection.exec_driver_sql(_GIVE_UP, (reason, delivery_id))
