"""Refused input, each in a transaction of its own: the use case that refused it is rolled back.

What was mended is settled in the transaction of the contact it became, so the two never disagree.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, Row, func, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.sql.dml import ReturningInsert

from lianxi.runtime.clock import SHANGHAI
from services.intake.domain.records import OpenReject, Origin, RefusedInput
from services.intake.storage.tables import reject


class SqlRejects:
    """The table reject. It has connections of its own, so that refusals never wait for the transactions they end."""

    def __init__(self, engine: Engine, new_id: Callable[[], str], count: Callable[[str], None]) -> None:
        self._engine = engine
        self._new_id = new_id
        self._count = count

    def keep(self, refused: Sequence[RefusedInput]) -> list[str]:
        """Insert the inputs, or count them once more, in one transaction; return their ids."""
        if not refused:
            return []
        with self._engine.begin() as connection:
            kept = [str(connection.execute(self._upsert(each)).scalar_one()) for each in refused]
        for each in refused:
            self._count(each.rule)
        return kept

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
        }
        statement = upsert(reject).values(
            id=self._new_id(), fingerprint=refused.fingerprint, times=1, first_at=refused.at, **row
        )
        again = {"times": reject.c.times + 1, "last_at": refused.at, "settled_at": None, "number": None}
        return statement.on_conflict_do_update(index_elements=["fingerprint"], set_=again).returning(reject.c.id)


class SqlRejectBook:
    """The table reject as one transaction sees it: what is open, and what gets settled."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def waiting(self, origin: Origin | None, after: str, limit: int) -> list[OpenReject]:
        """Return what nobody has mended yet, oldest first; ids grow with time."""
        query = select(reject).where(reject.c.settled_at.is_(None), reject.c.id > after)
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
        """Note under which number it came in after all."""
        settled = self._connection.execute(
            update(reject)
            .where(reject.c.id == reject_id, reject.c.settled_at.is_(None))
            .values(settled_at=at, number=number or None)
        )
        return bool(settled.rowcount)

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
        """Note that it will not be mended."""
        return self.settle(reject_id, "", at)

    def mended(self, source: str, source_id: str, number: str) -> list[tuple[str, str]]:
        """Return fingerprint and sealed content of what was refused of a row that came in under this number."""
        query = select(reject.c.fingerprint, reject.c.content_sealed).where(
            reject.c.source == source, reject.c.source_id == source_id, reject.c.number == number
        )
        return [(str(fingerprint), str(sealed)) for fingerprint, sealed in self._connection.execute(query)]


def _open(row: Row[Any]) -> OpenReject:
    values = {field.name: row._mapping[field.name] for field in fields(OpenReject)}  # noqa: SLF001  a row by names
    instants = {name: values[name].astimezone(SHANGHAI) for name in ("first_at", "last_at")}
    return OpenReject(**values | instants | {"origin": Origin(values["origin"])})
