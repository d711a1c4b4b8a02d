"""What is remembered of cases, on the connection of one transaction."""

from collections.abc import Collection
from dataclasses import fields
from operator import attrgetter

from sqlalchemy import Connection

from lianxi.bus.engine import run_soon
from services.notify.domain.facts import CaseStanding
from services.notify.storage.tables import case_standing

_COLUMNS = tuple(field.name for field in fields(CaseStanding))
_values = attrgetter(*_COLUMNS)
_NAMES = ", ".join(_COLUMNS)
_GET = f"SELECT {_NAMES} FROM {case_standing.fullname} WHERE case_no = ANY(%s)"
_ARRAYS = ", ".join("%s::boolean[]" if field.type in {bool, "bool"} else "%s::text[]" for field in fields(CaseStanding))
_CHANGES = ", ".join(f"{name} = excluded.{name}" for name in _COLUMNS if name != "case_no")
_SAVE = (
    f"INSERT INTO {case_standing.fullname} ({_NAMES}) SELECT * FROM unnest({_ARRAYS})"
    f" ON CONFLICT (case_no) DO UPDATE SET {_CHANGES}"
)


class SqlCases:
    """The table case_standing."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def get(self, numbers: Collection[str]) -> dict[str, CaseStanding]:
        """Return the known ones of these cases."""
        found = self._connection.exec_driver_sql(_GET, (sorted(numbers),))
        return {row[0]: CaseStanding(**dict(zip(_COLUMNS, row, strict=True))) for row in found}

    def save(self, cases: Collection[CaseStanding]) -> None:
        """Write them down, always in the same order, so that two transactions never wait in a ring."""
        if not cases:
            return
        rows = [_values(case) for case in sorted(cases, key=lambda one: one.case_no)]
        run_soon(self._connection, _SAVE, [list(column) for column in zip(*rows, strict=True)])
