"""Proposals of the sorting desk and the overrules of clerks, in PostgreSQL."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select
from sqlalchemy.dialects.postgresql import insert

from lianxi.casework.messages.facts import Role
from services.routing.domain.sorting.overrules import Overrule
from services.routing.storage.tables import desk, sorting

_PROPOSAL = f"SELECT proposal FROM {sorting.fullname} WHERE case_no = %s"
MOST = 10_000
"""Overrules read at once to learn from; older ones have had their say."""


class SqlOverrules:
    """`Overrules` on one connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def proposal(self, case_no: str) -> Mapping[str, Any] | None:
        """Return what the rules proposed for a case, None where they were not asked here."""
        found: Mapping[str, Any] | None
        found = self._connection.exec_driver_sql(_PROPOSAL, (case_no,)).scalar_one_or_none()
        return found

    def note(self, overrules: Iterable[Overrule]) -> None:
        """Keep what a person decided otherwise."""
        rows = [
            {
                "case_no": each.case_no,
                "field": each.field,
                "proposed": each.proposed,
                "decided": each.decided,
                "version": each.version,
                "words": list(each.words),
                "role": each.role.value,
                "person": each.person,
                "at": each.at,
            }
            for each in overrules
        ]
        if rows:
            self._connection.execute(insert(desk.overrule).values(rows).on_conflict_do_nothing())

    def since(self, moment: datetime | None = None) -> tuple[Overrule, ...]:
        """Return the newest overrules, oldest first, from a moment on."""
        newest_first = (desk.overrule.c.at.desc(), desk.overrule.c.case_no, desk.overrule.c.field)
        query = select(desk.overrule).order_by(*newest_first).limit(MOST)
        if moment is not None:
            query = query.where(desk.overrule.c.at >= moment)
        rows = self._connection.execute(query).mappings()
        return tuple(Overrule(**{**row, "words": tuple(row["words"]), "role": Role(row["role"])}) for row in rows)[::-1]
