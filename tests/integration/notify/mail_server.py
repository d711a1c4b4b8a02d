"""A real SMTP server in the test process, and the ways in which a server can fail in the middle of its work."""

import asyncio
import email
import socket
import ssl
import threading
from email.policy import default

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Session


def free_port():
    with socket.socket() as opened:
        opened.bind(("127.0.0.1", 0))
        return opened.getsockname()[1]


class _Speaker(SMTP):
    """aiosmtpd, able to hang up while a letter is being read."""

    async def smtp_DATA(self, arg):  # noqa: N802  aiosmtpd's name
        if self.event_handler.next("hang up in DATA"):
            await self.push("354 go on")
            await self._reader.readline()
            self.transport.abort()
            return
        if self.event_handler.next("refuse DATA"):
            await self.push("451 not now")
            return
        await super().smtp_DATA(arg)


class MailServer:
    """Takes letters; `behave(…)` queues what it does instead, `replies` what it answers to a command from now on."""

    def __init__(self, port=None, **options):
        self.port = port or free_port()
        self.letters = []
        self.attempts = 0
        self.replies = {}
        self.seen_login = None
        self._queued = []
        self._lock = threading.Lock()
        self._controller = None
        self._options = options
        self._release = None

    def behave(self, *ways):
        """Queue ways to fail, each for one letter.

        "refuse DATA", "hang up in DATA", "hang up after DATA", "be silent", "refuse and hang up" (at the recipient).
        """
        self._queued += ways

    def next(self, *ways):
        """Return whether one of these ways is the next, and take it."""
        with self._lock:
            if self._queued and self._queued[0] in ways:
                return self._queued.pop(0)
            return None

    def start(self):
        self._controller = _Controller(self, hostname="127.0.0.1", port=self.port, **self._options)
        self._controller.start()
        return self

    def stop(self):
        controller, self._controller = self._controller, None
        if controller is not None:
            if self._release is not None:
                controller.loop.call_soon_threadsafe(self._release.set)
            controller.stop()

    @property
    def ids(self):
        return [letter["Message-ID"] for letter in self.letters]

    async def handle_EHLO(self, _server, session: Session, _envelope, hostname, responses):  # noqa: N802
        session.host_name = hostname
        return responses

    async def handle_MAIL(self, _server, _session, envelope, address, _options):  # noqa: N802
        envelope.mail_from = address
        return self.replies.get("MAIL", "250 OK")

    async def handle_RCPT(self, server, _session, envelope, address, _options):  # noqa: N802
        reply = self.replies.get(address, self.replies.get("RCPT", "250 OK"))
        if self.next("refuse and hang up"):
            await server.push("550 no, and goodbye")
            server.transport.abort()
        if reply.startswith("250"):
            envelope.rcpt_tos.append(address)
        return reply

    async def handle_DATA(self, server, _session, envelope):  # noqa: N802
        self.attempts += 1
        letter = email.message_from_bytes(envelope.content, policy=default)
        reply = self.replies.get("DATA", "250 taken")
        if reply.startswith("250"):
            self.letters.append(letter)
        if self.next("hang up after DATA"):
            server.transport.abort()
        if self.next("be silent"):
            self._release = asyncio.Event()
            await self._release.wait()
        return reply


class _Controller(Controller):
    def __init__(self, handler, **options):
        self._speak = {
            name: options.pop(name)
            for name in ("tls_context", "require_starttls", "authenticator", "auth_required")
            if name in options
        }
        super().__init__(handler, **options)

    def factory(self):
        return _Speaker(self.handler, hostname="mail.test", enable_SMTPUTF8=True, **self._speak)


class Refusing:
    """A server that answers every connection with one line and hangs up."""

    def __init__(self, line):
        self._line = line.encode() + b"\r\n"
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self):
        while True:
            try:
                opened, _ = self._socket.accept()
            except OSError:
                return
            with opened:
                opened.sendall(self._line)

    def stop(self):
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join(5.0)


def sign_in(user, password):
    """An authenticator that knows one account."""

    def check(_server, _session, _envelope, _mechanism, given):
        right = (given.login, given.password) == (user.encode(), password.encode())
        return AuthResult(success=right, handled=right)

    return check


def server_context(certificate, key):
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    return context
