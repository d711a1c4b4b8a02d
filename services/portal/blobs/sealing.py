"""Files sealed at rest, piece by piece, so that one can be read from the middle and none is ever whole in memory.

A sealed file is a header and frames. The header holds a fresh key and the size of the content, both sealed with the
node's key ring and bound to the place of the file in the store; each frame is 64 KiB of content under AES-GCM, with its
number as nonce, which is safe because no other file has that key. A frame altered, moved, repeated or cut off does not
open. A rotation of the ring needs a new header only.
"""

import base64
import json
import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from lianxi.runtime.crypto import CannotOpen
from services.portal.blobs.reading import PiecedReader
from services.portal.domain.files import FileDamaged

MAGIC = b"LXF1"
FRAME = 64 * 1024
TAG = 16
LONGEST_HEADER = 4096
READ_AHEAD = 8
"""Frames that one request to the store brings."""


class Ring(Protocol):
    """The keys of the node."""

    def seal(self, plain: str, context: str) -> str:
        """Seal a text, bound to its context."""
        ...

    def open(self, token: str, context: str) -> str:
        """Return what was sealed."""
        ...


@dataclass(frozen=True, slots=True)
class Header:
    """What stands before the frames: where they begin, the key they are sealed with, and how long the content is."""

    length: int
    key: bytes
    size: int

    @property
    def sealed_size(self) -> int:
        """How long the frames are together."""
        return self.size + TAG * -(-self.size // FRAME)


def sealed(pieces: Iterable[bytes], size: int, place: str, ring: Ring) -> Iterator[bytes]:
    """Yield a sealed file of `size` bytes of content, for one place in the store."""
    key = os.urandom(32)
    yield write_header(key, size, place, ring)
    cipher, number, waiting = AESGCM(key), 0, bytearray()
    for piece in pieces:
        waiting += piece
        while len(waiting) >= FRAME:
            yield cipher.encrypt(_nonce(number), bytes(waiting[:FRAME]), None)
            del waiting[:FRAME]
            number += 1
    if waiting:
        yield cipher.encrypt(_nonce(number), bytes(waiting), None)


def write_header(key: bytes, size: int, place: str, ring: Ring) -> bytes:
    """Return the header of a file."""
    token = ring.seal(json.dumps({"key": base64.b64encode(key).decode(), "size": size}), f"file/{place}").encode()
    return MAGIC + len(token).to_bytes(2, "big") + token


def key_name(start: bytes) -> str:
    """Return the name of the ring's key that a file's header is sealed with."""
    return start[6 : 6 + LONGEST_HEADER].partition(b":")[0].decode("ascii", "replace")


def read_header(start: bytes, place: str, ring: Ring) -> Header:
    """Return the header at the start of a sealed file."""
    length = int.from_bytes(start[4:6], "big")
    if start[:4] != MAGIC or len(start) < length + 6:
        raise FileDamaged("no header")
    try:
        content: dict[str, Any] = json.loads(ring.open(start[6 : 6 + length].decode(), f"file/{place}"))
    except (CannotOpen, UnicodeDecodeError):
        raise FileDamaged("the header does not open") from None
    return Header(6 + length, base64.b64decode(content["key"]), int(content["size"]))


class SealedReader(PiecedReader):
    """The content of a sealed file, readable from anywhere; `fetch` gives bytes of the sealed form from the store."""

    def __init__(self, header: Header, fetch: Callable[[int, int], bytes]) -> None:
        super().__init__(header.size, FRAME)
        self._header = header
        self._cipher = AESGCM(header.key)
        self._fetch = fetch
        self._ahead: dict[int, bytes] = {}

    def piece(self, number: int) -> bytes:
        """Return the content of one frame, and read some ahead."""
        if number not in self._ahead:
            self._ahead = self._opened(number, min(number + READ_AHEAD, -(-self.size // FRAME)))
        return self._ahead[number]

    def _opened(self, first: int, end: int) -> dict[int, bytes]:
        """Return the frames from `first` up to `end`."""
        whole = FRAME + TAG
        content = min(end * FRAME, self.size) - first * FRAME
        raw = self._fetch(self._header.length + first * whole, content + TAG * (end - first))
        try:
            return {
                number: self._cipher.decrypt(_nonce(number), raw[at : at + whole], None)
                for number, at in zip(range(first, end), range(0, len(raw), whole), strict=True)
            }
        except (InvalidTag, ValueError):
            raise FileDamaged("a frame does not open") from None


def _nonce(number: int) -> bytes:
    return number.to_bytes(12, "big")
