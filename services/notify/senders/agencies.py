"""Webhooks of agencies: sign as Standard Webhooks says, connect to an address that was looked at, ask for no more.

The name of the target is resolved once for a connection, every address it has is judged, and the connection goes to a
judged one: a name that turns into another address in between leads nowhere. Connections are kept for the next event.
Redirects are an answer like any other that is not 2xx. Of an answer only status and Retry-After count, and it has
`DEADLINE` seconds in all.
"""

import ipaddress
import json
import socket
import ssl
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

from lianxi.casework.errors import Invalid
from lianxi.runtime import tracing
from services.notify.domain.agencies import AgencyEvent, Answer
from services.notify.senders.connections import GoneMeanwhile, IdleLines, Line, Place, time_left
from services.notify.senders.signatures import signed

DEADLINE = 15.0
CONNECT_SECONDS = 5.0


class NotAllowed(Exception):  # noqa: N818  reads as what the target is
    """The target lies where an agency has no business: in this machine, this network, or nowhere."""


class WebhookSender:
    """Brings events to webhooks. `allowed` names hosts that may be private, and be reached without TLS."""

    def __init__(self, allowed: frozenset[str], ca_file: Path | None = None, deadline: float = DEADLINE) -> None:
        self._allowed = allowed
        self._deadline = deadline
        self._tls = ssl.create_default_context(cafile=str(ca_file) if ca_file else None)
        self._idle = IdleLines()

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
        if tracing.HEADER in event.body and (step := tracing.continued(json.loads(event.body).get(tracing.HEADER))):
            headers[tracing.HEADER] = step.header
        try:
            return self._post(self._target(url), headers, body.encode(), time.monotonic() + self._deadline)
        except NotAllowed:
            return Answer(0, "target-not-allowed")
        except ssl.SSLError:
            return Answer(0, "tls-failed")
        except TimeoutError:
            return Answer(0, "too-slow")
        except (OSError, EOFError, ValueError):
            return Answer(0, "unreachable")

    def close_idle(self) -> None:
        """Close the connections that nobody has used for a while."""
        self._idle.close_old()

    def close(self) -> None:
        """Close all connections that wait for their next event."""
        self._idle.close_all()

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
        place = target.scheme, target.hostname or "", target.port or (443 if target.scheme == "https" else 80)
        request = _request(target, headers, body)
        if kept := self._idle.take(place):
            with suppress(GoneMeanwhile):
                return self._asked(kept, place, request, end)
        return self._asked(self._opened(place, end), place, request, end)

    def _asked(self, line: Line, place: Place, request: bytes, end: float) -> Answer:
        try:
            answer = line.ask(request, end)
        except BaseException:
            line.close()
            raise
        self._idle.keep(place, line)
        return answer

    def _opened(self, place: Place, end: float) -> Line:
        scheme, host, port = place
        connection = self._connected(host, port, end)
        if scheme == "https":
            try:
                connection.settimeout(time_left(end))
                connection = self._tls.wrap_socket(connection, server_hostname=host)
            except BaseException:
                connection.close()
                raise
        return Line(connection)

    def _connected(self, host: str, port: int, end: float) -> socket.socket:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        addresses = [str(place[4][0]) for place in found]
        for address in addresses:
            self._judge(host, address)  # one bad address is enough: nobody has half a private name
        failure: OSError = OSError("no address")
        for address in addresses:
            try:
                return socket.create_connection((address, port), timeout=min(CONNECT_SECONDS, time_left(end)))
            except OSError as error:
                failure = error
        raise failure


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _request(target: SplitResult, headers: Mapping[str, str], body: bytes) -> bytes:
    path = (target.path or "/") + (f"?{target.query}" if target.query else "")
    lines = [
        f"POST {path} HTTP/1.1",
        f"Host: {target.netloc}",
        "User-Agent: Lianxi-Webhook/1",
        "Content-Type: application/cloudevents+json; charset=utf-8",
        f"Content-Length: {len(body)}",
        *(f"{name}: {value}" for name, value in headers.items()),
    ]
    return "\r\n".join(lines).encode("ascii") + b"\r\n\r\n" + body


class Hands:
    """A bounded number of threads; what one of them waits for holds up none of the others."""

    def __init__(self, number: int, failed: Callable[[Exception], None]) -> None:
        self._free = number
        self._lock = threading.Lock()
        self._failed = failed

    def start(self, work: Callable[[], None]) -> bool:
        """Let a hand do this; return False if none is free."""
        with self._lock:
            if self._free == 0:
                return False
            self._free -= 1
        threading.Thread(target=self._run, args=(work,), name="webhooks", daemon=True).start()
        return True

    def _run(self, work: Callable[[], None]) -> None:
        try:
            work()
        except Exception as error:  # noqa: BLE001  the thread's only way to tell; the lease runs out by itself
            self._failed(error)
        finally:
            with self._lock:
                self._free += 1
