"""Serves a WSGI application over TLS to clients with a certificate of one authority, and to nobody else.

Who has no certificate of the authority, or one that ran out, does not get past the handshake. The application finds
the certificate in the environment of the request under `CERTIFICATE`, where no header can put anything; whether this
one is still welcome is for the application to say. One request a connection, a bounded number of them at a time, and
each step within `SECONDS`: enough for the programs of a few hundred agencies.
"""

import hashlib
import socket
import ssl
import sys
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from socketserver import ThreadingTCPServer
from typing import Any
from wsgiref.simple_server import ServerHandler, WSGIRequestHandler

from lianxi.runtime.logging import logger

CERTIFICATE = "lianxi.certificate"
"""Where an application finds the SHA-256 of the client's certificate, in hexadecimal."""
SECONDS = 20.0
MOST = 64
Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


def fingerprint_of(certificate: bytes) -> str:
    """Return what stands for a certificate (its DER form)."""
    return hashlib.sha256(certificate).hexdigest()


class CertificateDoor(ThreadingTCPServer):
    """Serves `application` until `shutdown`; `directory` holds server.pem, server.key and the authority's ca.pem."""

    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = MOST

    def __init__(self, application: Application, address: tuple[str, int], directory: Path) -> None:
        self._tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(directory / "ca.pem"))
        self._tls.verify_mode = ssl.CERT_REQUIRED
        self._tls.load_cert_chain(directory / "server.pem", directory / "server.key")
        self._places = threading.BoundedSemaphore(MOST)
        self.application = application
        super().__init__(address, _Conversation)
        self.base_environ = {
            "SERVER_NAME": "agencies",
            "SERVER_PORT": str(self.port),
            "GATEWAY_INTERFACE": "CGI/1.1",
            "REMOTE_HOST": "",
            "CONTENT_LENGTH": "",
            "SCRIPT_NAME": "",
        }

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self.server_address[1])

    def get_request(self) -> tuple[socket.socket, Any]:
        """Take a connection; its handshake is left to the thread that serves it."""
        plain, address = super().get_request()
        plain.settimeout(SECONDS)
        return self._tls.wrap_socket(plain, server_side=True, do_handshake_on_connect=False), address

    def process_request(self, request: Any, client_address: Any) -> None:
        """Serve it beside the others; when there are too many, wait."""
        self._places.acquire()
        super().process_request(request, client_address)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Serve one connection to its end."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._places.release()

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ARG002  the library gives them
        """Say nothing of a client that broke off or may not come in: there are such on every open port."""
        error = sys.exc_info()[1]
        if not isinstance(error, OSError):
            logger("lianxi.runtime").error("door of agencies failed", error=type(error).__name__)


class _Conversation(WSGIRequestHandler):
    """One connection: the handshake, a request, its answer."""

    timeout = SECONDS

    def setup(self) -> None:
        """Shake hands; without a certificate of the authority this is the end."""
        self.request.do_handshake()
        super().setup()

    def get_environ(self) -> dict[str, Any]:
        """Return the environment of the request with the certificate it came under."""
        certificate = self.connection.getpeercert(binary_form=True)
        return {**super().get_environ(), CERTIFICATE: fingerprint_of(certificate), "HTTPS": "on"}

    def address_string(self) -> str:
        """Return the address without asking for its name."""
        return str(self.client_address[0])

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  as the standard library names it
        """Leave the line to the application, which knows who asked and what came of it."""

    def handle(self) -> None:
        """Answer one request."""
        self.raw_requestline = self.rfile.readline(65537)
        if len(self.raw_requestline) > 65536 or not self.parse_request():  # noqa: PLR2004  the library's own bound
            return
        answer = _Answer(self.rfile, self.wfile, self.get_stderr(), self.get_environ(), multithread=True)  # type: ignore[arg-type]
        answer.request_handler = self  # type: ignore[attr-defined]
        answer.run(self.server.application)  # type: ignore[attr-defined]


class _Answer(ServerHandler):
    """An answer that says nothing of the server's software."""

    server_software = "lianxi"
