"""Asks a virus scanner that speaks clamd's INSTREAM: the content goes over a socket in pieces, a verdict comes back.

Three answers are possible: clean, found something, and "could not say", which is never taken for clean. A scanner that
is away, slow, breaks off or answers nonsense could not say; the file waits and is tried again.
"""

import contextlib
import re
import socket
from collections.abc import Iterable
from dataclasses import dataclass

PIECE = 64 * 1024
LONGEST_ANSWER = 4096
_ANSWER = re.compile(r"(?:stream|instream\(\S+\)): (?:(OK)|(.{1,200}) FOUND|(.{1,300}) ERROR)", re.ASCII)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of a scan: `clean`, `infected`, `later`, or `not-scanned`; and what was found, or why not."""

    outcome: str
    finding: str = ""


class NoScanner:
    """This node has no scanner; that is written down at every file."""

    def scan(self, pieces: Iterable[bytes]) -> Verdict:
        """Return at once."""
        del pieces
        return Verdict("not-scanned")


@dataclass(frozen=True, slots=True)
class Clamd:
    """A clamd at `host:port` or at the path of a Unix socket."""

    address: str
    seconds: float = 120.0

    def scan(self, pieces: Iterable[bytes]) -> Verdict:
        """Return what the scanner says of the content."""
        try:
            with contextlib.closing(self._connect()) as connection:
                return self._ask(connection, pieces)
        except TimeoutError:
            return Verdict("later", "scanner-slow")
        except OSError:
            return Verdict("later", "scanner-away")

    def _ask(self, connection: socket.socket, pieces: Iterable[bytes]) -> Verdict:
        # a scanner that refuses a stream answers and closes while we still send: what it said is worth reading
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            connection.sendall(b"zINSTREAM\0")
            for piece in pieces:
                for at in range(0, len(piece), PIECE):
                    part = piece[at : at + PIECE]
                    connection.sendall(len(part).to_bytes(4, "big") + part)
            connection.sendall(bytes(4))
        return _read(_answer(connection))

    def _connect(self) -> socket.socket:
        if self.address.startswith("/"):
            connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            connection.settimeout(self.seconds)
            try:
                connection.connect(self.address)
            except OSError:
                connection.close()
                raise
            return connection
        host, _, port = self.address.rpartition(":")
        return socket.create_connection((host.strip("[]"), int(port)), timeout=self.seconds)


def _answer(connection: socket.socket) -> str:
    said = bytearray()
    while len(said) < LONGEST_ANSWER and b"\0" not in said:
        part = connection.recv(LONGEST_ANSWER)
        if not part:
            break
        said += part
    return said.partition(b"\0")[0].decode("utf-8", "replace").strip()


def _read(answer: str) -> Verdict:
    match = _ANSWER.fullmatch(answer)
    if match is None:
        # also "INSTREAM size limit exceeded. ERROR", which names no stream
        return Verdict("later", "scanner-limit" if "size limit exceeded" in answer else "scanner-unclear")
    if match[1]:
        return Verdict("clean")
    return Verdict("infected", match[2]) if match[2] else Verdict("later", "scanner-error")
