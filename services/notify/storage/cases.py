"""What is remembered of cases, on the connection of one transaction."""

from collections.abc import Collection
from dataclasses import fields

from sqlalchemy import Connection, func, select
from sqlalchemy.dialects.postgresql import insert

from services.notify.domain.facts import CaseStanding
from services.notify.storage.tables import case_standing

_COLUMNS = tuple(field.name for field in fields(CaseStanding))


class SqlCases:
    """The table case_standing."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def get(self, numbers: Collection[str]) -> dict[str, CaseStanding]:
        """Return the known ones of these cases."""
        wanted = case_standing.c.case_no == func.any(sorted(numbers))
        found = self._connection.execute(select(*(case_standing.c[name] for name in _COLUMNS)).where(wanted))
        return {row.case_no: CaseStanding(**row._asdict()) for row in found}

    def save(self, cases: Collection[CaseStanding]) -> None:
        """Write them down, always in the same order, so that two transactions never wait in a ring."""
        if not cases:
            return
        statement = insert(case_standing)
        changed = {name: statement.excluded[name] for name in _COLUMNS if name != "case_no"}
        rows = [{name: getattr(case, name) for name in _COLUMNS} for case in sorted(cases, key=lambda one: one.case_no)]
        self._connection.execute(statement.values(rows).on_conflict_do_update(index_elements=["case_no"], set_=changed))
