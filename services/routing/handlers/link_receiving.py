"""Receiving over links: each neighbour's frames are applied once and in order, whatever the road did to them.

`receive` takes a batch from the queues that the shovels fill, in one transaction: refuses what may not be let in,
holds what came early, hands on what is for another node, and delivers what is for this one. A message whose handler
fails goes into quarantine with everything later of the same case; other cases and the link itself go on, and `retry`
comes back to it.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any, Protocol

from lianxi.casework.errors import Forbidden
from lianxi.casework.identifiers import DivisionCode
from services.routing.domain.link_frames import Ack, Frame, Letter, Quarantined, Refusal, next_hop, unpacked
from services.routing.domain.link_protocol import Arranged, arrange, heard_from
from services.routing.domain.link_reading import NotAFrame, fault, read
from services.routing.handlers import books, link_replay, members
from services.routing.handlers.link_ends import BOOKS, KINDS, MEMBERS, REPLAY, LinkEnd, LinkWork
from services.routing.handlers.links import case_of

APPLY_LIMIT = 1000
"""Frames of one neighbour applied in one transaction; what else is ready follows in the next."""


_OWN: Mapping[str, Callable[[LinkWork, LinkEnd, str, Any], None]] = {
    BOOKS: books.take,
    MEMBERS: members.take,
    REPLAY: link_replay.take,
}
"""The families of messages that the links themselves carry out."""


class Raw(Protocol):
    """A message as the broker delivered it."""

    @property
    def body(self) -> bytes:
        """The bytes."""

    @property
    def headers(self) -> Mapping[str, Any]:
        """The headers."""

    @property
    def routing_key(self) -> str:
        """The key under which it was published, which the broker has checked."""


@dataclass(slots=True)
class _Post:
    """What a batch holds of one neighbour."""

    frames: list[Frame]
    acks: list[Ack]


def receive(work: LinkWork, end: LinkEnd, batch: Iterable[Raw]) -> None:
    """Apply a batch of frames from the queues of the links; an empty one goes on with what is held and ready."""
    posts, refusals = {peer: _Post([], []) for peer in end.peers}, []
    for raw in _pieces(batch):
        try:
            what = read(raw.body, raw.routing_key, raw.headers, end.node)
        except NotAFrame as stranger:
            refusals.append(_stranger(raw, stranger.reason))
            continue
        post = posts.get(what.peer if isinstance(what, Ack) else what.place.peer)
        if post is None:
            refusals.append(_stranger(raw, "peer"))
        elif isinstance(what, Ack):
            post.acks.append(what)
        else:
            post.frames.append(_judged(what, raw, end))
    _refuse(work, end, refusals)
    standing = work.link_book.inbounds()
    for peer, post in posts.items():
        ready = peer in standing and standing[peer].held_min == standing[peer].applied + 1
        if post.frames or post.acks or ready:
            _receive_from(work, end, peer, post)
    work.link_bag.acks.extend(ack for post in posts.values() for ack in post.acks)


@dataclass(frozen=True, slots=True)
class _Piece:
    """A frame of a parcel, with what the broker said about the whole."""

    body: bytes
    headers: Mapping[str, Any]
    routing_key: str


def _pieces(batch: Iterable[Raw]) -> Iterator[Raw]:
    for raw in batch:
        for body in unpacked(raw.body, raw.routing_key):
            yield _Piece(body, raw.headers, raw.routing_key)


def _stranger(raw: Raw, reason: str) -> Refusal:
    return Refusal(reason=reason, body=raw.body, routing_key=raw.routing_key)


def _judged(frame: Frame, raw: Raw, end: LinkEnd) -> Frame:
    """Return the frame, without its letter when that may not be let in."""
    word = fault(frame, raw.headers, end.node, KINDS)
    letter = frame.letter
    if not word and letter and not end.seals.verify(letter):
        word = "signature"
    return replace(frame, letter=None, reason=word) if word else frame


def _receive_from(work: LinkWork, end: LinkEnd, peer: str, post: _Post) -> None:
    """Bring one neighbour's stream forward by a batch."""
    book, now = work.link_book, end.real_now()
    before = book.inbound(peer)
    held = book.held(peer, before.epoch) if before.epoch and before.held else {}
    arranged = arrange(before, held, [(frame.place, frame.id) for frame in post.frames], limit=APPLY_LIMIT)
    inbound, held = arranged.inbound, {} if arranged.new_epoch else held
    fresh = {frame.place.seq: frame for frame in reversed(post.frames) if frame.place.epoch == str(inbound.epoch)}
    if inbound.epoch and arranged.discard_from is not None:
        book.unhold(peer, inbound.epoch, first=arranged.discard_from)
    book.hold([fresh[number] for number in arranged.hold], now)
    _apply(work, end, _in_order(work, arranged, held, fresh))
    for ack in post.acks:
        inbound = heard_from(inbound, ack, now)
    if inbound != before:
        book.save_inbound(inbound)
    end.watch.arranged(peer, arranged.duplicates, arranged.overflow, arranged.stale)


