"""A webhook receiver that keeps its connections: request after request, on as many connections as somebody opens."""

import socket
import threading


class PatientReceiver:
    """Answers each request with the next of `answers`; bytes are sent, "close" ends the connection without a word."""

    def __init__(self, tls=None):
        self.answers = []
        self.requests = []
        self.connections = []
        self._tls = tls
        self._listener = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=self._listen, daemon=True).start()

    def url(self, scheme="http"):
        return f"{scheme}://127.0.0.1:{self._listener.getsockname()[1]}/events"

    def hang_up(self):
        """Close every connection from this side."""
        for connection in self.connections:
            connection.shutdown(socket.SHUT_RDWR)

    def stop(self):
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for connection in self.connections:
            connection.close()

    def _listen(self):
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._talk, args=(connection,), daemon=True).start()

    def _talk(self, connection):
        if self._tls:
            connection = self._tls.wrap_socket(connection, server_side=True)
        self.connections.append(connection)
        stream = connection.makefile("rb")
        try:
            while line := stream.readline():
                headers = {}
                while line.strip():
                    name, _, value = line.decode().partition(": ")
                    headers[name] = value.strip()
                    line = stream.readline()
                self.requests.append((headers, stream.read(int(headers["Content-Length"])).decode()))
                answer = self.answers.pop(0) if self.answers else b"HTTP/1.1 204 No Content\r\n\r\n"
                if answer == "close":
                    break
                connection.sendall(answer)
        except OSError:
            return
        finally:
            stream.close()
        connection.close()
