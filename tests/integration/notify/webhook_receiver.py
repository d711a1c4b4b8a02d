"""A webhook receiver of an agency: takes what comes, or fails in the way it was told to."""

import socket
import ssl
import threading


class WebhookReceiver:
    """Answers each request with the next of `answers` (bytes, "close", "silence", "drip"); without one with 204."""

    def __init__(self, tls: ssl.SSLContext | None = None):
        self.answers = []
        self.requests = []
        self._tls = tls
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._held = []
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    @property
    def port(self):
        return self._listener.getsockname()[1]

    def url(self, host="127.0.0.1", scheme="http"):
        return f"{scheme}://{host}:{self.port}/events?of=lianxi"

    @property
    def bodies(self):
        return [body for _, body in self.requests]

    def stop(self):
        self._stopped.set()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for connection in self._held:
            connection.close()
        self._thread.join(5)

    def _serve(self):
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            try:
                if self._tls:
                    connection = self._tls.wrap_socket(connection, server_side=True)
                self._answer(connection)
            except OSError:
                connection.close()

    def _answer(self, connection):
        connection.settimeout(10)
        headers, body = self._read(connection)
        self.requests.append((headers, body))
        answer = self.answers.pop(0) if self.answers else b"HTTP/1.1 204 No Content\r\n\r\n"
        if answer == "drip":
            self._drip(connection)
            return
        if answer == "silence":
            self._held.append(connection)
            return
        if answer != "close":
            connection.sendall(answer)
        connection.close()

    def _drip(self, connection):
        """Send a header that never ends, a byte at a time, until nobody takes it any more."""
        try:
            connection.sendall(b"HTTP/1.1 200 OK\r\nX: ")
            while not self._stopped.wait(0.05):
                connection.sendall(b"x")
        except OSError:
            connection.close()

    def _read(self, connection):
        read = b""
        while b"\r\n\r\n" not in read:
            piece = connection.recv(65536)
            if not piece:
                raise OSError("gone")
            read += piece
        head, _, body = read.partition(b"\r\n\r\n")
        headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n")[1:])
        while len(body) < int(headers["Content-Length"]):
            body += connection.recv(65536)
        return headers, body.decode()


def status(code, extra=""):
    """An answer with a status and further header lines."""
    return f"HTTP/1.1 {code} Whatever\r\n{extra}Content-Length: 0\r\n\r\n".encode()
