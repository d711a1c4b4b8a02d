"""The only place where the system asks what time it is, and where it makes identifiers.

Every deadline is counted in the days of Asia/Shanghai, so a clock answers with aware instants of that zone and
nothing else. A node can be run ahead of real time: `SystemClock` adds the seconds it finds in a small file, which
is how the demo plays 120 days in a minute and how tests cross a deadline without waiting. Identifiers are ordered
by the machine's real time, never by the shifted one, so they stay unique and sortable when a clock is moved.
"""

import os
import threading
import time
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Protocol
from uuid import UUID
from zoneinfo import ZoneInfo

SHANGHAI = ZoneInfo("Asia/Shanghai")


class Clock(Protocol):
    """What code that needs the time is given."""

    def now(self) -> datetime:
        """Return this instant, aware, in Asia/Shanghai."""
        ...

    def today(self) -> date:
        """Return the day in Asia/Shanghai."""
        ...


class SystemClock:
    """The machine's clock, moved by the seconds written in `offset_file` (missing or empty file: not moved)."""

    def __init__(self, offset_file: Path | None = None) -> None:
        self._offset_file = offset_file
        self._offset = timedelta(0)
        self._read_state: tuple[int, int] | None = None

    def now(self) -> datetime:
        """Return this instant, aware, in Asia/Shanghai."""
        return datetime.now(tz=SHANGHAI) + self.offset()  # noqa: TID251  (this is the clock port)

    def today(self) -> date:
        """Return the day in Asia/Shanghai."""
        return self.now().date()

    def offset(self) -> timedelta:
        """Return how far this clock runs ahead of real time; the file is read again only after it changed."""
        if self._offset_file is None:
            return timedelta(0)
        try:
            stat = self._offset_file.stat()
        except FileNotFoundError:
            return timedelta(0)
        state = (stat.st_mtime_ns, stat.st_ino)
        if state != self._read_state:
            text = self._offset_file.read_text(encoding="ascii").strip()
            self._offset = timedelta(seconds=float(text or 0))
            self._read_state = state
        return self._offset


def set_offset(offset_file: Path, offset: timedelta) -> None:
    """Move every clock that reads `offset_file`; written whole and renamed, so that no reader sees half a number."""
    offset_file.parent.mkdir(parents=True, exist_ok=True)
    fresh = offset_file.with_name(f"{offset_file.name}.{os.getpid()}")
    fresh.write_text(f"{offset.total_seconds()}\n", encoding="ascii")
    fresh.replace(offset_file)


class FixedClock:
    """A clock that stands still until it is told to move."""

    def __init__(self, at: datetime) -> None:
        if at.tzinfo is None:
            raise ValueError("a clock needs an aware instant: give a time zone")
        self._at = at.astimezone(SHANGHAI)

    def now(self) -> datetime:
        """Return the instant the clock stands at."""
        return self._at

    def today(self) -> date:
        """Return the day the clock stands at."""
        return self._at.date()

    def advance(self, **amount: float) -> None:
        """Move forward by what `timedelta(**amount)` says."""
        self._at += timedelta(**amount)


class _Ids:
    """UUID version 7 (RFC 9562): milliseconds, then a counter within the millisecond, then random bits."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._last = 0

    def next(self) -> UUID:
        """Return an id greater than every earlier one of this process."""
        nanoseconds = time.time_ns()
        milliseconds, rest = divmod(nanoseconds, 1_000_000)
        stamp = (milliseconds << 12) | (rest * 4096 // 1_000_000)
        with self._lock:
            self._last = max(stamp, self._last + 1)
            stamp = self._last
        milliseconds, fraction = stamp >> 12, stamp & 0xFFF
        random_bits = int.from_bytes(os.urandom(8)) & 0x3FFF_FFFF_FFFF_FFFF
        return UUID(int=(milliseconds << 80) | (0x7 << 76) | (fraction << 64) | (0b10 << 62) | random_bits)


_ids = _Ids()


def new_id() -> str:
    """Return a fresh, time-ordered identifier (UUIDv7 as text)."""
    return str(_ids.next())