def _in_order(
    work: LinkWork, arranged: Arranged, held: Mapping[int, object], fresh: Mapping[int, Frame]
) -> list[Frame]:
    """Return the frames to apply, in order, and take those that were held out of the hold."""
    waited = [number for number in arranged.apply if number in held]
    inbound = arranged.inbound
    if not waited or inbound.epoch is None:
        return [fresh[number] for number in arranged.apply]
    kept = work.link_book.held_frames(inbound.peer, inbound.epoch, waited[0], waited[-1])
    work.link_book.unhold(inbound.peer, inbound.epoch, upto=inbound.applied)
    return [kept[number] if number in held else fresh[number] for number in arranged.apply]


def _apply(work: LinkWork, end: LinkEnd, frames: Sequence[Frame]) -> None:
    """Carry out frames in order: refuse, hand on, or deliver; what an earlier epoch brought already is skipped."""
    if not frames:
        return
    outcomes = [(frame, _outcome(frame, end)) for frame in (_if_reachable(frame, end) for frame in frames)]
    new = work.link_book.archive(outcomes, end.real_now())
    outcomes = [(frame, outcome) for frame, outcome in outcomes if frame.id in new]
    _refuse(work, end, [_refusal(frame) for frame, outcome in outcomes if outcome == "refused"])
    own = str(end.node)
    for frame, outcome in outcomes:
        if outcome == "forwarded" and frame.letter:
            hop = next_hop(end.node, DivisionCode(frame.letter.dest))
            work.link_bag.letters.append((str(hop), frame.letter.carried_by(own)))
    _deliver(work, end, [frame for frame, outcome in outcomes if outcome == "delivered"])


def _if_reachable(frame: Frame, end: LinkEnd) -> Frame:
    """Return the frame, without its letter when the next node on its road has left the network."""
    if frame.letter is None or frame.letter.dest == str(end.node):
        return frame
    hop = str(next_hop(end.node, DivisionCode(frame.letter.dest)))
    return frame if hop in end.peers else replace(frame, letter=None, reason="left")


def _outcome(frame: Frame, end: LinkEnd) -> str:
    if frame.letter is None:
        return "refused"
    return "delivered" if frame.letter.dest == str(end.node) else "forwarded"


def _refusal(frame: Frame) -> Refusal:
    return Refusal(reason=frame.reason, body=frame.body, routing_key="", peer=frame.place.peer, id=frame.id)


def _refuse(work: LinkWork, end: LinkEnd, refusals: Sequence[Refusal]) -> None:
    if refusals:
        work.link_book.refuse(refusals, end.real_now())
    for refusal in refusals:
        end.watch.refused(refusal.peer, refusal.reason, len(refusal.body))


def _deliver(work: LinkWork, end: LinkEnd, frames: Sequence[Frame]) -> None:
    """Deliver frames to this node, all at once if they go well, else one by one."""
    peer = frames[0].place.peer if frames else ""
    # By neighbour as well: a frame of one child must not hold back what the parent says of the same case.
    blocked = work.link_book.quarantined(peer, {frame.case_key for frame in frames}) if frames else set()
    later = _waiting(work, end, frames, blocked)
    free = [frame for frame in frames if frame.case_key not in blocked and frame not in later]
    failed = [] if _all_delivered(work, end, free) else _deliver_singly(work, end, free)
    behind = [Quarantined(frame=frame, code="", attempts=0) for frame in frames if frame.case_key in blocked]
    recovering = [Quarantined(frame=frame, code=link_replay.WAITING, attempts=0) for frame in later]
    if failed or behind or recovering:
        work.link_book.quarantine([*behind, *recovering, *failed], end.real_now())


