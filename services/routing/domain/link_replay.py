"""What a node that was restored from a backup gets back over a link, as values, and how frames are packed for it."""

import base64
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from services.routing.domain.link_frames import MAX_FRAME, SEAM

PORTION = 256 * 1024
"""Bytes of frames that are packed together."""
LONGEST = MAX_FRAME - 16 * 1024
"""Characters that packed frames may have, to fit into one frame of their own."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Recovery:
    """What was asked of a neighbour: our frames after a place. `missing` of them are older than its archive."""

    peer: str
    epoch: str
    after: int
    begun_at: datetime
    asked_at: datetime | None
    finished_at: datetime | None
    frames: int
    missing: int
    given_up: bool


def packed_frames(bodies: Iterable[bytes]) -> Iterator[tuple[str, list[bytes]]]:
    """Return packed portions of frames, in order, each with the frames that are too large for any."""
    portion: list[bytes] = []
    size = 0
    for body in bodies:
        if portion and size + len(body) > PORTION:
            yield _packed(portion)
            portion, size = [], 0
        portion.append(body)
        size += len(body)
    if portion:
        yield _packed(portion)


def unpacked_frames(text: str) -> Sequence[bytes]:
    """Return the frames of a portion; ValueError when it is none."""
    if not text:
        return ()
    try:
        return zlib.decompress(base64.b64decode(text, validate=True)).split(SEAM)
    except zlib.error:
        raise ValueError("frames") from None


def _packed(portion: list[bytes]) -> tuple[str, list[bytes]]:
    text = base64.b64encode(zlib.compress(SEAM.join(portion))).decode()
    return (text, []) if len(text) <= LONGEST else ("", portion)
