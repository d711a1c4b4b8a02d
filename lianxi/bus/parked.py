"""What stands aside and a person has to look at: listing it, showing it, retrying it, dropping it, skipping a gap.

Everything here needs the database only. A retry is a mark on the row; the consumer of its queue sees it within a
tick and runs the message on the usual road, so the person's act and the service's work cannot race. A drop keeps the
row with who and why, and lets the stream go on. Messages that no queue wanted are in the outbox itself, marked
unroutable; they are listed here too, and a retry sends them again. A stream may also wait for a message that will
never come; then the missing numbers are dropped, as if the messages had come and failed.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Connection

from lianxi.bus.inbox import Gaps, SqlInbox

State = Literal["parked", "retrying", "dropped", "held", "unroutable"]
STATES: tuple[State, ...] = ("parked", "retrying", "dropped", "held", "unroutable")


class NotThere(Exception):  # noqa: N818  reads as what is the matter
    """There is no such message, or it is not in a state in which this can be done."""

    branch = "refused"


@dataclass(frozen=True, slots=True)
class Aside:
    """A message that stands aside, without its body. `number` is unique in its schema and state's table."""

    schema: str
    number: str
    state: State
    queue: str
    message_id: str
    type: str | None
    key: str | None
    seq: int | None
    attempts: int
    branch: str | None
    error: dict[str, Any]
    since: datetime
    due: datetime | None
    dropped_by: str | None = None
    dropped_reason: str | None = None


@dataclass(frozen=True, slots=True)
class Content:
    """How a message came: its routing, headers and body."""

    exchange: str
    routing_key: str
    headers: dict[str, Any]
    body: bytes


_PARKED = """
SELECT id::text, state, queue, message_id, type, key, seq, attempts, branch, error, first_at, due_at,
       dropped_by, dropped_reason
FROM {s}.parked WHERE state = ANY(%(states)s) AND (%(queue)s::text IS NULL OR queue = %(queue)s)
  AND (%(number)s::bigint IS NULL OR id = %(number)s)
ORDER BY id LIMIT %(limit)s
"""
_HELD = """
SELECT '-', 'held', queue, message_id, type, key, seq, 0, NULL, '{{}}'::jsonb, held_at, NULL, NULL, NULL
FROM {s}.held WHERE 'held' = ANY(%(states)s) AND (%(queue)s::text IS NULL OR queue = %(queue)s)
ORDER BY queue, key, seq LIMIT %(limit)s
"""
_UNROUTABLE = """
SELECT 'u' || position, 'unroutable', exchange, message_id, type, NULL, NULL, 1, 'broken',
       jsonb_build_object('routing_key', routing_key), unroutable_at, NULL, NULL, NULL
FROM {s}.outbox WHERE unroutable_at IS NOT NULL AND 'unroutable' = ANY(%(states)s)
  AND (%(queue)s::text IS NULL OR exchange = %(queue)s)
  AND (%(number)s::bigint IS NULL OR position = %(number)s)
ORDER BY position LIMIT %(limit)s
"""
_SKIP = """
INSERT INTO {s}.parked (queue, key, message_id, exchange, routing_key, body, state, attempts, branch, error,
                        dropped_at, dropped_by, dropped_reason, seq)
SELECT %s, %s, 'missing', '', '', '', 'dropped', 0, 'broken', '{{"type": "Missing"}}'::jsonb, now(), %s, %s, missing
FROM unnest(%s::bigint[]) AS missing
"""


