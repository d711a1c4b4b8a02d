"""A small TCP proxy that can play a bad line: cut for a while, silent as a firewall that drops, or reset.

The demo and the tests put it between a child's shovels and its parent's broker, where it is the only way across.
"""

import socket
import struct
import threading
from contextlib import suppress
from enum import Enum

CHUNK = 65536
RESET = struct.pack("ii", 1, 0)


class Line(Enum):
    """What the line does to what is sent through it."""

    OPEN = "open"
    CUT = "cut"
    SILENT = "silent"


class Proxy:
    """Listens on a loopback port and carries every connection to `target_port` while the line is open."""

    def __init__(self, target_port: int) -> None:
        self._target_port = target_port
        self._line = Line.OPEN
        self._moves = threading.Condition()
        self._sockets: set[socket.socket] = set()
        self._closed = False
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._server.getsockname()[1]
        threading.Thread(target=self._accept, name=f"proxy to {target_port}", daemon=True).start()

    def cut(self) -> None:
        """End every connection in order and refuse new ones until `heal`."""
        self._change(Line.CUT)
        self._drop(linger=None)

    def silence(self) -> None:
        """Swallow whatever is sent, in both directions, without closing anything: the line looks alive and is dead.

        Connections that were open when the silence began are beyond help, as they are when a firewall forgets them.
        """
        self._change(Line.SILENT)

    def reset(self) -> None:
        """Break every open connection at once; new ones are accepted."""
        self._drop(linger=RESET)

    def heal(self) -> None:
        """Carry again; what went through a silence ends, so that both ends dial anew."""
        was_silent = self._line is Line.SILENT
        self._change(Line.OPEN)
        if was_silent:
            self._drop(linger=RESET)

    def close(self) -> None:
        """Stop listening and end everything."""
        self._closed = True
        with suppress(OSError):
            self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()
        self._drop(linger=RESET)

    def _change(self, line: Line) -> None:
        with self._moves:
            self._line = line
            self._moves.notify_all()

    def _accept(self) -> None:
        while not self._closed:
            try:
                near, _ = self._server.accept()
            except OSError:
                return
            if self._line is Line.CUT:
                near.close()
                continue
            try:
                far = socket.create_connection(("127.0.0.1", self._target_port), timeout=5.0)
            except OSError:
                near.close()
                continue
            far.settimeout(None)
            with self._moves:
                self._sockets |= {near, far}
            for source, sink in ((near, far), (far, near)):
                threading.Thread(target=self._carry, args=(source, sink), name="proxy line", daemon=True).start()

    def _carry(self, source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while chunk := source.recv(CHUNK):
                if self._line is Line.SILENT:
                    continue
                sink.sendall(chunk)
        for end in (source, sink):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()
            with self._moves:
                self._sockets.discard(end)

    def _drop(self, linger: bytes | None) -> None:
        with self._moves:
            sockets = list(self._sockets)
        for each in sockets:
            with suppress(OSError):
                if linger:
                    each.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                each.shutdown(socket.SHUT_RDWR)
            if linger:
                each.close()
