"""Case files in the database: ledger rows with their clocks, read together, locked together, written together.

The order of locks is the same everywhere: ledger rows by case number, then their clocks, then proposals. The sweep
locks clocks only and never waits for one.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from typing import Any

from sqlalchemy import Connection

from services.supervision.domain.clocks import ClockRow
from services.supervision.domain.files import CaseFile
from services.supervision.domain.ledger import LedgerRow
from services.supervision.domain.queries import NEVER
from services.supervision.storage.bulk import upsert
from services.supervision.storage.tables import clock, ledger

LEDGER_FIELDS = tuple(field.name for field in fields(LedgerRow))
CLOCK_FIELDS = tuple(field.name for field in fields(ClockRow))
CLOCK_COLUMNS = ", ".join(CLOCK_FIELDS)
_LEDGER = (
    f"SELECT {', '.join(LEDGER_FIELDS)} FROM supervision.ledger WHERE case_no = ANY(%s) ORDER BY case_no FOR UPDATE"
)
_CLOCKS = (
    f"SELECT {CLOCK_COLUMNS} FROM supervision.clock WHERE case_no = ANY(%s)"
    " ORDER BY case_no, opened_seq, code, instance FOR UPDATE"
)
_OPEN = (
    f"SELECT {CLOCK_COLUMNS} FROM supervision.clock WHERE status = 'open'"
    " AND (case_no, code, instance) > (%s, %s, %s) ORDER BY case_no, code, instance LIMIT %s"
)


def clock_rows(connection: Connection, query: str, *values: Any) -> list[ClockRow]:
    """Run a query that selects `CLOCK_COLUMNS`."""
    rows = connection.exec_driver_sql(query, values).all()
    return [ClockRow(**dict(zip(CLOCK_FIELDS, row, strict=True))) for row in rows]


class SqlFiles:
    """The books on one connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def locked(self, case_numbers: Iterable[str]) -> dict[str, CaseFile]:
        """Return the files there are, locked until the transaction ends."""
        wanted = sorted(case_numbers)
        found = self._connection.exec_driver_sql(_LEDGER, (wanted,)).all()
        rows = [LedgerRow(**dict(zip(LEDGER_FIELDS, row, strict=True))) for row in found]
        clocks: dict[str, list[ClockRow]] = defaultdict(list)
        if rows:
            for clock_row in clock_rows(self._connection, _CLOCKS, [row.case_no for row in rows]):
                clocks[clock_row.case_no].append(clock_row)
        return {row.case_no: CaseFile(row, tuple(clocks[row.case_no])) for row in rows}

    def save(self, before: Mapping[str, CaseFile], files: Iterable[CaseFile]) -> None:
        """Write ledger rows, and those clocks that differ from `before`."""
        files = list(files)
        changed: list[ClockRow] = []
        for file in files:
            old = before.get(file.row.case_no)
            known = {row.key: row for row in old.clocks} if old else {}
            for row in file.clocks:
                same = known.get(row.key)
                if same is not row and same != row:  # most are the very rows that were read
                    changed.append(row)
        upsert(
            self._connection,
            ledger,
            LedgerRow,
            [file.row for file in files],
            due_key=f"coalesce(new.next_due, date '{NEVER}')",
            changed_tx="pg_current_xact_id()",
            changed_at="now()",
        )
        upsert(self._connection, clock, ClockRow, changed)

    def open_clocks(self, after: tuple[str, str, int], limit: int) -> Sequence[ClockRow]:
        """Return running clocks in the order of their keys, without locks."""
        return clock_rows(self._connection, _OPEN, *after, limit)
