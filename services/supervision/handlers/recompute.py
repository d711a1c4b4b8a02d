"""Move open clocks to another calendar, and list those whose days have changed (D-18, CF-20).

The office loads the State Council's notice of a year; until then dates in that year are provisional. Clocks are read
page by page without locks; only cases with a clock that changes are locked and written. Every page is a transaction
of its own, holds the list of its changes besides, and running it again finds nothing more to do.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Protocol

from services.supervision.domain.clocks import ClockRow, redated
from services.supervision.domain.files import CaseFile
from services.supervision.domain.office import Office

PAGE = 1000


@dataclass(frozen=True, slots=True)
class Change:
    """A clock before and after."""

    before: ClockRow
    after: ClockRow

    def as_data(self) -> dict[str, Any]:
        """The change as plain data."""
        return {
            "case_no": self.after.case_no,
            "clock": self.after.code,
            "instance": self.after.instance,
            "round": self.after.round_number,
            "node": self.after.node,
            "unit": self.after.unit,
            "before": _days(self.before),
            "after": _days(self.after),
        }


def _days(row: ClockRow) -> dict[str, Any]:
    return {
        "raw_due": row.raw_due.isoformat(),
        "legal_due": row.legal_due.isoformat(),
        "provisional": row.provisional,
    }


class Files(Protocol):
    """The books."""

    def open_clocks(self, after: tuple[str, str, int], limit: int) -> Sequence[ClockRow]:
        """Return running clocks in the order of their keys, from the one after `after`."""
        ...

    def locked(self, case_numbers: Iterable[str]) -> dict[str, CaseFile]:
        """Return case files, locked until the transaction ends."""
        ...

    def save(self, before: Mapping[str, CaseFile], files: Iterable[CaseFile]) -> None:
        """Write what differs from `before`."""
        ...


class Moves(Protocol):
    """Which clocks were moved by which calendar."""

    def add(self, version: str, moves: Sequence[Mapping[str, Any]], at: datetime) -> None:
        """Write down moves to a calendar."""
        ...

    def of(self, version: str, limit: int) -> Sequence[dict[str, Any]]:
        """Return the moves to a calendar by case number."""
        ...

    def count(self, version: str) -> int:
        """Return how many clocks a calendar has moved."""
        ...


class RecomputeWork(Protocol):
    """The transaction."""

    @property
    def files(self) -> Files:
        """The books."""
        ...

    @property
    def moves(self) -> Moves:
        """What was moved."""
        ...


def list_moves(version: str, work: RecomputeWork, limit: int) -> dict[str, Any]:
    """Every open clock that this calendar has moved since it was loaded, whenever that was noticed (D-18)."""
    return {"calendar": version, "total": work.moves.count(version), "changed": list(work.moves.of(version, limit))}


def recompute(
    open_work: Callable[[], AbstractContextManager[RecomputeWork]], office: Office, now: datetime, *, page: int = PAGE
) -> list[Change]:
    """Bring every open clock to the calendar of `office`; return the changes in the order of case numbers."""
    changes: list[Change] = []
    after = ("", "", 0)
    more = True
    while more:
        with open_work() as work:
            rows = work.files.open_clocks(after, page)
            touched = {row.case_no for row in rows if _moved(row, office)}
            if touched:
                changes += _redate(touched, work, office, now)
        if rows:
            after = rows[-1].key
        more = len(rows) == page
    return changes


def _redate(case_numbers: Iterable[str], work: RecomputeWork, office: Office, now: datetime) -> list[Change]:
    before = work.files.locked(sorted(case_numbers))
    changes: list[Change] = []
    files: list[CaseFile] = []
    for file in before.values():
        moved = {clock.key: redated(clock, office) for clock in file.clocks if _stale(clock, office)}
        changes += [Change(clock, moved[clock.key]) for clock in file.clocks if clock.key in moved]
        clocks = tuple(moved.get(clock.key, clock) for clock in file.clocks)
        files.append(replace(file, clocks=clocks).settled(office, now))
    work.files.save(before, files)
    work.moves.add(office.calendar.version, [change.as_data() for change in changes], now)
    return changes


def _stale(row: ClockRow, office: Office) -> bool:
    return row.is_open and _moved(row, office)


def _moved(row: ClockRow, office: Office) -> bool:
    """Whether one of the days a clock shows or acts on is another one by this calendar."""
    fresh = redated(row, office)
    return replace(fresh, calendar_version=row.calendar_version) != row
