"""What the consumers of a service remember: ids seen, the last number of each stream, what is held, what failed.

`ConsumerBook` is what `batch` needs; `SqlInbox` keeps it in the service's own tables, on the connection of the
transaction whose effects it guards, so memory and effect cannot part. Every question is one statement for a whole
batch. `lock` lets one consumer of a queue at a time decide about order: with a single active consumer nobody ever
waits for it, except while an old one is finishing its last batch.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from sqlalchemy import Connection

from lianxi.bus.engine import run_soon
from lianxi.bus.messages import RawMessage
from lianxi.bus.retries import Branch


@dataclass(frozen=True, slots=True)
class Kept:
    """A message in a table: `held`, or set aside after `attempts` failures (then `aside` is its row)."""

    id: str
    key: str | None
    seq: int | None
    raw: RawMessage
    aside: int | None = None
    attempts: int = 0


@dataclass(frozen=True, slots=True)
class Failed:
    """What is written down about a message that failed; `due_in` seconds, or None when a person decides."""

    id: str
    key: str | None
    seq: int | None
    raw: RawMessage
    attempts: int
    branch: Branch
    error: Mapping[str, Any]
    due_in: float | None


@dataclass(frozen=True, slots=True)
class Gaps:
    """Numbers of one stream that were not applied: set aside (later ones wait) or dropped (skipped)."""

    aside: frozenset[int] = frozenset()
    dropped: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Known:
    """What is remembered of some streams: the last number of each, and whether anything is held or set aside."""

    positions: Mapping[str, int]
    any_held: bool
    any_aside: bool


class ConsumerBook(Protocol):
    """The memory of the consumers of one service, inside one transaction."""

    def lock(self, queue: str) -> None:
        """Make every other consumer of `queue` wait until this transaction ends."""
        ...

    def unseen(self, queue: str, ids: Sequence[str]) -> set[str]:
        """Remember `ids` as seen; return those that were not."""
        ...

    def known(self, queue: str, keys: Collection[str]) -> Known:
        """Return what is remembered of these streams; nearly always no more than how far they are."""
        ...

    def positions(self, queue: str, keys: Collection[str]) -> dict[str, int]:
        """Return the last number applied of each known stream."""
        ...

    def advance(self, queue: str, positions: Mapping[str, int]) -> None:
        """Remember the last numbers applied."""
        ...

    def held(self, queue: str, keys: Collection[str]) -> list[Kept]:
        """Return what is held of these streams, by key and number."""
        ...

    def hold(self, queue: str, messages: Sequence[Kept]) -> None:
        """Hold messages; one already held under the same number stays as it is."""
        ...

    def release(self, queue: str, places: Sequence[tuple[str, int]]) -> None:
        """Forget held messages by key and number."""
        ...

    def ready(self, queue: str) -> list[str]:
        """Return streams whose held messages can go on: the next number is there and nothing blocks it."""
        ...

    def gaps(self, queue: str, keys: Collection[str]) -> dict[str, Gaps]:
        """Return the numbers of each stream that are set aside or were dropped, for streams that have any."""
        ...

    def due(self, queue: str, limit: int) -> list[Kept]:
        """Return set-aside messages whose next attempt is due, oldest first."""
        ...

    def set_aside(self, queue: str, messages: Sequence[Failed]) -> None:
        """Keep messages that failed for the first time."""
        ...

    def failed_again(self, aside: int, failure: Failed) -> None:
        """Write down a further failure."""
        ...

    def settle(self, aside: int) -> None:
        """Forget a set-aside message that succeeded."""
        ...

    def standing(self, queue: str) -> tuple[int, int, int]:
        """Return how many messages are parked, waiting for a retry, and held."""
        ...


_MESSAGE = "message_id, type, exchange, routing_key, headers, body"

_KNOWN = """
SELECT NULL, (EXISTS (SELECT 1 FROM {s}.held WHERE queue = %s AND key = ANY(%s::text[])))::int
    + 2 * (EXISTS (SELECT 1 FROM {s}.parked WHERE queue = %s AND key = ANY(%s::text[])))::int
