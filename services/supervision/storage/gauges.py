"""The counts behind the metrics of the work: each reads a table once, whatever its size, and gives groups.

At a million cases a count takes seconds, which is why a timer asks and a scrape never does. It is made in pieces of
the table, all of one snapshot, with a pause after each as long as it took: under nameko a statement holds up the whole
process while it runs, and whoever scrapes or calls needs several turns before it has its answer.
"""

import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection

from services.supervision.domain.gauges import Running, Standing

PAGES = 200
"""Pages of a table that are counted at a time: some thousand rows, about a hundredth of a second."""

_SIZE = "SELECT greatest(1, pg_relation_size(%(table)s::regclass) / current_setting('block_size')::int)"
_PIECE = "ctid >= %(first)s::tid AND ctid < %(end)s::tid"
_CASES = f"""
SELECT holder, state, category, channel, count(*), min(updated_at)
FROM supervision.ledger WHERE inside AND {_PIECE} GROUP BY 1, 2, 3, 4
"""
_CLOCKS = f"""
SELECT code, node,
       CASE WHEN red_on <= %(today)s THEN 'red' WHEN yellow_on <= %(today)s THEN 'yellow' ELSE 'green' END,
       count(*), count(breached_at)
FROM supervision.clock WHERE status = 'open' AND {_PIECE} GROUP BY 1, 2, 3
"""
_PROPOSALS = "SELECT status, count(*) FROM supervision.proposal GROUP BY 1"


class SqlGauges:
    """Counts on one connection, which has done nothing yet in its transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        # of one snapshot: a row that is written anew moves to another piece, and would count twice or not at all
        connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")

    def cases(self) -> Sequence[Standing]:
        """Return how many cases of the subtree stand alike."""
        found: dict[tuple[str, str, str, str], tuple[int, datetime | None]] = {}
        for holder, state, category, channel, number, since in self._in_pieces("supervision.ledger", _CASES, {}):
            alike = holder, state, category, channel
            before, oldest = found.get(alike, (0, None))
            found[alike] = before + number, min(filter(None, (oldest, since)), default=None)
        return [Standing(*alike, *counted) for alike, counted in found.items()]

    def clocks(self, today: date) -> Sequence[Running]:
        """Return how many running clocks are alike."""
        found: dict[tuple[str, str, str], tuple[int, int]] = {}
        for code, node, lamp, number, breached in self._in_pieces("supervision.clock", _CLOCKS, {"today": today}):
            before = found.get((code, node, lamp), (0, 0))
            found[code, node, lamp] = before[0] + number, before[1] + breached
        return [Running(*alike, *counted) for alike, counted in found.items()]

    def proposals(self) -> dict[str, int]:
        """Return the number of supervision orders by status."""
        return dict(self._connection.exec_driver_sql(_PROPOSALS).all())

    def _in_pieces(self, table: str, statement: str, values: Mapping[str, Any]) -> Iterator[Sequence[Any]]:
        """Yield the rows of a statement for one piece of a table after the other."""
        pages = int(self._connection.exec_driver_sql(_SIZE, {"table": table}).scalar_one())
        for first in range(0, pages, PAGES):
            piece = {"first": f"({first},0)", "end": f"({first + PAGES},0)"}
            began = time.monotonic()
            yield from self._connection.exec_driver_sql(statement, {**values, **piece}).all()
            time.sleep(time.monotonic() - began)
