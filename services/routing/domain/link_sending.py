"""The sending end of a link: what an ack means for the stream, what is sent again and when, when the peer is told.

Nothing is sent again on suspicion or by a timer. Both streams of a link keep their order on the road, so a frame is
proved lost when a later one of the first sending came through without it, or when the peer has heard an ack of ours
that was made after the last sending and still lacks it. A cut link and a long queue bring no such proof: what waits
there arrives by itself. An emptied broker does, with the next heartbeat. A history that the two ends do not share
ends in a new epoch, in which everything unacked is numbered again.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from services.routing.domain.link_frames import Ack, Place
from services.routing.domain.link_protocol import Epoch, Inbound, chained, instant_of, is_late

ACK_INTERVAL = timedelta(seconds=0.5)
HEARTBEAT_INTERVAL = timedelta(seconds=30)


@dataclass(frozen=True, kw_only=True, slots=True)
class Outbound:
    """What one end knows of the stream that goes out to `peer`.

    `acked` is what the peer said it applied. `resend_next` to `resend_upto` are being sent again, in portions.
    `heard_upto` is when the newest ack of ours that the peer has heard was made. `probe` asks for an ack at once.
    """

    peer: str
    epoch: Epoch
    last_seq: int = 0
    chain: str = ""
    acked: int = 0
    resend_next: int | None = None
    resend_upto: int = 0
    newest_ack: str = ""
    heard_upto: datetime | None = None
    probe: bool = False
    ack_sent_at: datetime | None = None
    ack_said: str = ""


@dataclass(frozen=True, slots=True)
class SentRow:
    """What the outbox knows of one frame: its chain, when it was last handed to the broker and how often."""

    chain: str
    sent_at: datetime
    sends: int


@dataclass(frozen=True, slots=True)
class NewEpoch:
    """The stream must start anew: the peer knows a history of ours that we do not, or that we no longer hold.

    Everything after `keep_upto` in the old numbering is sent again in an epoch with this number. `lost` counts the
    frames of ours that the peer applied and we forgot, as far as the ack tells.
    """

    number: int
    keep_upto: int
    lost: int = 0


Look = Callable[[int], SentRow | None]


def on_ack(outbound: Outbound, ack: Ack, look: Look) -> Outbound | NewEpoch:
    """Return the stream after the peer said how far it is; `look` reads a row of the outbox in this epoch."""
    if is_late(outbound.newest_ack, ack.id):
        return outbound
    outbound = replace(outbound, newest_ack=ack.id, heard_upto=instant_of(ack.heard) or outbound.heard_upto)
    ours = ack.epoch == str(outbound.epoch)
    parted = _parted(outbound, ack, look, ours=ours)
    if parted is not None:
        return parted
    applied = ack.applied if ours else 0
    need = ack.need_from if ours else 1
    if applied > outbound.acked:
        outbound = _further(outbound, applied)
    outbound = replace(outbound, acked=applied)
    if need is None or need > outbound.last_seq:
        return outbound
    gap = ack.held_min if ours else None
    return _asked_again(outbound, look, need, gap)


def _parted(outbound: Outbound, ack: Ack, look: Look, *, ours: bool) -> NewEpoch | None:
    """Return the new epoch that must begin, if the two ends do not share one history any more."""
    theirs = Epoch.parse(ack.epoch)
    if not ours and theirs is not None and theirs.number >= outbound.epoch.number:
        return NewEpoch(theirs.number + 1, outbound.acked, ack.applied)
    following = outbound.epoch.number + 1
    applied = ack.applied if ours else 0
    if applied > outbound.last_seq:
        return NewEpoch(following, outbound.acked, applied - outbound.last_seq)
    row = look(applied) if applied else None
    if row is not None and row.chain != ack.digest:
        return NewEpoch(following, outbound.acked, applied - outbound.acked)
    forgot = applied < outbound.last_seq and look(applied + 1) is None
    return NewEpoch(following, applied) if forgot else None


def _further(outbound: Outbound, applied: int) -> Outbound:
    """Return the stream after the peer applied more; a repetition under way skips what it has now."""
    resend_next = outbound.resend_next
    if resend_next is not None and resend_next <= applied:
        resend_next = applied + 1 if applied < outbound.resend_upto else None
    return replace(outbound, resend_next=resend_next)


def _asked_again(outbound: Outbound, look: Look, need: int, gap: int | None) -> Outbound:
    """Send again from `need` on if that is proved lost, else ask for the proof; `gap` is the first number held."""
    if outbound.resend_next is not None and outbound.resend_next <= need:
        return outbound  # on its way already
    row = look(need)
    if row is None:
        return outbound
    overtaken = gap is not None and row.sends == 1
    proved = overtaken or (outbound.heard_upto is not None and outbound.heard_upto > row.sent_at)
    if not proved:
        return replace(outbound, probe=True)
    upto = outbound.last_seq if gap is None else min(outbound.last_seq, gap - 1)
    return replace(outbound, resend_next=need, resend_upto=max(upto, need))


def numbered(outbound: Outbound, ids: Sequence[str]) -> tuple[Outbound, list[Place]]:
    """Give the next numbers of the stream to frames with these ids."""
    places: list[Place] = []
    chain = outbound.chain
    for seq, frame_id in enumerate(ids, start=outbound.last_seq + 1):
        chain = chained(chain, frame_id)
        places.append(Place(outbound.peer, str(outbound.epoch), seq, chain))
    return replace(outbound, last_seq=outbound.last_seq + len(ids), chain=chain), places


def renewed(outbound: Outbound, number: int, epoch_id: str, ack_id: str) -> Outbound:
    """Return the empty stream of a new epoch to the same peer; what was unacked is numbered into it next."""
    return Outbound(
        peer=outbound.peer,
        epoch=Epoch(number, epoch_id),
        newest_ack=ack_id,
        heard_upto=outbound.heard_upto,
        ack_sent_at=outbound.ack_sent_at,
        probe=True,
    )


def ack_due(outbound: Outbound, inbound: Inbound, now: datetime) -> bool:
    """Return whether the peer should be told now: something changed, it asked, or it has not heard us for long."""
    if outbound.ack_sent_at is None:
        return True
    since = abs(now - outbound.ack_sent_at)  # the clock may have been set back
    changed = outbound.probe or said(inbound) != outbound.ack_said
    return since >= (ACK_INTERVAL if changed else HEARTBEAT_INTERVAL)


def said(inbound: Inbound) -> str:
    """Return what of an ack counts as news; while something is missing, each sign of life of the peer does."""
    heard = inbound.heard if inbound.need_from is not None else ""
    return f"{inbound.epoch}|{inbound.applied}|{inbound.need_from}|{heard}"