class ParkedMessages:
    """The messages standing aside in one schema; the caller commits."""

    def __init__(self, connection: Connection, schema: str) -> None:
        self._connection = connection
        self._schema = schema

    def list(
        self,
        states: Sequence[State] = ("parked", "unroutable"),
        *,
        queue: str | None = None,
        number: int | None = None,
        limit: int = 1000,
    ) -> Iterator[Aside]:
        """Yield messages in these states, oldest first; for unroutable ones the exchange stands for the queue."""
        for statement in (_PARKED, _HELD, _UNROUTABLE):
            rows = self._connection.exec_driver_sql(
                statement.format(s=self._schema),
                {"states": list(states), "queue": queue, "number": number, "limit": limit},
            )
            for row in rows:
                yield Aside(self._schema, *row)

    def find(self, number: str) -> tuple[Aside, Content]:
        """Return one message with its content; raise `NotThere`."""
        table, column, value = self._row(number)
        states: Sequence[State] = ("unroutable",) if table == "outbox" else ("parked", "retrying", "dropped")
        found = next(iter(self.list(states, number=value)), None)
        if found is None:
            raise NotThere(f"no message {self._schema}:{number}")
        row = self._connection.exec_driver_sql(
            f"SELECT exchange, routing_key, headers, body FROM {self._schema}.{table} WHERE {column} = %s", (value,)
        ).one()
        return found, Content(row[0], row[1], row[2], bytes(row[3]))

    def retry(self, number: str) -> None:
        """Let the message run again, or be sent again; raise `NotThere`."""
        table, column, value = self._row(number)
        if table == "outbox":
            statement = "UPDATE {s}.outbox SET unroutable_at = NULL WHERE {c} = %s AND unroutable_at IS NOT NULL"
        else:
            statement = (
                "UPDATE {s}.parked SET due_at = now(), retry_requested_at = now() WHERE {c} = %s"
                " AND state IN ('parked', 'retrying')"
            )
        self._change(statement.format(s=self._schema, c=column), (value,), number)

    def drop(self, number: str, *, reason: str, by: str) -> None:
        """Give the message up, with a reason and a name on record; raise `NotThere`."""
        table, column, value = self._row(number)
        if not reason.strip():
            raise NotThere("a drop needs a reason")
        if table == "outbox":
            self._change(
                f"WITH gone AS (DELETE FROM {self._schema}.outbox WHERE {column} = %s AND unroutable_at IS NOT NULL"
                f" RETURNING *) INSERT INTO {self._schema}.parked (queue, message_id, type, exchange, routing_key,"
                " headers, body, state, attempts, branch, error, dropped_at, dropped_by, dropped_reason)"
                " SELECT 'outbox', message_id, type, exchange, routing_key, headers, body, 'dropped', 1, 'broken',"
                """ '{"type": "Unroutable"}'::jsonb, now(), %s, %s FROM gone""",
                (value, by, reason),
                number,
            )
            return
        self._change(
            f"UPDATE {self._schema}.parked SET state = 'dropped', due_at = NULL, dropped_at = now(), dropped_by = %s,"
            f" dropped_reason = %s WHERE {column} = %s AND state IN ('parked', 'retrying')",
            (by, reason, value),
            number,
        )

    def skip(self, queue: str, key: str, *, reason: str, by: str) -> Sequence[int]:
        """Drop the numbers missing before what is held of a stream; return them; raise `NotThere`."""
        if not reason.strip():
            raise NotThere("a skip needs a reason")
        book = SqlInbox(self._connection, self._schema)
        book.lock(queue)
        waiting = [kept.seq for kept in book.held(queue, [key]) if kept.seq is not None]
        if not waiting:
            raise NotThere(f"nothing of {key} is held in {self._schema}:{queue}")
        known = book.gaps(queue, [key]).get(key, Gaps())
        missing = range(book.positions(queue, [key]).get(key, 0) + 1, min(waiting))
        standing = sorted(known.aside.intersection(missing))
        if standing:
            raise NotThere(f"{key} waits behind the parked message #{standing[0]}: retry or drop that one")
        skipped = [seq for seq in missing if seq not in known.dropped]
        if not skipped:
            raise NotThere(f"nothing is missing before {key}#{min(waiting)}: it goes on, or waits behind a parked one")
        self._connection.exec_driver_sql(_SKIP.format(s=self._schema), (queue, key, by, reason, skipped))
        return skipped

    def _row(self, number: str) -> tuple[str, str, int]:
        """Return table, column and value that a number stands for."""
        digits = number.removeprefix("u")
        if not digits.isdecimal():
            raise NotThere(f"{number} is not the number of a message")
        return ("outbox", "position", int(digits)) if digits != number else ("parked", "id", int(digits))

    def _change(self, statement: str, values: tuple[Any, ...], number: str) -> None:
        if self._connection.exec_driver_sql(statement, values).rowcount != 1:
            raise NotThere(f"no message {self._schema}:{number} that this can be done with")
