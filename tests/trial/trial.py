"""All petitions of a file through three nodes, from the import to the last reply, with an account of every row.

The file comes in at the city by `lianxi import`. Rules send what they can; clerks register and send the rest, down to
the units that handle it; there it is accepted on the same day, and answered after as many days as the file says. At the
end the indices that the nodes computed are put beside those that follow from the file alone.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import asdict, dataclass, field
from datetime import date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from lianxi.law.calendar_data import load
from lianxi.law.clocks import ClockCode
from lianxi.law.deadlines import due
from lianxi.ops.demo.stage import BEGINNING, CITY, DISTRICT, TOWNSHIP
from lianxi.ops.local.stack import Stack
from lianxi.runtime.clock import SystemClock, set_offset
from tests.bench.commands import import_file
from tests.bench.ground import until
from tests.trial.clerks import Clerks, accept, distribute, reply, settle
from tests.trial.rows import HANDLING_DAYS, Row, moved, rows_of

NODES = (CITY, DISTRICT, TOWNSHIP)
DAY = timedelta(days=1)
Say = Callable[[str], None]
Work = tuple[Row, str, str, str]
"""A row with its case number, and the node and unit that handle it."""


@dataclass
class Account:
    """What became of every row, and how long it took."""

    rows: int = 0
    imported: int = 0
    opened: int = 0
    left: dict[str, int] = field(default_factory=dict)
    """By node: cases that its rules left to its clerks; the rest was sent on, or to a unit, by rule."""
    sealed: int = 0
    """Accusations, which wait for a named officer (GD-1)."""
    accepted: int = 0
    replied: int = 0
    expected: dict[str, tuple[int, int]] = field(default_factory=dict)
    computed: dict[str, tuple[int, int]] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)

    @property
    def whole(self) -> bool:
        """Whether every row is accounted for and every index is the file's."""
        all_there = self.rows == self.imported == self.opened == self.accepted + self.sealed
        return all_there and self.expected == self.computed

    def as_data(self) -> dict[str, Any]:
        """Return it for a program."""
        return {**asdict(self), "whole": self.whole}


def run_trial(stack: Stack, files: list[Path], say: Say, *, limit: int | None = None) -> Account:
    """Take files through a stack of the three nodes; see the module's text."""
    beginning = BEGINNING.replace(hour=9, minute=0)
    _set_clock(stack, beginning)
    with closing(Clerks(stack)) as clerks:
        return _run(stack, clerks, files, beginning, say, limit)


def _run(  # noqa: PLR0917  (what run_trial was given, and who works)
    stack: Stack, clerks: Clerks, files: list[Path], beginning: datetime, say: Say, limit: int | None
) -> Account:
    account, begun = Account(), time.monotonic()
    rows: dict[str, Row] = {}
    for file in files:
        known = {row.key: row for row in rows_of(file, limit)}
        rows |= known
        seconds = import_file(moved(file, beginning, stack.directory / file.name, limit), stack.directory)
        account.seconds[f"import of {file.name}"] = seconds
        say(f"{file.name}: {len(known)} rows in {seconds:.1f} s")
    numbers = _numbers(clerks, list(rows))
    account.rows, account.imported = len(rows), len(numbers)
    until(lambda: _count(clerks, CITY, "SELECT count(*) FROM routing.case_file") >= len(numbers), "every case is open")
    settle(clerks)
    _distribute(clerks, account, say)
    account.opened = _count(clerks, CITY, "SELECT count(*) FROM supervision.ledger")
    for node in NODES:
        accept(clerks, node)
    settle(clerks)
    accepted = _accepted(clerks)
    account.accepted, account.sealed = len(accepted), len(set(numbers.values()) - set(accepted))
    account.seconds["until everything was accepted"] = time.monotonic() - begun
    say(f"{account.accepted} accepted, {account.sealed} wait sealed")
    answered = {key: row for key, row in rows.items() if numbers[key] in accepted}
    work = [(row, numbers[key], *accepted[numbers[key]]) for key, row in answered.items()]
    account.replied = _reply_all(stack, clerks, work, beginning.date(), say)
    _compare(stack, clerks, account, list(answered.values()), beginning.date())
    account.seconds["all"] = time.monotonic() - begun
    return account


