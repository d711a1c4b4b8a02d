"""Sending over links: a message gets its next hop at once, its number at the commit, and is repeated until acked.

`send` puts a message into the bag of the transaction; `seal`, called just before the commit, numbers it, writes it
into the link's outbox and hands it to the relay. `tick` runs twice a second: it tells each neighbour how far its own
stream has arrived (which is the heartbeat, too), sends again what is proved lost, and measures. Receiving is in
`link_receiving`. All instants here are real time, never a node's calendar run ahead.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from lianxi.casework.errors import Invalid
from lianxi.casework.identifiers import DivisionCode
from services.routing.domain.link_frames import MAX_FRAME, Ack, Letter, OutboxRow, next_hop, write, write_ack
from services.routing.domain.link_protocol import Inbound
from services.routing.domain.link_reading import letter_in
from services.routing.domain.link_sending import (
    NewEpoch,
    Outbound,
    ack_due,
    numbered,
    on_ack,
    renewed,
    said,
)
from services.routing.handlers.link_ends import LinkBook, LinkEnd, LinkWork

PORTION = 2000
"""Frames that one tick sends again; the next tick goes on."""
HORIZON = timedelta(days=30)
"""How long frames are kept after their ack, so that a neighbour restored from a backup finds them."""
PRUNED_AT_ONCE = 5000
FRAME_MARGIN = 2048
"""Bytes of a frame around its message."""


@dataclass(frozen=True, slots=True)
class Post:
    """The links as a use case sees them: give it a message, it finds the way."""

    work: LinkWork
    end: LinkEnd

    def send(self, to_node: str, message: Any) -> None:
        """Give a message to the link towards `to_node`, in this transaction."""
        send(self.work, self.end, to_node, message)


def send(work: LinkWork, end: LinkEnd, to_node: str, message: Any) -> None:
    """Put `message` for `to_node` into the bag; raises Invalid when it is too large or goes nowhere."""
    dest = DivisionCode.parse(to_node, "to_node")
    peer = str(next_hop(end.node, dest))
    if peer not in end.peers:
        raise Invalid("to_node", "link", "收件节点不在本级节点的上下级之列，请核对区划代码。")
    now, message_id, case_id = end.now(), end.new_id(), case_of(message)
    text = end.codec.encode(message, message_id=message_id, subject=case_id or message_id, time=now)
    if len(text.encode()) > MAX_FRAME - FRAME_MARGIN:
        raise Invalid("message", "link-size", "内容超过1兆字节，不能经上下级链路发送，请改为附件。")
    letter = Letter(
        id=message_id,
        origin=str(end.node),
        dest=str(dest),
        kind=type(message).__module__.rpartition(".")[2],
        type=message.MESSAGE.name,
        case_id=case_id,
        ts=now.isoformat(),
        path=(str(end.node),),
        message=text,
        sig="",
    )
    work.link_bag.letters.append((peer, replace(letter, sig=end.seals.sign(letter))))


def case_of(message: Any) -> str:
    """Return the number of the case a message is about, "" when it is about none."""
    case_no = getattr(message, "case_no", None) or getattr(getattr(message, "dossier", None), "case_no", None)
    return str(case_no or "")


def seal(work: LinkWork, end: LinkEnd) -> None:
    """Carry out what the transaction's bag holds, at the end of the transaction: acks heard, letters to send."""
    bag, book = work.link_bag, work.link_book
    if not bag.peers:
        return
    for peer, outbound in book.outbounds(bag.peers, end.fresh_epoch).items():
        now, after = end.real_now(), outbound
        for ack in bag.acks:
            if ack.peer == peer:
                after = _hear(book, end, after, ack, now)
        letters = [(letter, now) for to_peer, letter in bag.letters if to_peer == peer]
        after = append(book, end, after, letters, now)
        if after != outbound:
            book.save_outbound(after)
    bag.cut((0, 0))


def append(
    book: LinkBook, end: LinkEnd, outbound: Outbound, letters: Sequence[tuple[Letter, datetime]], now: datetime
) -> Outbound:
    """Number letters (with their birth times) into the stream and hand them to the relay."""
    if not letters:
        return outbound
    outbound, places = numbered(outbound, [letter.id for letter, _ in letters])
    own = str(end.node)
    rows = [
        OutboxRow(place=place, letter=letter, body=write(letter, place, own), created_at=born)
        for place, (letter, born) in zip(places, letters, strict=True)
    ]
    book.append(rows, now)
    return outbound


