"""What the relay does for the tables beside carrying messages: it measures the outboxes and prunes what is old.

Sent rows, seen ids and answers are kept for a while, because a broker or a neighbour restored from a backup may
bring back old messages; then they go in small batches, so that no service waits for a long delete.
"""

import time
from dataclasses import dataclass

from psycopg2.extensions import connection

from lianxi.runtime.metrics import counter, from_nought, gauge

MEASURE = 10.0
BATCH = 5000
COUNTED = 100_000
"""The depth is counted up to here; beyond it the age tells more."""

DEPTH = gauge("outbox_depth", "Messages waiting to be sent (counted up to 100,000)", ("schema",))
OLDEST = gauge("outbox_oldest_age_seconds", "Age of the oldest message waiting to be sent", ("schema",))
UNROUTABLE = gauge("outbox_unroutable", "Messages that no queue wanted and a person has to look at", ("schema",))
DRIFT = gauge("clock_drift_seconds", "Clock of this process minus that of the database")
PRUNED = counter("bus_pruned_total", "Rows of the bus's tables removed after their retention", ("schema",))

_MEASURE = """
SELECT (SELECT count(*) FROM (SELECT 1 FROM {s}.outbox
            WHERE sent_at IS NULL AND unroutable_at IS NULL LIMIT %s) AS waiting),
       (SELECT coalesce(extract(epoch FROM now() - created_at), 0) FROM {s}.outbox
            WHERE sent_at IS NULL AND unroutable_at IS NULL ORDER BY position LIMIT 1),
       (SELECT count(*) FROM {s}.outbox WHERE unroutable_at IS NOT NULL),
       extract(epoch FROM clock_timestamp())
"""
_PRUNE = """
DELETE FROM {s}.{table} WHERE ctid = ANY(ARRAY(
    SELECT ctid FROM {s}.{table} WHERE {column} < now() - %s * interval '1 hour' LIMIT %s))
"""


@dataclass(frozen=True, slots=True)
class Retention:
    """How long sent messages, seen ids and answers are kept, and how often what is older is looked for."""

    sent_hours: int = 72
    seen_days: int = 30
    answer_days: int = 7
    prune_seconds: int = 60


class Housekeeping:
    """Measures and prunes the tables of `schemas`, each at its own pace."""

    def __init__(self, schemas: list[str], retention: Retention) -> None:
        self._schemas = tuple(schemas)
        self._hours = {
            ("outbox", "sent_at"): retention.sent_hours,
            ("inbox", "received_at"): retention.seen_days * 24,
            ("command_result", "created_at"): retention.answer_days * 24,
        }
        from_nought(PRUNED, self._schemas)
        self._every = retention.prune_seconds
        self._measured = float("-inf")
        self._pruned = time.monotonic()  # a start is for carrying what waits, not for cleaning

    def run(self, database: connection) -> None:
        """Do what is due; `database` commits by itself."""
        now = time.monotonic()
        if now - self._measured >= MEASURE:
            self._measured = now
            for schema in self._schemas:
                self._measure(database, schema)
        if now - self._pruned >= self._every and not self._prune(database):
            self._pruned = now

    def _measure(self, database: connection, schema: str) -> None:
        with database.cursor() as cursor:
            cursor.execute(_MEASURE.format(s=schema), (COUNTED,))
            depth, oldest, unroutable, now = cursor.fetchone() or (0, 0, 0, time.time())
        DRIFT.set(time.time() - float(now))
        DEPTH.labels(schema).set(depth)
        OLDEST.labels(schema).set(float(oldest or 0))
        UNROUTABLE.labels(schema).set(unroutable)

    def _prune(self, database: connection) -> bool:
        """Remove one batch per table; return whether there may be more."""
        more = False
        for schema in self._schemas:
            for (table, column), hours in self._hours.items():
                with database.cursor() as cursor:
                    cursor.execute(_PRUNE.format(s=schema, table=table, column=column), (hours, BATCH))
                    PRUNED.labels(schema).inc(cursor.rowcount)
                    more = more or cursor.rowcount == BATCH
        return more
