"""How a node whose database was restored from a backup gets back what it sent to a neighbour since then.

The restored node asks, the neighbour answers from the archive of what it applied. Both travel in the order of the
link, so an answer comes after everything that the neighbour sends again.
"""

from dataclasses import dataclass
from typing import ClassVar

from lianxi.casework.messages.wire import Message


@dataclass(frozen=True, kw_only=True, slots=True)
class ReplayAsked:
    """Send me the frames of mine that you applied after number `after` of this epoch, and those of later epochs."""

    MESSAGE: ClassVar[Message] = Message("replay-asked")
    epoch: str
    after: int


@dataclass(frozen=True, kw_only=True, slots=True)
class ReplayGiven:
    """Some of the frames asked for, in order; `part` counts from 1 to `parts`.

    `frames` are their bodies, one a line, compressed (zlib) and in base 64. `missing` of those asked for are older
    than the archive, `left_out` are the ids of frames too large to travel so.
    """

    MESSAGE: ClassVar[Message] = Message("replay-given")
    epoch: str
    after: int
    part: int
    parts: int
    frames: str
    missing: int = 0
    left_out: tuple[str, ...] = ()