def _hear(book: LinkBook, end: LinkEnd, outbound: Outbound, ack: Ack, now: datetime) -> Outbound:
    """Return the stream after an ack; when histories have parted, everything unacked starts a new epoch."""
    decision = on_ack(outbound, ack, lambda seq: book.sent_row(outbound.peer, outbound.epoch, seq))
    if not isinstance(decision, NewEpoch):
        return decision
    unacked = book.take_after(outbound.peer, outbound.epoch, decision.keep_upto)
    fresh = renewed(outbound, decision.number, end.new_id(), ack.id)
    if decision.lost and end.reclaim is not None:
        book.begin_recovery(outbound.peer, outbound.epoch, decision.keep_upto, now)
    end.watch.restarted(outbound.peer, str(fresh.epoch), decision.lost)
    return append(book, end, fresh, [(letter_in(body), born) for body, born in unacked], now)


def tick(work: LinkWork, end: LinkEnd) -> None:
    """Tell every neighbour how far its stream has arrived, send again what is lost, and measure."""
    book = work.link_book
    inbounds = book.inbounds()
    for peer, outbound in book.outbounds(end.peers, end.fresh_epoch).items():
        inbound = inbounds.get(peer, Inbound(peer=peer))
        now = end.real_now()
        after = _send_portion(book, end, outbound, now)
        if ack_due(after, inbound, now):
            after = _acknowledge(book, end, after, inbound, now)
        if after != outbound:
            book.save_outbound(after)
        end.watch.stands(_standing(book, end, after, inbound, now))
    end.watch.only(end.peers)


def _send_portion(book: LinkBook, end: LinkEnd, outbound: Outbound, now: datetime) -> Outbound:
    """Hand the next portion of a repetition to the relay."""
    first = outbound.resend_next
    if first is None:
        return outbound
    last = min(first + PORTION - 1, outbound.resend_upto)
    book.send_again(outbound.peer, outbound.epoch, first, last, now)
    end.watch.sent_again(outbound.peer, last - first + 1)
    return replace(outbound, resend_next=last + 1 if last < outbound.resend_upto else None)


def _acknowledge(book: LinkBook, end: LinkEnd, outbound: Outbound, inbound: Inbound, now: datetime) -> Outbound:
    ack = Ack(
        id=end.new_id(),
        peer=outbound.peer,
        epoch=str(inbound.epoch or ""),
        applied=inbound.applied,
        digest=inbound.chain,
        held_min=inbound.held_min,
        need_from=inbound.need_from,
        heard=inbound.heard,
        sent_epoch=str(outbound.epoch),
        sent_seq=outbound.last_seq,
    )
    book.publish_ack(ack.id, outbound.peer, write_ack(ack, str(end.node), end.now().isoformat()))
    return replace(outbound, ack_sent_at=now, ack_said=said(inbound), probe=False)


def prune(work: LinkWork, end: LinkEnd) -> int:
    """Delete some of what is older than the backup horizon; return how many rows that were."""
    return work.link_book.prune(end.real_now() - HORIZON, PRUNED_AT_ONCE)


def overview(work: LinkWork, end: LinkEnd) -> list[dict[str, Any]]:
    """Return where each link stands, for people."""
    book, now = work.link_book, end.real_now()
    inbounds = book.inbounds()
    outbounds = book.outbounds(end.peers, end.fresh_epoch)
    return [
        _standing(book, end, outbound, inbounds.get(peer, Inbound(peer=peer)), now)
        for peer, outbound in outbounds.items()
    ]


def _standing(book: LinkBook, end: LinkEnd, outbound: Outbound, inbound: Inbound, now: datetime) -> dict[str, Any]:
    oldest = None
    if outbound.acked < outbound.last_seq:
        oldest = book.oldest_unacked(outbound.peer, outbound.epoch, outbound.acked)
    return {
        "peer": outbound.peer,
        "direction": "down" if outbound.peer in end.children else "up",
        "epoch": str(outbound.epoch),
        "last_seq": outbound.last_seq,
        "acked": outbound.acked,
        "oldest_unacked_seconds": (now - oldest).total_seconds() if oldest else 0.0,
        "next_in": inbound.applied + 1,
        "held": inbound.held,
        "heartbeat_age_seconds": (now - inbound.heard_at).total_seconds() if inbound.heard_at else None,
        "heard_by_peer_age_seconds": (now - outbound.heard_upto).total_seconds() if outbound.heard_upto else None,
    }
