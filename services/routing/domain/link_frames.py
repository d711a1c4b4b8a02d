"""What crosses a link: the frame around a message, how it is written, and where it goes next.

A *letter* is a message on its way that has no place in a link's stream yet; numbered, it becomes a *frame*, the JSON
body that shovels carry. The message itself travels as text, so that every node on the road hands on the very bytes
the origin wrote and signed. Frames that were sent in one transaction travel as one *parcel*, one frame a line, each
with its own number. An *ack* is the one frame without a number. How frames are read and judged is in
`link_reading`.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

from lianxi.casework.errors import Invalid, Unknown
from lianxi.casework.identifiers import DivisionCode

VERSION = 1
MAX_FRAME = 1024 * 1024
"""Bytes a frame may have; what is larger than this belongs into an attachment, outside the bus."""
SEAM = b"\n"
"""What stands between the frames of a parcel, and never inside one: JSON as it is written here has one line."""
MAX_HOPS = 4
ACK = "link.ack"
PARCEL = "link.parcel"
MAX_PARCEL = 48 * 1024
"""Bytes of frames that travel as one message of the broker, if they were sent in one transaction."""
SHORT = 64
"""Characters an identifier in a frame may have."""


@dataclass(frozen=True, slots=True)
class Place:
    """The place of a frame in a link's stream: who sent it, which epoch, which number, and the chain up to it."""

    peer: str
    epoch: str
    seq: int
    chain: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Letter:
    """A message between two nodes, wherever on its road it is. `kind` is the family, `type` the message's name."""

    id: str
    origin: str
    dest: str
    kind: str
    type: str
    case_id: str
    ts: str
    path: tuple[str, ...]
    message: str
    sig: str

    @property
    def signed_text(self) -> str:
        """What the origin signs: all that stays the same from hop to hop."""
        return json.dumps([self.id, self.origin, self.dest, self.type, self.case_id, self.ts, self.message])

    def carried_by(self, node: str) -> "Letter":
        """Return the letter as the next node on its road sends it on."""
        return Letter(
            id=self.id,
            origin=self.origin,
            dest=self.dest,
            kind=self.kind,
            type=self.type,
            case_id=self.case_id,
            ts=self.ts,
            path=(*self.path, node),
            message=self.message,
            sig=self.sig,
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Frame:
    """A letter at its place in a stream. `letter` is None when the content is unreadable, `reason` says why."""

    id: str
    place: Place
    letter: Letter | None
    body: bytes
    reason: str = ""

    @property
    def case_key(self) -> str:
        """What is quarantined together: the case, or the message alone when it is about no case."""
        return (self.letter.case_id if self.letter else "") or self.id


@dataclass(frozen=True, kw_only=True, slots=True)
class Ack:
    """What one end tells the other about both streams: also the heartbeat.

    `epoch` … `digest` describe what arrived here from the peer, `sent_epoch` and `sent_seq` what was sent to it,
    and `heard` is the id of the peer's last ack that came through.
    """

    id: str
    peer: str
    epoch: str
    applied: int
    digest: str
    held_min: int | None
    need_from: int | None
    heard: str
    sent_epoch: str
    sent_seq: int


def next_hop(own: DivisionCode, dest: DivisionCode) -> DivisionCode:
    """Return the neighbour on the road to `dest`: the child whose subtree contains it, else the parent."""
    if own == dest:
        raise Invalid("to_node", "link", "收件节点是本节点，不需要经上下级链路发送。")
    if not own.contains(dest):
        if own.parent is None:
            raise Unknown("节点", str(dest))
        return own.parent
    step = dest
    while step.parent is not None and step.parent != own:
        step = step.parent
    return step


def write(letter: Letter, place: Place, own: str) -> bytes:
    """Return the frame of `letter` at `place` (`place.peer` is the receiver here)."""
    frame = {
        "v": VERSION,
        "id": letter.id,
        "origin": letter.origin,
        "from": own,
        "to": place.peer,
        "dest": letter.dest,
        "link": f"{own}>{place.peer}",
        "epoch": place.epoch,
        "link_seq": place.seq,
        "chain": place.chain,
        "case_id": letter.case_id,
        "kind": letter.kind,
        "type": letter.type,
        "ts": letter.ts,
        "hop": len(letter.path) - 1,
        "path": letter.path,
        "message": letter.message,
        "sig": letter.sig,
    }
    return json.dumps(frame, ensure_ascii=False, separators=(",", ":")).encode()


def headers_of(place: Place, frame_id: str, own: str) -> dict[str, str]:
    """Return the place as headers, for a receiver that does not read a body too large to be read."""
    return {
        "link": f"{own}>{place.peer}",
        "link-id": frame_id,
        "epoch": place.epoch,
        "link-seq": str(place.seq),
        "link-chain": place.chain,
    }


def packed(sizes: Iterable[int]) -> Iterator[slice]:
    """Return which frames of a row go into one parcel each, by the sizes of their bodies; order is kept."""
    first = end = filled = 0
    for end, size in enumerate(sizes, start=1):
        if filled and filled + size > MAX_PARCEL:
            yield slice(first, end - 1)
            first, filled = end - 1, 0
        filled += size + len(SEAM)
    if end > first:
        yield slice(first, end)


def unpacked(body: bytes, routing_key: str) -> list[bytes]:
    """Return the frames in a body: those of a parcel, else the one that it is."""
    return body.split(SEAM) if routing_key.endswith(f".{PARCEL}") else [body]


def write_ack(ack: Ack, own: str, ts: str) -> bytes:
    """Return the body of an ack; it has no number, so losing or repeating it does no harm."""
    frame = {
        "v": VERSION,
        "id": ack.id,
        "origin": own,
        "from": own,
        "to": ack.peer,
        "dest": ack.peer,
        "link": f"{own}>{ack.peer}",
        "type": ACK,
        "ts": ts,
        "ack": {
            "epoch": ack.epoch,
            "applied_upto": ack.applied,
            "digest": ack.digest,
            "held_min": ack.held_min,
            "need_from": ack.need_from,
            "heard": ack.heard,
            "sent_epoch": ack.sent_epoch,
            "sent_seq": ack.sent_seq,
        },
    }
    return json.dumps(frame, separators=(",", ":")).encode()


@dataclass(frozen=True, kw_only=True, slots=True)
class OutboxRow:
    """A numbered frame with what the outbox is searched by."""

    place: Place
    letter: Letter
    body: bytes
    created_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Refusal:
    """A body that is not let in; `peer` and `id` are "" when they could not be believed."""

    reason: str
    body: bytes
    routing_key: str
    peer: str = ""
    id: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Quarantined:
    """A message whose handler failed with an error of this code, or that waits behind one ("")."""

    frame: Frame
    code: str
    attempts: int
    position: int | None = None


@dataclass(slots=True)
class Bag:
    """What a transaction wants to tell its neighbours; it gets its numbers when the transaction is about to commit.

    Waiting with the numbers keeps the time short in which a stream is locked, and means that whoever holds one has
    every other lock it needs already.
    """

    letters: list[tuple[str, Letter]] = field(default_factory=list)
    acks: list[Ack] = field(default_factory=list)

    @property
    def peers(self) -> list[str]:
        """The neighbours concerned, in the one order in which streams are locked."""
        return sorted({peer for peer, _ in self.letters} | {ack.peer for ack in self.acks})

    def mark(self) -> tuple[int, int]:
        """Return how much is in the bag, for `cut`."""
        return len(self.letters), len(self.acks)

    def cut(self, mark: tuple[int, int]) -> None:
        """Forget what came after `mark`, because it was rolled back."""
        del self.letters[mark[0] :]
        del self.acks[mark[1] :]
