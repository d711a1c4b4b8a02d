"""A server that speaks clamd's INSTREAM, and can fail at it in every way a real one does."""

import socket
import socketserver
import threading

EICAR_LIKE = b"LIANXI-TEST-SIGNATURE"


class _Conversation(socketserver.BaseRequestHandler):
    def handle(self):
        server = self.server
        server.asked += 1
        if server.mood == "closes":
            return
        if server.mood == "garbage":
            self.request.sendall(b"\xff\xfe what?\0")
            return
        if server.mood == "silent":
            server.released.wait(30)
            return
        content = self._content()
        if content is not None:
            found = b"stream: Lianxi.Test FOUND\0" if EICAR_LIKE in content else b"stream: OK\0"
            self.request.sendall(
                {"error": b"stream: out of memory ERROR\0", "half": b"stream: O"}.get(server.mood, found)
            )

    def _content(self):
        """Read the stream as clamd does; None when it was refused for its size."""
        assert self._exactly(10) == b"zINSTREAM\0"
        content = bytearray()
        while length := int.from_bytes(self._exactly(4), "big"):
            content += self._exactly(length)
            if len(content) > self.server.largest:
                self.request.sendall(b"INSTREAM size limit exceeded. ERROR\0")
                self.request.shutdown(socket.SHUT_WR)
                return None
        return bytes(content)

    def _exactly(self, length):
        got = bytearray()
        while len(got) < length:
            part = self.request.recv(length - len(got))
            if not part:
                raise ConnectionError
            got += part
        return bytes(got)


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True

    def handle_error(self, request, client_address):
        """A client that goes away is no news."""


class FakeClamd:
    """Listens on a loopback port; `mood` is how it answers from now on, `asked` how often it was asked."""

    def __init__(self):
        self._server = _Server(("127.0.0.1", 0), _Conversation)
        self._server.mood, self._server.largest, self._server.asked = "well", 25 * 1024 * 1024, 0
        self._server.released = threading.Event()
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        self.address = f"127.0.0.1:{self._server.server_address[1]}"

    def becomes(self, mood, *, largest=25 * 1024 * 1024):
        self._server.mood, self._server.largest = mood, largest

    @property
    def asked(self):
        return self._server.asked

    def close(self):
        self._server.released.set()
        self._server.shutdown()
        self._server.server_close()