def _distribute(clerks: Clerks, account: Account, say: Say) -> None:
    """Let rules and clerks send everything to a unit; count what was left to clerks at each node."""
    for node in NODES:
        account.left[node] = len(clerks.held(node, ["S01", "S02"]))
        while distribute(clerks, node):
            settle(clerks)
        say(f"{node}: {account.left[node]} cases were left to clerks")


def _reply_all(stack: Stack, clerks: Clerks, work: list[Work], beginning: date, say: Say) -> int:
    """Answer everybody on the day the file says; return how many were answered."""
    done = 0
    for day, answered in by_day(work, beginning):
        _set_clock(stack, datetime.combine(day, BEGINNING.time(), BEGINNING.tzinfo) + timedelta(hours=2))
        clerks.each(partial(_reply, clerks, day.isoformat()), answered)
        done += len(answered)
        say(f"{day}: {done} replies")
    return done


def _reply(clerks: Clerks, day: str, work: Work) -> None:
    _, number, node, unit = work
    reply(clerks, node, unit, number, day)


def by_day(work: list[Work], beginning: date) -> Iterator[tuple[date, list[Work]]]:
    """Give the days on which somebody is answered, in order, with whom."""
    days: dict[int, list[Work]] = {}
    for item in work:
        if item[0].replied_after is not None:
            days.setdefault(item[0].replied_after, []).append(item)
    for after in sorted(days):
        yield beginning + timedelta(days=after), days[after]


def _compare(stack: Stack, clerks: Clerks, account: Account, rows: list[Row], beginning: date) -> None:
    """Put the indices of the city beside those of the file, after the last of all days of handling."""
    last = beginning + max(timedelta(days=row.replied_after or 0) for row in rows) + timedelta(days=HANDLING_DAYS + 30)
    _set_clock(stack, datetime.combine(last, BEGINNING.time(), BEGINNING.tzinfo))
    settle(clerks)
    final_day = due(ClockCode.HANDLE, beginning, load()).raw_due
    assert final_day == beginning + HANDLING_DAYS * DAY, "the file is judged by other days than the cases"
    everybody = len(rows)
    account.expected = {
        "K-1": (everybody + account.sealed, everybody + account.sealed),
        "K-2": (everybody, everybody),
        "K-4": (sum(row.in_time for row in rows), everybody),
        # Which petition repeats another, a person decides; nobody does here, so likeness alone must not count as one.
        "K-7": (0, everybody + account.sealed),
        "K-8": (everybody + account.sealed, everybody + account.sealed),  # a board is on the web
    }
    period = f"/kpis?from={beginning}&to={last}&node={CITY}"

    def computed() -> dict[str, tuple[int, int]]:
        found = clerks.ask(CITY, "department_leader", period)["rows"]
        mine = {row["kpi"]: row for row in found if row["node"] == CITY}
        return {kpi: (mine[kpi]["numerator"], mine[kpi]["denominator"]) for kpi in account.expected}

    deadline = time.monotonic() + 60
    account.computed = computed()
    while account.computed != account.expected and time.monotonic() < deadline:
        time.sleep(0.5)  # the last replies are still on their way up
        account.computed = computed()


def _numbers(clerks: Clerks, keys: list[str]) -> dict[str, str]:
    """Return the case number of every row that was imported."""
    found = clerks.databases[CITY].query("SELECT source_id, number FROM intake.contact")
    by_row = {str(row): str(number) for row, number in found}
    return {key: by_row[key] for key in keys if key in by_row}


def _accepted(clerks: Clerks) -> dict[str, tuple[str, str]]:
    """Return where each accepted case is handled: node and unit."""
    return {
        number: (node, unit) for node in NODES for number, _, unit in clerks.held(node, ["S10", "S11", "S12", "S13"])
    }


def _count(clerks: Clerks, node: str, query: str) -> int:
    return int(str(clerks.databases[node].query(query)[0][0]))


def _set_clock(stack: Stack, moment: datetime) -> None:
    set_offset(stack.clock_offset_file, moment - SystemClock().now())
