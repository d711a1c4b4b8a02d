"""The protocol of one link between two nodes, as pure rules: what is applied, held, dropped, acked and sent again.

Brokers and shovels between two nodes deliver at least once, and a broker can lose its disk. So each direction of a
link numbers its frames 1, 2, 3 … within an *epoch*, keeps them until the other end says that it applied them, and the
other end applies strictly in that order. The *chain* of a frame is a digest over the ids of all frames up to it; equal
chains mean equal histories, which is how a database that was restored from a backup is found out. Here are the rules
of the receiving end, those of the sending end are in `link_sending`; `handlers.links` carries both out.
"""

import hashlib
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

from services.routing.domain.link_frames import Ack, Place

HOLD_LIMIT = 10_000
"""Frames that may wait behind a gap; what is beyond is not kept, the sender is asked for it."""
LATE_ACK = timedelta(minutes=10)
"""An ack this much older than the newest is no late duplicate: the peer's clock was set back."""


@dataclass(frozen=True, slots=True)
class Epoch:
    """One incarnation of a stream: a growing number, and an id because a restored database may count again."""

    number: int
    id: str

    @classmethod
    def parse(cls, text: str) -> "Epoch | None":
        """Read the form that `str` writes; "" means that nothing is known yet, anything else unknown is None too."""
        number, _, identity = text.partition(".")
        return cls(int(number), identity) if number.isascii() and number.isdigit() and identity else None

    def __str__(self) -> str:
        return f"{self.number}.{self.id}"


def chained(previous: str, frame_id: str) -> str:
    """Return the chain of the frame after the one whose chain is `previous` ("" before the first)."""
    return hashlib.sha256(f"{previous}\n{frame_id}".encode()).hexdigest()[:32]


def instant_of(time_ordered_id: str) -> datetime | None:
    """Return the real time at which a UUID of version 7 was made, None for any other text."""
    try:
        identity = UUID(time_ordered_id)
    except ValueError:
        return None
    return datetime.fromtimestamp((identity.int >> 80) / 1000, tz=UTC) if identity.version == 7 else None  # noqa: PLR2004


@dataclass(frozen=True, kw_only=True, slots=True)
class Inbound:
    """What one end knows of the stream that comes in from `peer`. `peer_sent` is the peer's own last number."""

    peer: str
    epoch: Epoch | None = None
    applied: int = 0
    chain: str = ""
    held: int = 0
    held_min: int | None = None
    peer_sent: int = 0
    heard: str = ""
    heard_at: datetime | None = None

    @property
    def need_from(self) -> int | None:
        """The first number that is known to be missing: later ones came, or the peer said it had sent it."""
        missing = self.applied + 1
        behind_gap = self.held_min is not None and self.held_min > missing
        announced = self.held_min is None and self.peer_sent >= missing
        return missing if behind_gap or announced else None


@dataclass(frozen=True, kw_only=True, slots=True)
class Arranged:
    """What becomes of a batch of arrivals.

    `apply` are numbers to apply in order, from the arrivals or from the hold; `hold` are arrivals to keep; what is
    held from `discard_from` on belongs to a history that the sender has given up. The rest are counts.
    """

    inbound: Inbound
    apply: tuple[int, ...] = ()
    hold: tuple[int, ...] = ()
    discard_from: int | None = None
    duplicates: int = 0
    overflow: int = 0
    stale: int = 0
    new_epoch: bool = False


Arrivals = Sequence[tuple[Place, str]]


def arrange(inbound: Inbound, held: Mapping[int, tuple[Place, str]], arrivals: Arrivals, *, limit: int) -> Arranged:
    """Decide on arrivals (place and id) of one stream, given what is held of its present epoch.

    At most `limit` frames are applied at a time; what is ready beyond that stays held for the next call. A frame
    whose chain does not continue ours is of another history: it and what follows it are dropped, and the digest in
    our ack tells the sender.
    """
    before = inbound.epoch
    inbound = _in_newest_epoch(inbound, {place.epoch for place, _ in arrivals})
    switched = inbound.epoch != before
    known = {} if switched else dict(held)
    fresh = _fresh(inbound, known, arrivals)
    present = known | fresh
    apply, chain, fork = _run(inbound, present, limit)
    applied = inbound.applied + len(apply)
    if fork is not None:
        present = {number: what for number, what in present.items() if number < fork}
    still_held = [number for number in known if number > applied and number in present]
    later = sorted(number for number in fresh if number > applied and number in present)
    room = max(0, HOLD_LIMIT - len(still_held))
    stale = sum(place.epoch != str(inbound.epoch) for place, _ in arrivals)
    waiting = [*still_held, *later[:room]]
    return Arranged(
        inbound=replace(inbound, applied=applied, chain=chain, held=len(waiting), held_min=min(waiting, default=None)),
        apply=tuple(apply),
        hold=tuple(later[:room]),
        discard_from=fork,
        duplicates=len(arrivals) - len(fresh) - stale,
        overflow=len(later[room:]),
        stale=stale,
        new_epoch=switched,
    )


def heard_from(inbound: Inbound, ack: Ack, now: datetime) -> Inbound:
    """Return the stream after an ack of the peer came through: it lives, and it says how far it has sent."""
    if is_late(inbound.heard, ack.id):
        return inbound
    if ack.sent_seq:
        inbound = _in_newest_epoch(inbound, {ack.sent_epoch})
    same = ack.sent_epoch == str(inbound.epoch)
    return replace(inbound, heard=ack.id, heard_at=now, peer_sent=ack.sent_seq if same else inbound.peer_sent)


def is_late(newest: str, ack_id: str) -> bool:
    """Return whether an ack is older than one that was heard already, as a shovel repeats them after a cut."""
    before, this = instant_of(newest), instant_of(ack_id)
    return before is not None and this is not None and this < before < this + LATE_ACK


def _in_newest_epoch(inbound: Inbound, seen: AbstractSet[str]) -> Inbound:
    """Return the stream in the epoch that counts from now on, empty if that is a new one.

    A higher number replaces the known epoch; another id under the same number does not.
    """
    newest = inbound.epoch
    for text in sorted(seen):
        epoch = Epoch.parse(text)
        if epoch is not None and (newest is None or epoch.number > newest.number):
            newest = epoch
    if newest == inbound.epoch:
        return inbound
    return Inbound(peer=inbound.peer, epoch=newest, heard=inbound.heard, heard_at=inbound.heard_at)


def _fresh(inbound: Inbound, known: Mapping[int, object], arrivals: Arrivals) -> dict[int, tuple[Place, str]]:
    """Return the arrivals of the present epoch that are neither applied nor held, each number once."""
    fresh: dict[int, tuple[Place, str]] = {}
    current = str(inbound.epoch)
    for place, frame_id in arrivals:
        if place.epoch == current and place.seq > inbound.applied and place.seq not in known:
            fresh.setdefault(place.seq, (place, frame_id))
    return fresh


def _run(inbound: Inbound, present: Mapping[int, tuple[Place, str]], limit: int) -> tuple[list[int], str, int | None]:
    """Return the numbers that can be applied now, the chain after them, and where another history begins."""
    apply: list[int] = []
    chain = inbound.chain
    while len(apply) < limit:
        number = inbound.applied + len(apply) + 1
        if number not in present:
            break
        place, frame_id = present[number]
        following = chained(chain, frame_id)
        if place.chain != following:
            return apply, chain, number
        chain = following
        apply.append(number)
    return apply, chain, None
