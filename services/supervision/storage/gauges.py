"""The counts behind the metrics of the work: each reads a table once, whatever its size, and gives groups.

At a million cases a count takes a good part of a second, which is why a timer asks and a scrape never does.
"""

from collections.abc import Sequence
from datetime import date

from sqlalchemy import Connection

from services.supervision.domain.gauges import Running, Standing

_CASES = """
SELECT holder, state, category, channel, count(*), min(updated_at)
FROM supervision.ledger WHERE inside GROUP BY 1, 2, 3, 4
"""
_CLOCKS = """
SELECT code, node,
       CASE WHEN red_on <= %(today)s THEN 'red' WHEN yellow_on <= %(today)s THEN 'yellow' ELSE 'green' END,
       count(*), count(breached_at)
FROM supervision.clock WHERE status = 'open' AND paused_on IS NULL GROUP BY 1, 2, 3
"""
_PROPOSALS = "SELECT status, count(*) FROM supervision.proposal GROUP BY 1"


class SqlGauges:
    """Counts on one connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def cases(self) -> Sequence[Standing]:
        """Return how many cases of the subtree stand alike."""
        return [Standing(*row) for row in self._connection.exec_driver_sql(_CASES)]

    def clocks(self, today: date) -> Sequence[Running]:
        """Return how many running clocks are alike."""
        return [Running(*row) for row in self._connection.exec_driver_sql(_CLOCKS, {"today": today})]

    def proposals(self) -> dict[str, int]:
        """Return the number of supervision orders by status."""
        return dict(self._connection.exec_driver_sql(_PROPOSALS).all())
