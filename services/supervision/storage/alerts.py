"""The clocks by their next alert: what the sweep takes.

`take` skips rows that another sweeper, or a batch of events, has locked: they are in good hands. What the sweep
changes in a row is four columns; everything else belongs to the case events.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection

from services.supervision.domain.clocks import ClockRow
from services.supervision.storage.files import CLOCK_COLUMNS, clock_rows

_OLDEST = "SELECT min(next_alert_at) FROM supervision.clock WHERE next_alert_at <= %s"
_TAKE = (
    f"SELECT {CLOCK_COLUMNS} FROM supervision.clock WHERE next_alert_at <= %s"
    " ORDER BY next_alert_at, case_no, code, instance LIMIT %s FOR UPDATE SKIP LOCKED"
)
_SAVE = """
UPDATE supervision.clock AS old
SET step = new.step, next_alert_at = new.next_alert_at, warned_at = new.warned_at, breached_at = new.breached_at
FROM unnest(%s::text[], %s::text[], %s::smallint[], %s::smallint[],
            %s::timestamptz[], %s::timestamptz[], %s::timestamptz[])
     AS new (case_no, code, instance, step, next_alert_at, warned_at, breached_at)
WHERE (old.case_no, old.code, old.instance) = (new.case_no, new.code, new.instance)
"""


class SqlAlerts:
    """Alerts on one connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def oldest(self, now: datetime) -> datetime | None:
        """Return the oldest instant that is due and not yet raised."""
        oldest: datetime | None = self._connection.exec_driver_sql(_OLDEST, (now,)).scalar_one()
        return oldest

    def take(self, now: datetime, limit: int) -> Sequence[ClockRow]:
        """Return and lock due clocks, oldest first."""
        return clock_rows(self._connection, _TAKE, now, limit)

    def save(self, rows: Sequence[ClockRow]) -> None:
        """Write step, next instant and the moments of warning and breach."""
        columns = ("case_no", "code", "instance", "step", "next_alert_at", "warned_at", "breached_at")
        if rows:
            self._connection.exec_driver_sql(_SAVE, tuple([getattr(row, name) for row in rows] for name in columns))
