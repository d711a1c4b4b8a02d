"""Drafts, on the connection of one transaction: found by the hash of their code, or listed for their owner."""

from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, literal, select, tuple_
from sqlalchemy.dialects.postgresql import insert as upsert

from lianxi.runtime.clock import SHANGHAI
from services.intake.domain.records import Draft
from services.intake.storage.tables import draft


class SqlDrafts:
    """The table draft."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def save(self, written: Draft) -> None:
        """Insert a draft, or replace its content and the hash of its code."""
        statement = upsert(draft).values(asdict(written))
        excluded = statement.excluded
        renewed = {name: excluded[name] for name in ("code_hash", "content_sealed", "changed_at")}
        self._connection.execute(statement.on_conflict_do_update(index_elements=["id"], set_=renewed))

    def by_code(self, code_hash: str) -> Draft | None:
        """Return the draft whose code has this hash, locked until the transaction ends."""
        row = self._connection.execute(
            select(draft).where(draft.c.code_hash == code_hash).with_for_update()
        ).one_or_none()
        return None if row is None else _draft(row)

    def by_id(self, draft_id: str) -> Draft | None:
        """Return the draft with this id."""
        row = self._connection.execute(select(draft).where(draft.c.id == draft_id)).one_or_none()
        return None if row is None else _draft(row)

    def of(self, owner: str, before: tuple[datetime, str] | None, limit: int) -> list[Draft]:
        """Return the drafts of a clerk, newest first, those after the place `before` (when changed, id)."""
        query = select(draft).where(draft.c.owner == owner)
        if before is not None:
            changed_at, draft_id = before
            query = query.where(tuple_(draft.c.changed_at, draft.c.id) < tuple_(literal(changed_at), literal(draft_id)))
        query = query.order_by(draft.c.changed_at.desc(), draft.c.id.desc()).limit(limit)
        return [_draft(row) for row in self._connection.execute(query)]

    def drop(self, draft_id: str) -> None:
        """Delete a draft."""
        self._connection.execute(delete(draft).where(draft.c.id == draft_id))

    def forget(self, before: datetime) -> int:
        """Delete the drafts of petitioners that were last changed before; return how many they were."""
        old = self._connection.execute(delete(draft).where(draft.c.owner == "", draft.c.changed_at < before))
        return old.rowcount


def _draft(row: Row[Any]) -> Draft:
    values = dict(row._mapping)  # noqa: SLF001  the documented way to a row by names
    return Draft(**values | {"changed_at": values["changed_at"].astimezone(SHANGHAI)})