UNION ALL
SELECT key, last_seq FROM {s}.stream_position WHERE queue = %s AND key = ANY(%s::text[])
"""

_READY = """
SELECT DISTINCT h.key
FROM {s}.held h
LEFT JOIN {s}.stream_position p ON p.queue = h.queue AND p.key = h.key
WHERE h.queue = %s
  AND (
    h.starts_stream
    OR h.seq <= coalesce(p.last_seq, 0) + 1
    OR EXISTS (
        SELECT 1 FROM {s}.parked d
        WHERE d.queue = h.queue AND d.key = h.key AND d.state = 'dropped' AND d.seq = coalesce(p.last_seq, 0) + 1
    )
  )
  AND NOT EXISTS (
    SELECT 1 FROM {s}.parked a
    WHERE a.queue = h.queue AND a.key = h.key AND a.state <> 'dropped'
      AND a.seq > coalesce(p.last_seq, 0) AND a.seq <= h.seq
  )
LIMIT 200
"""


def _raw(row: Sequence[Any]) -> RawMessage:
    message_id, kind, exchange, routing_key, headers, body = row
    return RawMessage(bytes(body), headers, message_id, kind, exchange, routing_key)


def _columns(messages: Sequence[Kept | Failed]) -> tuple[list[Any], ...]:
    return (
        [message.id for message in messages],
        [_text(message.raw.type) for message in messages],
        [_text(message.raw.exchange) for message in messages],
        [_text(message.raw.routing_key) for message in messages],
        [json.dumps(dict(message.raw.headers), default=str).replace("\\u0000", "") for message in messages],
        [message.raw.body for message in messages],
    )


def _text(value: str | None) -> str | None:
    """Return `value` without the one character that PostgreSQL cannot store."""
    return None if value is None else value.replace("\0", "")


class SqlInbox:
    """The tables inbox, stream_position, held and parked of one schema."""

    def __init__(self, connection: Connection, schema: str) -> None:
        self._connection = connection
        self._schema = schema

    def _rows(self, statement: str, *values: Any) -> list[Any]:
        return list(self._connection.exec_driver_sql(statement.format(s=self._schema), values).all())

    def _run(self, statement: str, *values: Any) -> None:
        run_soon(self._connection, statement.format(s=self._schema), values)

    def lock(self, queue: str) -> None:
        """Take the queue's advisory lock for this transaction."""
        self._run("SELECT pg_advisory_xact_lock(hashtext('{s}'), hashtext(%s))", queue)

    def unseen(self, queue: str, ids: Sequence[str]) -> set[str]:
        """Insert the ids; what the table already had is not returned."""
        rows = self._rows(
            "INSERT INTO {s}.inbox (queue, message_id) SELECT %s, unnest(%s::text[])"
            " ON CONFLICT DO NOTHING RETURNING message_id",
            queue,
            sorted(set(ids)),  # one order for all, so that two consumers cannot deadlock
        )
        return {row[0] for row in rows}

    def known(self, queue: str, keys: Collection[str]) -> Known:
        """Read stream_position, and look whether the streams have a row in held or parked."""
        wanted = list(keys)
        flags, *rows = self._rows(_KNOWN, *(queue, wanted) * 3)
        return Known(dict(map(tuple, rows)), bool(flags[1] & 1), bool(flags[1] & 2))

    def positions(self, queue: str, keys: Collection[str]) -> dict[str, int]:
        """Read stream_position."""
        rows = self._rows(
            "SELECT key, last_seq FROM {s}.stream_position WHERE queue = %s AND key = ANY(%s)", queue, list(keys)
        )
        return {row[0]: row[1] for row in rows}

    def advance(self, queue: str, positions: Mapping[str, int]) -> None:
        """Upsert stream_position; a number never goes down."""
        if not positions:
            return
        self._run(
            "INSERT INTO {s}.stream_position AS mine (queue, key, last_seq)"
            " SELECT %s, * FROM unnest(%s::text[], %s::bigint[])"
            " ON CONFLICT (queue, key) DO UPDATE SET last_seq = greatest(mine.last_seq, excluded.last_seq)",
            queue,
            list(positions),
            list(positions.values()),
        )

    def held(self, queue: str, keys: Collection[str]) -> list[Kept]:
        """Read held."""
        rows = self._rows(
            f"SELECT key, seq, {_MESSAGE} FROM {{s}}.held WHERE queue = %s AND key = ANY(%s) ORDER BY key, seq",
            queue,
            list(keys),
        )
        return [Kept(row[2], row[0], row[1], _raw(row[2:])) for row in rows]

    def hold(self, queue: str, messages: Sequence[Kept]) -> None:
        """Insert into held."""
        if not messages:
            return
        self._run(
            f"INSERT INTO {{s}}.held (queue, key, seq, starts_stream, {_MESSAGE})"
            " SELECT %s, key, seq, starts, id, type, exchange, routing_key, headers::jsonb, body"
            " FROM unnest(%s::text[], %s::bigint[], %s::boolean[], %s::text[], %s::text[], %s::text[], %s::text[],"
            " %s::text[], %s::bytea[]) AS m (key, seq, starts, id, type, exchange, routing_key, headers, body)"
            " ON CONFLICT DO NOTHING",
            queue,
            [message.key for message in messages],
            [message.seq for message in messages],
            [message.raw.starts_stream for message in messages],
            *_columns(messages),
        )

    def release(self, queue: str, places: Sequence[tuple[str, int]]) -> None:
        """Delete from held."""
        if not places:
            return
        self._run(
            "DELETE FROM {s}.held WHERE queue = %s AND (key, seq) IN (SELECT * FROM unnest(%s::text[], %s::bigint[]))",
            queue,
            [key for key, _ in places],
            [seq for _, seq in places],
        )

    def ready(self, queue: str) -> list[str]:
        """Find held messages whose turn has come."""
        rows = self._rows(_READY, queue)
        return [row[0] for row in rows]

    def gaps(self, queue: str, keys: Collection[str]) -> dict[str, Gaps]:
        """Read the numbers in parked."""
        rows = self._rows(
            "SELECT key, coalesce(array_agg(seq) FILTER (WHERE state <> 'dropped'), '{{}}'),"
            " coalesce(array_agg(seq) FILTER (WHERE state = 'dropped'), '{{}}')"
            " FROM {s}.parked WHERE queue = %s AND key = ANY(%s) AND seq IS NOT NULL GROUP BY key",
            queue,
            list(keys),
        )
        return {row[0]: Gaps(frozenset(row[1]), frozenset(row[2])) for row in rows}

    def due(self, queue: str, limit: int) -> list[Kept]:
        """Lock and read what is due in parked."""
        rows = self._rows(
            f"SELECT id, attempts, key, seq, {_MESSAGE} FROM {{s}}.parked WHERE queue = %s AND due_at <= now()"
            " ORDER BY key, seq, id LIMIT %s FOR UPDATE SKIP LOCKED",
            queue,
            limit,
        )
        return [Kept(row[4], row[2], row[3], _raw(row[4:]), row[0], row[1]) for row in rows]

    def set_aside(self, queue: str, messages: Sequence[Failed]) -> None:
        """Insert into parked."""
        for failure in messages:
            identity, kind, exchange, routing_key, headers, body = (column[0] for column in _columns([failure]))
            self._run(
                f"INSERT INTO {{s}}.parked (queue, key, seq, {_MESSAGE}, state, attempts, branch, error, due_at)"
                " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, now() + %s * interval '1 second')",
                *(queue, failure.key, failure.seq, identity, kind, exchange, routing_key, headers, body),
                *(_state(failure), failure.attempts, failure.branch, json.dumps(failure.error), failure.due_in),
            )

    def failed_again(self, aside: int, failure: Failed) -> None:
        """Update parked; the key and number may only now be known."""
        self._run(
            "UPDATE {s}.parked SET key = %s, seq = %s, state = %s, attempts = %s, branch = %s, error = %s,"
            " last_at = now(), due_at = now() + %s * interval '1 second', retry_requested_at = NULL WHERE id = %s",
            *(failure.key, failure.seq, _state(failure), failure.attempts, failure.branch),
            *(json.dumps(failure.error), failure.due_in, aside),
        )

    def settle(self, aside: int) -> None:
        """Delete from parked."""
        self._run("DELETE FROM {s}.parked WHERE id = %s", aside)

    def standing(self, queue: str) -> tuple[int, int, int]:
        """Count parked and held."""
        rows = self._rows(
            "SELECT count(*) FILTER (WHERE state = 'parked'), count(*) FILTER (WHERE state = 'retrying'),"
            " (SELECT count(*) FROM {s}.held WHERE queue = %s) FROM {s}.parked WHERE queue = %s",
            queue,
            queue,
        )
        parked, retrying, held = rows[0]
        return parked, retrying, held


def _state(failure: Failed) -> str:
    return "parked" if failure.due_in is None else "retrying"
