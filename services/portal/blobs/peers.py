"""How files go from node to node over HTTP: dialled by the child, resumed where it broke off, signed per request.

Each link has a secret that only its two ends know. A request carries the child's code, the time and an HMAC over
method, address, time and body, so the secret itself is never sent. Without TLS the parent must be on this machine,
unless the operator allows plain HTTP.
"""

import hashlib
import hmac
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import requests

from services.portal.domain.files import CHUNK_BYTES

NODE_HEADER = "Lianxi-Node"
TIME_HEADER = "Lianxi-Time"
SIGNATURE_HEADER = "Lianxi-Signature"
TOLERANCE_SECONDS = 300
"""How far the clocks of two machines may differ; a request older than that is worth nothing to whoever recorded it."""
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
_SILENCE = (5.0, 30.0)
_OK, _PARTIAL = 200, 206


class PeerAway(Exception):  # noqa: N818  reads as what is the matter
    """The node above does not answer, or not as agreed."""


class PeerRefused(Exception):  # noqa: N818  reads as what is the matter
    """The node above answered, and said no."""

    def __init__(self, status: int, code: str) -> None:
        super().__init__(f"{status} {code}")
        self.status = status
        self.code = code


def sign_request(secret: str, method: str, target: str, moment: str, body: bytes) -> str:
    """Return the signature of a request; `target` is its path with the query."""
    text = "\n".join((method, target, moment, hashlib.sha256(body).hexdigest()))
    return hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()


def signature_holds(secret: str, method: str, target: str, headers: Mapping[str, str], body: bytes) -> bool:
    """Whether a request comes from whoever knows the secret, and was made just now."""
    moment, signature = headers.get(TIME_HEADER, ""), headers.get(SIGNATURE_HEADER, "")
    if not (moment.isascii() and moment.isdigit() and abs(time.time() - int(moment[:12])) <= TOLERANCE_SECONDS):
        return False
    return hmac.compare_digest(sign_request(secret, method, target, moment, body).encode(), signature.encode())


@dataclass(frozen=True, slots=True)
class Piece:
    """Part of a file as the node above sent it, and what it says the file is."""

    content: bytes
    media_type: str
    size: int


def reason(error: Exception) -> str | None:
    """Return a word for what kept a file from coming, None for an error that is our own."""
    if isinstance(error, PeerRefused):
        return error.code or f"http-{error.status}"
    return "node-above-away" if isinstance(error, PeerAway) else None


class ParentNode:
    """The node above, as far as files go."""

    def __init__(self, node: str, address: str, secret: str, *, plain_allowed: bool, authority: str) -> None:
        place = urlsplit(address)
        if place.scheme != "https" and place.hostname not in _LOOPBACK and not plain_allowed:
            raise ValueError("files go to another machine over https only: give LIANXI_PARENT_PORTAL with https://")
        self._node = node
        self._address = address.rstrip("/")
        self._secret = secret
        self._session = requests.Session()
        self._session.verify = authority or True
        self._session.trust_env = False

    def wanted(self) -> list[dict[str, Any]]:
        """Return the files that the node above wants from here."""
        rows: list[dict[str, Any]] = self._json("GET", "/link/files")["rows"]
        return rows

    def fetch(self, chore: Mapping[str, Any], offset: int) -> Iterator[Piece]:
        """Yield a file from `offset` on, chunk by chunk; it may end early when the line breaks."""
        target = f"/link/files/{chore['sha256']}?source={chore['source']}&size={chore['size']}"
        headers = {"Range": f"bytes={offset}-"} if offset else {}
        with self._ask("GET", target, headers=headers, stream=True) as answer:
            if answer.status_code != (_PARTIAL if offset else _OK):
                raise _refusal(answer)
            media_type = answer.headers.get("Content-Type", "")
            total = answer.headers.get("Lianxi-Size", "")
            size = int(total) if total.isascii() and total.isdigit() else 0
            for content in _chunks(answer):
                yield Piece(content, media_type, size)

    def bring(self, sha256: str, pieces: Callable[[int], Iterator[bytes]], size: int) -> None:
        """Give a file to the node above from where it has got to; `pieces` yields the content from an offset on."""
        path = f"/link/files/{sha256}"
        offset = int(self._json("GET", f"{path}/arrival")["offset"])
        for content in pieces(offset):
            self._json("PUT", f"{path}?offset={offset}", body=content)
            offset += len(content)
        if offset != size:
            raise PeerAway("the file ended early")
        self._json("POST", f"{path}/finish")

    def _json(self, method: str, target: str, body: bytes = b"") -> dict[str, Any]:
        with self._ask(method, target, body=body) as answer:
            if answer.status_code != _OK:
                raise _refusal(answer)
            try:
                content: dict[str, Any] = answer.json()
            except ValueError:
                raise PeerAway("no JSON") from None
        return content

    def _ask(
        self,
        method: str,
        path: str,
        *,
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
        stream: bool = False,
    ) -> requests.Response:
        target, moment = f"/api/v1{path}", str(int(time.time()))
        signed = {
            NODE_HEADER: self._node,
            TIME_HEADER: moment,
            SIGNATURE_HEADER: sign_request(self._secret, method, target, moment, body),
            **(headers or {}),
        }
        try:
            return self._session.request(
                method,
                self._address + target,
                data=body,
                headers=signed,
                timeout=_SILENCE,
                stream=stream,
                allow_redirects=False,
            )
        except requests.RequestException as error:
            raise PeerAway(type(error).__name__) from None


def _chunks(answer: requests.Response) -> Iterator[bytes]:
    """Yield what arrives in pieces of a chunk; a last, shorter one only if the file ended there."""
    try:
        yield from answer.iter_content(CHUNK_BYTES)
    except requests.RequestException as error:
        raise PeerAway(type(error).__name__) from None


def _refusal(answer: requests.Response) -> PeerRefused:
    try:
        code = str(answer.json().get("code") or "")
    except (ValueError, AttributeError):
        code = ""
    return PeerRefused(answer.status_code, code)
