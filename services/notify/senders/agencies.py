"""Webhooks of agencies: sign as Standard Webhooks says, connect to an address that was looked at, ask for no more.

The name of the target is resolved once, every address it has is judged, and the connection goes to a judged one: a
name that turns into another address in between leads nowhere. Redirects are an answer like any other that is not 2xx.
Of the answer only status and Retry-After are read, at most `LARGEST_HEAD` bytes and `DEADLINE` seconds in all.
"""

import base64
import ipaddress
import json
import secrets
import socket
import ssl
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from standardwebhooks import Webhook

from lianxi.casework.errors import Invalid
from lianxi.runtime import tracing
from services.notify.domain.agencies import AgencyEvent, Answer, Scheme

DEADLINE = 15.0
CONNECT_SECONDS = 5.0
LARGEST_HEAD = 16 * 1024
_SHARED, _PRIVATE, _PUBLIC = "whsec_", "whsk_", "whpk_"


class NotAllowed(Exception):  # noqa: N818  reads as what the target is
    """The target lies where an agency has no business: in this machine, this network, or nowhere."""


def make_key(scheme: Scheme) -> tuple[str, str]:
    """Return a new key to sign with, and what the agency verifies with."""
    if scheme is Scheme.SHARED:
        shared = _SHARED + base64.b64encode(secrets.token_bytes(32)).decode()
        return shared, shared
    private = Ed25519PrivateKey.generate()
    public = base64.b64encode(private.public_key().public_bytes_raw()).decode()
    return _PRIVATE + base64.b64encode(private.private_bytes_raw()).decode(), _PUBLIC + public


def signed(keys: Sequence[str], message_id: str, now: datetime, body: str) -> dict[str, str]:
    """Return the three headers of Standard Webhooks, with a signature for each key."""
    stamp = int(now.timestamp())
    signatures = " ".join(_signature(key, message_id, stamp, body) for key in keys)
    return {"webhook-id": message_id, "webhook-timestamp": str(stamp), "webhook-signature": signatures}


def _signature(key: str, message_id: str, stamp: int, body: str) -> str:
    if key.startswith(_SHARED):
        return Webhook(key).sign(message_id, datetime.fromtimestamp(stamp, UTC), body)
    private = Ed25519PrivateKey.from_private_bytes(base64.b64decode(key.removeprefix(_PRIVATE)))
    return "v1a," + base64.b64encode(private.sign(f"{message_id}.{stamp}.{body}".encode())).decode()


class WebhookSender:
    """Brings events to webhooks. `allowed` names hosts that may be private, and be reached without TLS."""

    def __init__(self, allowed: frozenset[str], ca_file: Path | None = None, deadline: float = DEADLINE) -> None:
        self._allowed = allowed
        self._deadline = deadline
        self._tls = ssl.create_default_context(cafile=str(ca_file) if ca_file else None)

    def check(self, url: str) -> None:
        """Refuse an address no agency may have; its name need not resolve yet."""
        try:
            target = self._target(url)
            if _is_address(target.hostname or ""):
                self._judge(target.hostname or "", target.hostname or "")
        except (NotAllowed, ValueError) as error:
            raise Invalid("webhook", "target", f"Webhook 地址不可用：{error}。") from None

    def send(self, url: str, event: AgencyEvent, keys: Sequence[str], now: datetime) -> Answer:
        """Bring one event; never raises for what the network or the other side does."""
        body = event.envelope
        headers = signed(keys, event.event_id.replace(".", "-"), now, body)
        if step := tracing.continued(json.loads(event.body).get(tracing.HEADER)):
            headers[tracing.HEADER] = step.header
        try:
            return self._post(self._target(url), headers, body.encode(), time.monotonic() + self._deadline)
        except NotAllowed:
            return Answer(0, "target-not-allowed")
        except ssl.SSLError:
            return Answer(0, "tls-failed")
        except TimeoutError:
            return Answer(0, "too-slow")
        except (OSError, ValueError, UnicodeError):
            return Answer(0, "unreachable")

    def _target(self, url: str) -> SplitResult:
        target = urlsplit(url)
        host = target.hostname or ""
        if target.scheme not in {"https", "http"} or not host or target.username or target.fragment:
            raise NotAllowed("应为 https:// 开头的完整地址")
        if any(character <= " " or character == "\x7f" for character in url) or not url.isascii():
            raise NotAllowed("地址中有不允许的字符")
        if target.scheme == "http" and host not in self._allowed:
            raise NotAllowed("须使用 https")
        _ = target.port  # raises ValueError for what is no port
        return target

    def _judge(self, host: str, address: str) -> None:
        place = ipaddress.ip_address(address.partition("%")[0])
        if isinstance(place, ipaddress.IPv6Address):
            place = place.ipv4_mapped or place.sixtofour or place
        if host not in self._allowed and (not place.is_global or place.is_multicast or place.is_reserved):
            raise NotAllowed("不允许指向内部网络")

    def _post(self, target: SplitResult, headers: Mapping[str, str], body: bytes, end: float) -> Answer:
        host = target.hostname or ""
        port = target.port or (443 if target.scheme == "https" else 80)
        connection = self._connected(host, port, end)
        try:
            if target.scheme == "https":
                connection.settimeout(_left(end))
                connection = self._tls.wrap_socket(connection, server_hostname=host)
            connection.settimeout(_left(end))
            connection.sendall(_request(target, headers, body))
            return _answer(_head(connection, end))
        finally:
            connection.close()

    def _connected(self, host: str, port: int, end: float) -> socket.socket:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        addresses = [str(place[4][0]) for place in found]
        for address in addresses:
            self._judge(host, address)  # one bad address is enough: nobody has half a private name
        failure: OSError = OSError("no address")
        for address in addresses:
            try:
                return socket.create_connection((address, port), timeout=min(CONNECT_SECONDS, _left(end)))
            except OSError as error:
                failure = error
        raise failure


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _left(end: float) -> float:
    left = end - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


