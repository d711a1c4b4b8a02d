"""Refused input, each in a transaction of its own: the use case that refused it is rolled back.

What was mended is settled in the transaction of the contact it became, so the two never disagree. Attempts at one
filing are a chain: the newest is listed and says what was typed last; filing or dropping it settles the earlier ones.
Of strangers' input no more is kept than there is room for, and of one address no more than its part of it. The room is
measured without a lock: a few that come in the same instant may exceed it by themselves, never by more.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Engine, Row, delete, exists, func, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.sql.dml import ReturningInsert

from lianxi.runtime.clock import SHANGHAI
from services.intake.domain.records import OpenReject, Origin, RefusedInput
from services.intake.domain.refused import ROOM, Room
from services.intake.storage.tables import reject

_HOUR = timedelta(hours=1)
_TAKEN = """
SELECT count(*) FILTER (WHERE last_at > %(since)s),
       count(*) FILTER (WHERE last_at > %(since)s AND sender_key = %(sender_key)s),
       coalesce(sum(octet_length(content_sealed)), 0)
FROM intake.reject WHERE stranger AND settled_at IS NULL
"""
_SETTLE = """
WITH RECURSIVE attempt AS (
    SELECT id, follows FROM intake.reject WHERE id = %s
    UNION
    SELECT earlier.id, earlier.follows FROM intake.reject AS earlier JOIN attempt ON earlier.id = attempt.follows
)
UPDATE intake.reject SET settled_at = %s, number = %s
WHERE id IN (SELECT id FROM attempt) AND settled_at IS NULL
"""
_later = reject.alias("later")
_TRIED_AGAIN = exists().where(
    _later.c.follows == reject.c.id,
    _later.c.id != reject.c.id,
    _later.c.settled_at.is_(None),
    _later.c.last_at > reject.c.last_at,
)
"""A later attempt is open. Whoever types again what was refused first makes the first the newest, hence the moments."""


class SqlRejects:
    """The table reject. It has connections of its own, so that refusals never wait for the transactions they end."""

    def __init__(
        self, engine: Engine, new_id: Callable[[], str], count: Callable[[str], None], room: Room = ROOM
    ) -> None:
        self._engine = engine
        self._new_id = new_id
        self._count = count
        self._room = room

    def keep(self, refused: Sequence[RefusedInput]) -> list[str]:
        """Insert the inputs, or count them once more, in one transaction; return their ids, "" of what has no room."""
        if not refused:
            return []
        with self._engine.begin() as connection:
            kept = [self._kept(each, connection) for each in refused]
        for each in refused:
            self._count(each.rule)
        return kept

    def _kept(self, refused: RefusedInput, connection: Connection) -> str:
        if refused.stranger and not self._has_room(refused, connection):
            known = select(reject.c.id).where(reject.c.fingerprint == refused.fingerprint)
            return str(connection.execute(known).scalar_one_or_none() or "")
        return str(connection.execute(self._upsert(refused)).scalar_one())

    def _has_room(self, refused: RefusedInput, connection: Connection) -> bool:
        given = {"since": refused.at - _HOUR, "sender_key": refused.sender_key}
        of_all, of_one, taken = connection.exec_driver_sql(_TAKEN, given).one()
        size = len(refused.content_sealed.encode())
        room = self._room
        return bool(of_all < room.an_hour and of_one < room.an_hour_each and taken + size <= room.in_all)

    def _upsert(self, refused: RefusedInput) -> ReturningInsert[tuple[str]]:
        row = {
            "origin": refused.origin.value,
            "field": refused.field,
            "rule": refused.rule,
            "reason": refused.reason,
            "content_sealed": refused.content_sealed,
            "last_at": refused.at,
            "source": refused.source,
            "source_id": refused.source_id,
            "errors": [dict(error) for error in refused.errors],
            "follows": refused.follows,
            "stranger": refused.stranger,
            "sender_key": refused.sender_key,
        }
        statement = upsert(reject).values(
            id=self._new_id(), fingerprint=refused.fingerprint, times=1, first_at=refused.at, **row
        )
        again = {"times": reject.c.times + 1, "last_at": refused.at, "settled_at": None, "number": None}
        again["follows"] = func.coalesce(statement.excluded.follows, reject.c.follows)
        return statement.on_conflict_do_update(index_elements=["fingerprint"], set_=again).returning(reject.c.id)


class SqlRejectBook:
    """The table reject as one transaction sees it: what is open, and what gets settled."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def waiting(self, origin: Origin | None, after: str, limit: int) -> list[OpenReject]:
        """Return the newest attempts that nobody has mended yet, oldest first; ids grow with time."""
        query = select(reject).where(reject.c.settled_at.is_(None), reject.c.id > after, ~_TRIED_AGAIN)
        if origin is not None:
            query = query.where(reject.c.origin == origin.value)
        return [_open(row) for row in self._connection.execute(query.order_by(reject.c.id).limit(limit))]

    def one(self, reject_id: str) -> OpenReject | None:
        """Return one that nobody has mended yet."""
        row = self._connection.execute(
            select(reject).where(reject.c.id == reject_id, reject.c.settled_at.is_(None))
        ).one_or_none()
        return None if row is None else _open(row)

    def settle(self, reject_id: str, number: str, at: datetime) -> bool:
        """Note under which number it came in after all, and all earlier attempts at it with it."""
        return bool(self._connection.exec_driver_sql(_SETTLE, (reject_id, at, number)).rowcount)

    def settle_source(self, source: str, numbers: Mapping[str, str], at: datetime) -> int:
        """Settle what was refused earlier of rows that are in now."""
        open_rows = self._connection.execute(
            select(reject.c.id, reject.c.source_id).where(
                reject.c.source == source,
                reject.c.source_id == func.any(list(numbers)),
                reject.c.settled_at.is_(None),
            )
        )
        return sum(self.settle(row.id, numbers[row.source_id], at) for row in open_rows.all())

    def drop(self, reject_id: str, at: datetime) -> bool:
        """Note that it will not be mended, nor the earlier attempts, which are not listed beside it."""
        return bool(self._connection.exec_driver_sql(_SETTLE, (reject_id, at, None)).rowcount)

    def forget(self, before: datetime) -> int:
        """Delete what strangers handed in and nobody has mended or dropped since."""
        old = (reject.c.stranger, reject.c.settled_at.is_(None), reject.c.last_at < before)
        return self._connection.execute(delete(reject).where(*old)).rowcount

    def mended(self, source: str, source_id: str, number: str) -> list[tuple[str, str]]:
        """Return fingerprint and sealed content of what was refused of a row that came in under this number."""
        query = select(reject.c.fingerprint, reject.c.content_sealed).where(
            reject.c.source == source, reject.c.source_id == source_id, reject.c.number == number
        )
        return [(str(fingerprint), str(sealed)) for fingerprint, sealed in self._connection.execute(query)]


def _open(row: Row[Any]) -> OpenReject:
    values = {field.name: row._mapping[field.name] for field in fields(OpenReject)}  # noqa: SLF001  a row by names
    instants = {name: values[name].astimezone(SHANGHAI) for name in ("first_at", "last_at")}
    return OpenReject(**values | instants | {"origin": Origin(values["origin"]), "errors": tuple(values["errors"])})
