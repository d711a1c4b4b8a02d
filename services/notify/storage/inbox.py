"""The inbox: the deliveries to officers as each of them sees them, on the connection of one transaction."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection

from services.notify.domain.questions import Gathered, InboxQuery, Message, Paging

Who = tuple[str, str]
"""Role and unit."""

# Each unit is read along the index in its order, so that a page costs the same however full the inbox is.
_PAGE = """
SELECT mine.position, mine.id, mine.happened_at, mine.kind, mine.case_no, mine.template, mine.facts,
       coalesce(known.sealed, mine.rule <> 'digest') AS sealed,
       (SELECT min(read_at) FROM notify.reading
        WHERE delivery_id = mine.id AND (%(person)s = '' OR person = %(person)s)) AS read_at
FROM unnest(%(units)s::text[]) AS wanted (unit)
CROSS JOIN LATERAL (
    SELECT * FROM notify.delivery AS one
    WHERE one.channel = 'inbox' AND one.node = %(node)s AND one.role = %(role)s AND one.unit = wanted.unit
      AND one.state <> 'gathered' AND one.digest_id = ''
      AND (%(after)s::bigint IS NULL OR one.position < %(after)s::bigint)
    ORDER BY one.position DESC LIMIT %(limit)s
) AS mine
LEFT JOIN notify.case_standing AS known ON known.case_no = mine.case_no
ORDER BY mine.position DESC LIMIT %(limit)s
"""
_TODAY = """
SELECT wanted.role, wanted.unit, count(one.id) AS count
FROM unnest(%s::text[], %s::text[]) AS wanted (role, unit)
LEFT JOIN notify.delivery AS one ON one.channel = 'inbox' AND one.role = wanted.role AND one.unit = wanted.unit
     AND one.happened_at >= %s AND one.rule = ANY(%s::text[])
GROUP BY wanted.role, wanted.unit
"""
_READY = """
SELECT node, role, unit, gather_at, count(*) AS count, count(DISTINCT case_no) AS cases, min(happened_at) AS first,
       (array_agg(DISTINCT case_no ORDER BY case_no))[1:20] AS numbers
FROM notify.delivery WHERE gather_at <= %s GROUP BY node, role, unit, gather_at ORDER BY gather_at, role, unit
"""
_GATHER = """
UPDATE notify.delivery SET state = 'sent', gather_at = NULL, digest_id = %s
WHERE gather_at = %s AND node = %s AND role = %s AND unit = %s
"""
_GATHERED = """
SELECT mine.position, mine.id, mine.happened_at, mine.kind, mine.case_no, mine.template, mine.facts,
       coalesce(known.sealed, true) AS sealed, NULL::timestamptz AS read_at
FROM notify.delivery AS mine LEFT JOIN notify.case_standing AS known ON known.case_no = mine.case_no
WHERE mine.digest_id = %s AND mine.position > %s ORDER BY mine.position LIMIT %s
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

    def today(self, recipients: Sequence[tuple[str, str]], since: datetime, rules: Sequence[str]) -> Counter[Who]:
        """Return how many messages of these rules each recipient (role, unit) was owed since then."""
        roles, units = [role for role, _ in recipients], [unit for _, unit in recipients]
        rows = self._connection.exec_driver_sql(_TODAY, (roles, units, since, list(rules)))
        return Counter({(row.role, row.unit): row.count for row in rows})

    def ready(self, now: datetime) -> list[Gathered]:
        """Return what is to be gathered now, one for each recipient and time."""
        rows = self._connection.exec_driver_sql(_READY, (now,))
        return [Gathered(**{**row._asdict(), "numbers": tuple(row.numbers)}) for row in rows]

    def gather(self, gathered: Gathered, digest_id: str) -> None:
        """Put the alerts under their digest."""
        where = (gathered.gather_at, gathered.node, gathered.role, gathered.unit)
        self._connection.exec_driver_sql(_GATHER, (digest_id, *where))

    def gathered(self, digest_id: str, paging: Paging) -> list[Message]:
        """Return one more than a page of the alerts of a digest, oldest first."""
        values = (digest_id, paging.after or 0, paging.limit + 1)
        return [Message(**row._asdict()) for row in self._connection.exec_driver_sql(_GATHERED, values)]

    def recipient(self, delivery_id: str) -> tuple[str, str] | None:
        """Return role and unit a message is for."""
        row = self._connection.exec_driver_sql(_RECIPIENT, (delivery_id,)).one_or_none()
        return None if row is None else (row.role, row.unit)

    def mark_read(self, delivery_id: str, person: str, at: datetime) -> datetime:
        """Note that a person has read it; the first time counts."""
        read_at: datetime = self._connection.exec_driver_sql(_MARK, (delivery_id, person, at)).scalar_one()
        return read_at