def _waiting(work: LinkWork, end: LinkEnd, frames: Sequence[Frame], blocked: Collection[str]) -> list[Frame]:
    """Return the frames that must wait until this node has back what it did before its database was restored."""
    if end.reclaim is None or not frames or not work.link_book.recovering():
        return []
    return [f for f in frames if f.case_key not in blocked and not (f.letter and f.letter.kind == REPLAY)]


def _all_delivered(work: LinkWork, end: LinkEnd, frames: Sequence[Frame]) -> bool:
    """Deliver a batch inside one savepoint; return whether nothing failed."""
    letters = [frame.letter for frame in frames if frame.letter]
    try:
        with work.savepoint():
            for family, run in groupby(letters, key=lambda letter: letter.kind if letter.kind in _OWN else ""):
                messages = [(letter.origin, _opened(letter, end)) for letter in run]
                _carry_out(work, end, messages, family)
    except Exception as failure:
        if work.lost(failure):
            raise
        return False
    return True


def _opened(letter: Letter, end: LinkEnd) -> Any:
    """Return the message of a letter; Forbidden when it is about another case than the letter says."""
    message = end.codec.decode(letter.message)
    if case_of(message) != letter.case_id:
        raise Forbidden("信封所载案件与内容不符，不予接收。", code="foreign-case", rule="GD-4")
    return message


def _carry_out(work: LinkWork, end: LinkEnd, messages: Sequence[tuple[str, Any]], family: str) -> None:
    """Carry out messages of one family: those of the links themselves here, all others through the port."""
    if end.deliver_all is not None and not family:
        end.deliver_all(work, messages)
        return
    for origin, message in messages:
        _carry_out_one(work, end, origin, message, family)


def _carry_out_one(work: LinkWork, end: LinkEnd, origin: str, message: Any, family: str) -> None:
    if family in _OWN:
        _OWN[family](work, end, origin, message)
    else:
        end.deliver(work, origin, message)


def _deliver_singly(work: LinkWork, end: LinkEnd, frames: Sequence[Frame]) -> list[Quarantined]:
    """Deliver each frame in a savepoint of its own; return those that failed or wait behind one that did."""
    failed: list[Quarantined] = []
    blocked: set[str] = set()
    for frame in frames:
        behind = frame.case_key in blocked
        code = "" if behind else _delivered(work, end, frame)
        if behind or code:
            blocked.add(frame.case_key)
            failed.append(Quarantined(frame=frame, code=code, attempts=0 if behind else 1))
    return failed


def _delivered(work: LinkWork, end: LinkEnd, frame: Frame) -> str:
    """Deliver one frame; return the code of the error when its handler failed, "" when all went well."""
    letter = frame.letter
    if letter is None:
        return frame.reason
    try:
        with work.savepoint():
            _carry_out_one(work, end, letter.origin, _opened(letter, end), letter.kind)
    except Exception as failure:
        if work.lost(failure) or work.passes(failure):
            raise
        code = str(getattr(failure, "code", "")) if hasattr(failure, "branch") else type(failure).__name__
        end.watch.quarantined(frame.place.peer, code)
        return code
    return ""


def retry(work: LinkWork, end: LinkEnd, *, limit: int = 20) -> int:
    """Try messages in quarantine again, case by case in their order; return how many were delivered."""
    book, delivered = work.link_book, 0
    if end.reclaim is not None and book.recovering():
        return 0
    for case_key in book.due_cases(end.real_now(), limit):
        stuck: set[str] = set()
        link_replay.fill(work, end, case_key)
        for message in book.of_case(case_key):
            peer = message.frame.place.peer
            if message.position is None or peer in stuck:
                continue
            code = _delivered(work, end, message.frame)
            if code:
                book.failed_again(message.position, code, message.attempts + 1, end.real_now())
                stuck.add(peer)
                continue
            book.release(message.position)
            link_replay.fill(work, end, case_key)
            delivered += 1
    return delivered