def _request(target: SplitResult, headers: Mapping[str, str], body: bytes) -> bytes:
    path = (target.path or "/") + (f"?{target.query}" if target.query else "")
    lines = [
        f"POST {path} HTTP/1.1",
        f"Host: {target.netloc}",
        "User-Agent: Lianxi-Webhook/1",
        "Content-Type: application/cloudevents+json; charset=utf-8",
        f"Content-Length: {len(body)}",
        "Connection: close",
        *(f"{name}: {value}" for name, value in headers.items()),
    ]
    return "\r\n".join(lines).encode("ascii") + b"\r\n\r\n" + body


def _head(connection: socket.socket, end: float) -> bytes:
    """Read the answer up to the end of its headers, nothing if it broke off before; what follows is not wanted."""
    read = b""
    while b"\r\n\r\n" not in read and len(read) < LARGEST_HEAD:
        connection.settimeout(_left(end))
        piece = connection.recv(4096)
        if not piece:
            return b""
        read += piece
    return read


def _answer(head: bytes) -> Answer:
    lines = head.decode("latin-1").split("\r\n")
    words = lines[0].split(" ")
    if not lines[0].startswith("HTTP/1.") or len(words) < 2 or not words[1].isdecimal():  # noqa: PLR2004
        return Answer(0, "no-answer")
    status = int(words[1])
    fields = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
    return Answer(status, f"http-{status}", _seconds(fields.get("retry-after", "")))


def _seconds(text: str) -> int | None:
    """Read a Retry-After in seconds or as a day and time."""
    if text.isdecimal():
        return int(text[:9])
    try:
        return max(0, int(parsedate_to_datetime(text).timestamp() - time.time())) if text else None
    except (ValueError, TypeError, OverflowError):
        return None


class Hands:
    """A bounded number of threads; what one of them waits for holds up none of the others."""

    def __init__(self, number: int, failed: Callable[[Exception], None]) -> None:
        self._free = number
        self._lock = threading.Lock()
        self._failed = failed

    def free(self) -> int:
        """Return how many are free."""
        with self._lock:
            return self._free

    def start(self, work: Callable[[], None]) -> None:
        """Let a hand do this."""
        with self._lock:
            self._free -= 1
        threading.Thread(target=self._run, args=(work,), name="webhooks", daemon=True).start()

    def _run(self, work: Callable[[], None]) -> None:
        try:
            work()
        except Exception as error:  # noqa: BLE001  the thread's only way to tell; the lease runs out by itself
            self._failed(error)
        finally:
            with self._lock:
                self._free += 1
