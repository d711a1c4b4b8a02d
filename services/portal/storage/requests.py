"""Counts of requests per minute, and the answers to requests that may be repeated."""

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, delete, func, select, text, update
from sqlalchemy.dialects.postgresql import insert

from services.portal.storage.tables import repeated_request, request_count, session, sign_in_failure

ANSWER_KEPT = "interval '48 hours'"
# Every request asks this, so it is written out: to put it together anew would cost more than to answer it. In the order
# of the keys, so that two requests never wait for each other.
_COUNT = f"""
INSERT INTO {request_count.fullname} AS mine (key, minute, requests)
SELECT key, date_trunc('minute', now()), 1 FROM unnest(%s::text[]) AS wanted (key) ORDER BY key
ON CONFLICT (key, minute) DO UPDATE SET requests = mine.requests + 1
RETURNING key, requests, (60 - floor(extract(second FROM now())))::int AS left
"""


class RequestCounts:
    """How often somebody asked in the current minute."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, *keys: str) -> list[tuple[int, int]]:
        """Count one request for each key; return the counts of this minute and the seconds until the next one."""
        rows = self._connection.exec_driver_sql(_COUNT, (list(keys),))
        found = {row.key: (row.requests, row.left) for row in rows}
        return [found[key] for key in keys]


class Repeated(NamedTuple):
    """A request seen under this key: what it asked, under which command id and moment, and its answer if it has one."""

    fingerprint: str
    command_id: str
    first_at: datetime
    status: int | None
    sealed_answer: str | None


class RepeatedRequests:
    """Answers kept under the idempotency keys of clients."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def begin(self, scope: str, key_digest: str, *, fingerprint: str, command_id: str, first_at: datetime) -> Repeated:
        """Return what is known under the key; a new key is remembered with these facts."""
        self._connection.execute(
            insert(repeated_request)
            .values(
                scope=scope, key_digest=key_digest, fingerprint=fingerprint, command_id=command_id, first_at=first_at
            )
            .on_conflict_do_nothing()
        )
        columns = repeated_request.c
        row = self._connection.execute(
            select(
                columns.fingerprint, columns.command_id, columns.first_at, columns.status, columns.sealed_answer
            ).where(columns.scope == scope, columns.key_digest == key_digest)
        ).one()
        return Repeated(*row)

    def finish(self, scope: str, key_digest: str, *, status: int, sealed_answer: str) -> None:
        """Keep the answer."""
        columns = repeated_request.c
        self._connection.execute(
            update(repeated_request)
            .where(columns.scope == scope, columns.key_digest == key_digest)
            .values(status=status, sealed_answer=sealed_answer)
        )


def prune(connection: Connection) -> None:
    """Forget what has no use any more."""
    connection.execute(delete(request_count).where(request_count.c.minute < func.now() - text("interval '5 minutes'")))
    connection.execute(delete(session).where(session.c.expires_at < func.now()))
    connection.execute(delete(sign_in_failure).where(sign_in_failure.c.last_at < func.now() - text("interval '1 day'")))
    connection.execute(delete(repeated_request).where(repeated_request.c.created_at < func.now() - text(ANSWER_KEPT)))
