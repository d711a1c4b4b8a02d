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

LEDGER_COLUMNS = ", ".join(field.name for field in fields(LedgerRow))
CLOCK_COLUMNS = ", ".join(field.name for field in fields(ClockRow))
_LEDGER = f"SELECT {LEDGER_COLUMNS} FROM supervision.ledger WHERE case_no = ANY(%s) ORDER BY case_no FOR UPDATE"
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
    return [ClockRow(**row) for row in connection.exec_driver_sql(query, values).mappings()]


class SqlFiles:
    """The books on one connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def locked(self, case_numbers: Iterable[str]) -> dict[str, CaseFile]:
        """Return the files there are, locked until the transaction ends."""
        wanted = sorted(case_numbers)
        rows = [LedgerRow(**row) for row in self._connection.exec_driver_sql(_LEDGER, (wanted,)).mappings()]
        clocks: dict[str, list[ClockRow]] = defaultdict(list)
        if rows:
            for found in clock_rows(self._connection, _CLOCKS, [row.case_no for row in rows]):
                clocks[found.case_no].append(found)
        return {row.case_no: CaseFile(row, tuple(clocks[row.case_no])) for row in rows}

    def save(self, before: Mapping[str, CaseFile], files: Iterable[CaseFile]) -> None:
        """Write ledger rows, and those clocks that differ from `before`."""
        files = list(files)
        changed: list[ClockRow] = []
        for file in files:
            old = before.get(file.row.case_no)
            known = {row.key: row for row in old.clocks} if old else {}
            changed += [row for row in file.clocks if known.get(row.key) != row]
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
