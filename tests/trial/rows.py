"""The rows of a file of petitions, and what the indices must say about them, worked out from the file alone.

A file has the columns of a message board: id, author, subject, day, text, and, where an office answered, its reply with
the day. The trial moves every petition to one beginning and keeps the days between petition and reply. So whether a
reply is in time depends on the file only: it is, when it came on or before the last day of handling. Such files name
places by letters (A市, A3区); these become the city and the district of the trial, so that there is a place to find.
"""

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

HANDLING_DAYS = 60
"""R-33-1: a matter is concluded within 60 days of its acceptance; the trial accepts on the day of the petition."""

LETTERS = ((re.compile(r"A\d+(区|县|市)"), "城西区"), (re.compile(r"A市"), "西宁市"))
"""A place of a published file, and what it is called in the trial."""


@dataclass(frozen=True)
class Row:
    """One row of a file."""

    key: str
    replied_after: int | None
    """Days between petition and reply; nothing when nobody replied."""

    @property
    def in_time(self) -> bool:
        """Whether the reply came within the days of handling."""
        return self.replied_after is not None and self.replied_after <= HANDLING_DAYS


def rows_of(file: Path, limit: int | None = None) -> list[Row]:
    """Read what the indices need of each row."""
    found = []
    for line in _lines(file, limit):
        days = None
        if line.get("replied_at"):
            days = (_day(line["replied_at"]) - _day(line["submitted_at"])).days
        found.append(Row(line["message_id"], days))
    return found


def moved(file: Path, beginning: datetime, target: Path, limit: int | None = None) -> Path:
    """Write the same petitions, each with its own time of the day, on the day of the beginning; without the replies."""
    with target.open("w", encoding="utf-8", newline="") as opened:
        writer = csv.DictWriter(opened, ["message_id", "author", "subject", "submitted_at", "text"])
        writer.writeheader()
        for line in _lines(file, limit):
            kept = {name: line[name] for name in writer.fieldnames}
            for name in ("subject", "text"):
                for letter, place in LETTERS:
                    kept[name] = letter.sub(place, kept[name])
            # Before the office opens: nothing may come from the future of the nodes' clocks.
            moment = datetime.fromisoformat(line["submitted_at"]).time().replace(hour=beginning.hour - 1)
            kept["submitted_at"] = datetime.combine(beginning.date(), moment, beginning.tzinfo).isoformat()
            writer.writerow(kept)
    return target


def _lines(file: Path, limit: int | None) -> Iterator[dict[str, str]]:
    with file.open(encoding="utf-8-sig", newline="") as opened:
        for number, line in enumerate(csv.DictReader(opened)):
            if limit is not None and number >= limit:
                return
            yield line


def _day(text: str) -> date:
    return datetime.fromisoformat(text).date()
