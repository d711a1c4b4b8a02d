"""The inbox: the deliveries to officers as each of them sees them, on the connection of one transaction."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection

from services.notify.domain.questions import InboxQuery, Message

# Each unit is read along the index in its order, so that a page costs the same however full the inbox is.
_PAGE = """
SELECT mine.position, mine.id, mine.happened_at, mine.kind, mine.case_no, mine.template, mine.facts,
       coalesce(known.sealed, true) AS sealed,
       (SELECT min(read_at) FROM notify.reading
        WHERE delivery_id = mine.id AND (%(person)s = '' OR person = %(person)s)) AS read_at
FROM unnest(%(units)s::text[]) AS wanted (unit)
CROSS JOIN LATERAL (
    SELECT * FROM notify.delivery AS one
    WHERE one.channel = 'inbox' AND one.node = %(node)s AND one.role = %(role)s AND one.unit = wanted.unit
      AND (%(after)s::bigint IS NULL OR one.position < %(after)s::bigint)
    ORDER BY one.position DESC LIMIT %(limit)s
) AS mine
LEFT JOIN notify.case_standing AS known ON known.case_no = mine.case_no
ORDER BY mine.position DESC LIMIT %(limit)s
"""
_RECIPIENT = "SELECT role, unit FROM notify.delivery WHERE id = %s AND channel = 'inbox'"
_MARK = """
INSERT INTO notify.reading AS known (delivery_id, person, read_at) VALUES (%s, %s, %s)
ON CONFLICT (delivery_id, person) DO UPDATE SET read_at = known.read_at RETURNING read_at
"""


class SqlInbox:
    """Inbox deliveries and the table reading."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def page(self, query: InboxQuery) -> Sequence[Message]:
        """Return one more than a page of messages, newest first. A case that is not known counts as sealed."""
        values = {
            "node": query.node,
            "role": query.role,
            "units": sorted({"", query.unit}),
            "person": query.person,
            "after": query.paging.after,
            "limit": query.paging.limit + 1,
        }
        return [Message(**row._asdict()) for row in self._connection.exec_driver_sql(_PAGE, values)]

    def recipient(self, delivery_id: str) -> tuple[str, str] | None:
        """Return role and unit a message is for."""
        row = self._connection.exec_driver_sql(_RECIPIENT, (delivery_id,)).one_or_none()
        return None if row is None else (row.role, row.unit)

    def mark_read(self, delivery_id: str, person: str, at: datetime) -> datetime:
        """Note that a person has read it; the first time counts."""
        read_at: datetime = self._connection.exec_driver_sql(_MARK, (delivery_id, person, at)).scalar_one()
        return read_at
