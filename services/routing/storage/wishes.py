"""Wishes in PostgreSQL: kept in the order in which they were said, sealed with the node's keys until they settle."""

from collections.abc import Mapping
from dataclasses import asdict, fields, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, select, update
from sqlalchemy.dialects.postgresql import insert

from lianxi.runtime.crypto import KeyRing
from services.routing.domain.wishes import OPEN, Wish, WishState
from services.routing.storage.tables import case_file
from services.routing.storage.tables import wish as wish_rows


class SqlWishes:
    """`Wishes` on one connection."""

    def __init__(self, connection: Connection, keys: KeyRing) -> None:
        self._connection = connection
        self._keys = keys

    def add(self, wish: Wish) -> None:
        """Keep a wish; one that is here already stays as it is."""
        self._connection.execute(insert(wish_rows).values(self._values(wish)).on_conflict_do_nothing())

    def save(self, wish: Wish) -> None:
        """Keep what became of a wish."""
        values = self._values(wish)
        statement = update(wish_rows).where(wish_rows.c.wish_id == wish.wish_id).values(values)
        self._connection.execute(statement)

    def get(self, wish_id: str) -> Wish | None:
        """Return a wish."""
        row = self._connection.execute(select(wish_rows).where(wish_rows.c.wish_id == wish_id)).one_or_none()
        return None if row is None else self._read(row)

    def open(self, case_no: str) -> tuple[Wish, ...]:
        """Return the wishes of a case that have not settled, in the order in which they were said."""
        states = [state.value for state in OPEN]
        query = select(wish_rows).where(wish_rows.c.case_no == case_no, wish_rows.c.state.in_(states))
        return tuple(self._read(row) for row in self._connection.execute(query.order_by(wish_rows.c.position)))

    def said(self, case_no: str) -> tuple[Wish, ...]:
        """Return all that was said at this node of a case, in order, without the words."""
        query = select(wish_rows).where(wish_rows.c.case_no == case_no, wish_rows.c.asked_by == "")
        rows = self._connection.execute(query.order_by(wish_rows.c.position))
        return tuple(replace(self._fields(row), command="") for row in rows)

    def ready(self, limit: int) -> tuple[str, ...]:
        """Return the cases whose wishes wait although custody has settled, the one that waits longest first."""
        query = (
            select(wish_rows.c.case_no)
            .join_from(wish_rows, case_file, case_file.c.case_no == wish_rows.c.case_no)
            .where(wish_rows.c.state == WishState.WAITING.value, case_file.c.in_transfer.is_(False))
            .group_by(wish_rows.c.case_no)
            .order_by(func.min(wish_rows.c.declared_at))
            .limit(limit)
        )
        return tuple(self._connection.execute(query).scalars())

    def counts(self) -> Mapping[WishState, tuple[int, datetime]]:
        """Return how many wishes wait or are on their way, and since when the oldest."""
        query = (
            select(wish_rows.c.state, func.count().label("number"), func.min(wish_rows.c.declared_at).label("since"))
            .where(wish_rows.c.state.in_([state.value for state in OPEN]))
            .group_by(wish_rows.c.state)
        )
        return {WishState(row.state): (row.number, row.since) for row in self._connection.execute(query)}

    def _values(self, wish: Wish) -> dict[str, Any]:
        values = asdict(wish)
        values["state"] = wish.state.value
        values["command"] = self._keys.seal(wish.command, wish.wish_id) if wish.command else ""
        return values

    def _read(self, row: Any) -> Wish:
        found = self._fields(row)
        return replace(found, command=self._keys.open(found.command, found.wish_id)) if found.command else found

    def _fields(self, row: Any) -> Wish:
        values = {field.name: getattr(row, field.name) for field in fields(Wish)}
        return Wish(**{**values, "state": WishState(row.state)})
