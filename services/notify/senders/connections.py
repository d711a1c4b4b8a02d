"""Connections to webhooks: one carries request after request, and waits for the next one while that is not long.

Of an answer only its head is read, at most `LARGEST_HEAD` bytes of it. What follows is not wanted, but it has to be out
of the way before the next request: if it has arrived by then, and is not large, the connection goes on, else another
one is opened. One that the other side has closed meanwhile says so by `GoneMeanwhile`: nothing of an answer has come,
and the request may be made again at once.
"""

import socket
import ssl
import threading
import time
from collections.abc import Callable
from email.utils import parsedate_to_datetime

from services.notify.domain.agencies import Answer

LARGEST_HEAD = 16 * 1024
LARGEST_REST = 64 * 1024
LONGEST_REST = 30.0
"""Seconds a connection may wait for its next request."""
LONGEST_LIFE = 300.0
"""Seconds after which a name is looked up again, because it may have moved."""
MOST_IDLE = 512
Place = tuple[str, str, int]
"""Scheme, host and port."""


class GoneMeanwhile(OSError):  # noqa: N818  reads as what happened
    """The other side closed a connection that waited for its next request."""


def time_left(end: float) -> float:
    """Return the seconds until `end`, or raise: there are none."""
    left = end - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


class Line:
    """One connection to a webhook."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._opened = self._asked = time.monotonic()
        self._used = False
        self._owed: int | None = 0
        """Bytes of the last answer still to come; None: nobody can tell."""

    def ask(self, request: bytes, end: float) -> Answer:
        """Send a request and return what was answered until `end`."""
        try:
            self._connection.settimeout(time_left(end))
            self._connection.sendall(request)
            read = self._read(end)
        except TimeoutError:
            raise
        except OSError as error:
            if self._used:
                raise GoneMeanwhile from error
            raise
        if self._used and not read:
            raise GoneMeanwhile
        self._used, self._asked, self._owed = True, time.monotonic(), None
        return self._understood(read)

    def _read(self, end: float) -> bytes:
        """Read the answer up to the end of its head."""
        read = b""
        while b"\r\n\r\n" not in read and len(read) < LARGEST_HEAD:
            self._connection.settimeout(time_left(end))
            piece = self._connection.recv(4096)
            if not piece:
                break
            read += piece
        return read

    def _understood(self, read: bytes) -> Answer:
        head, found, beyond = read.partition(b"\r\n\r\n")
        if not found and len(read) < LARGEST_HEAD:
            return Answer(0, "no-answer")
        lines = head.decode("latin-1").split("\r\n")
        words = lines[0].split(" ")
        if not lines[0].startswith("HTTP/1.") or len(words) < 2 or not words[1].isdecimal():  # noqa: PLR2004
            return Answer(0, "no-answer")
        status = int(words[1])
        parts = (line.partition(":") for line in lines[1:])
        fields = {name.strip().lower(): value.strip() for name, _, value in parts}
        if found and words[0] == "HTTP/1.1" and "close" not in fields.get("connection", "").lower():
            self._owed = _length(status, fields, len(beyond))
        return Answer(status, f"http-{status}", _seconds(fields.get("retry-after", "")))

    @property
    def may_wait(self) -> bool:
        """Whether another request may follow, as far as the last answer says."""
        return self._owed is not None and time.monotonic() - self._opened < LONGEST_LIFE

    def ready(self) -> bool:
        """Return whether the next request may be sent: the last answer is through and the other side still there."""
        if self._owed is None or self.waits_too_long:
            return False
        try:
            self._connection.settimeout(0.0)
            while self._owed >= 0:
                piece = self._connection.recv(self._owed + 1)
                if not piece:
                    return False
                self._owed -= len(piece)
        except (BlockingIOError, ssl.SSLWantReadError):  # there is nothing to read now
            return self._owed == 0
        except OSError:
            return False
        return False

    @property
    def waits_too_long(self) -> bool:
        """Whether it has waited longer than it should."""
        return time.monotonic() - self._asked > LONGEST_REST

    def close(self) -> None:
        """Close it."""
        self._connection.close()


def _length(status: int, fields: dict[str, str], beyond: int) -> int | None:
    """Return how many bytes of an answer are still to come, None if nobody can tell or they are too many."""
    if status in {204, 304}:
        length = 0
    elif fields.get("content-length", "").isdecimal() and "transfer-encoding" not in fields:
        length = int(fields["content-length"][:9])
    else:
        return None
    return length - beyond if 0 <= length - beyond <= LARGEST_REST else None


def _seconds(text: str) -> int | None:
    """Read a Retry-After in seconds or as a day and time."""
    if text.isdecimal():
        return int(text[:9])
    try:
        return max(0, int(parsedate_to_datetime(text).timestamp() - time.time())) if text else None
    except (ValueError, TypeError, OverflowError):
        return None


class IdleLines:
    """The connections that wait for their next request."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: dict[Place, list[Line]] = {}
        self._number = 0

    def take(self, place: Place) -> Line | None:
        """Return one to this place that can be used, the one that waited least."""
        while line := self._taken(place):
            if line.ready():
                return line
            line.close()
        return None

    def _taken(self, place: Place) -> Line | None:
        with self._lock:
            lines = self._waiting.get(place)
            if not lines:
                return None
            self._number -= 1
            line = lines.pop()
            if not lines:
                del self._waiting[place]
            return line

    def keep(self, place: Place, line: Line) -> None:
        """Let a connection wait for its next request, if it can and there is room."""
        with self._lock:
            kept = line.may_wait and self._number < MOST_IDLE
            if kept:
                self._waiting.setdefault(place, []).append(line)
                self._number += 1
        if not kept:
            line.close()

    def close_old(self) -> None:
        """Close those that have waited too long."""
        self._close(lambda line: line.waits_too_long)

    def close_all(self) -> None:
        """Close every one."""
        self._close(lambda _line: True)

    def _close(self, wanted: Callable[[Line], bool]) -> None:
        with self._lock:
            waiting = [(place, line, wanted(line)) for place, lines in self._waiting.items() for line in lines]
            self._waiting = {}
            for place, line, closing in waiting:
                if not closing:
                    self._waiting.setdefault(place, []).append(line)
            self._number = sum(len(lines) for lines in self._waiting.values())
        for _, line, closing in waiting:
            if closing:
                line.close()
