"""How a frame that came over a link is read, and why its content may be refused.

It is judged in two steps. `read` finds out which stream and number the frame claims, and raises `NotAFrame` when none
of our peers can be held to the claim: the routing key, which the broker has checked against the peer's rights, must
agree with it. `fault` says why the content may not be let in. The number of a frame with a fault is used up all the
same, because one bad frame must not block the good ones behind it.
"""

import json
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from lianxi.casework.errors import Invalid, Unknown
from lianxi.casework.identifiers import DivisionCode
from services.routing.domain.link_frames import (
    ACK,
    MAX_FRAME,
    MAX_HOPS,
    SHORT,
    VERSION,
    Ack,
    Frame,
    Letter,
    Place,
    next_hop,
)

COPIES = ("CC", "BCC")
"""Headers by which a publisher reaches queues that its rights do not name."""
REMEMBERED = 1024
"""Questions about who stands where whose answers are kept; every frame asks them about the same few nodes."""
_WORD = re.compile(r"[a-z][a-z0-9-]*")

Headers = Mapping[str, Any]


class NotAFrame(Exception):  # noqa: N818  reads as what it is
    """The body claims no place in any stream that could be believed; `reason` is one of a few words."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def read(body: bytes, routing_key: str, headers: Headers, own: DivisionCode) -> Frame | Ack:
    """Return the frame or ack in `body`; raise `NotAFrame` when no peer of ours can be held to it."""
    if len(body) > MAX_FRAME:
        place = _place_in_headers(headers, routing_key, own)
        return Frame(id=str(headers["link-id"]), place=place, letter=None, body=b"", reason="oversize")
    try:
        content = json.loads(body)
    except (ValueError, RecursionError):
        raise NotAFrame("undecodable") from None
    if not isinstance(content, dict) or content.get("v") != VERSION:
        raise NotAFrame("version" if isinstance(content, dict) else "undecodable")
    peer = _peer(content.get("link"), routing_key, own)
    if (content.get("from"), content.get("to")) != (peer, str(own)):
        raise NotAFrame("peer")
    try:
        return _read_ack(content, peer) if content.get("type") == ACK else _read_frame(content, peer, body)
    except (KeyError, TypeError, ValueError):
        raise NotAFrame("undecodable") from None


def fault(frame: Frame, headers: Headers, own: DivisionCode, kinds: frozenset[str]) -> str:
    """Return why the content of `frame` may not be let in, "" when it may. The word is a metric label."""
    letter = frame.letter
    if letter is None:
        return frame.reason
    checks = (
        ("copied", not any(name in headers for name in COPIES)),
        ("unknown-kind", letter.kind in kinds),
        ("hops", len(letter.path) <= MAX_HOPS),
        ("loop", len({*letter.path, str(own)}) == len(letter.path) + 1),
        ("path", (letter.path[0], letter.path[-1]) == (letter.origin, frame.place.peer)),
        ("origin", _may_speak(frame.place.peer, letter.origin, own)),
        ("destination", _can_go_on(frame.place.peer, letter.dest, own)),
    )
    return next((word for word, passed in checks if not passed), "")


@lru_cache(maxsize=REMEMBERED)
def _may_speak(peer: str, origin: str, own: DivisionCode) -> bool:
    """Return whether `peer` may hand on what `origin` wrote: a child its own subtree's, the parent all others'."""
    try:
        neighbour, author = DivisionCode(peer), DivisionCode(origin)
    except Invalid:
        return False
    return neighbour.contains(author) if neighbour.parent == own else not own.contains(author)


@lru_cache(maxsize=REMEMBERED)
def _can_go_on(peer: str, dest: str, own: DivisionCode) -> bool:
    """Return whether this is the place for `dest` or a step on the road to it, and not a step back."""
    try:
        there = DivisionCode(dest)
        return there == own or str(next_hop(own, there)) != peer
    except (Invalid, Unknown):
        return False


def _peer(link: object, routing_key: str, own: DivisionCode) -> str:
    """Return the other end of the link, if the claim agrees with the routing key, which the broker has checked.

    What comes up is keyed by the child that published it; what comes down is keyed by the child it is for.
    """
    sender, _, receiver = str(link).partition(">")
    key = routing_key.partition(".")[0]
    if receiver != str(own) or not _is_neighbour(sender, key, own):
        raise NotAFrame("peer")
    return sender


@lru_cache(maxsize=REMEMBERED)
def _is_neighbour(sender: str, key: str, own: DivisionCode) -> bool:
    try:
        peer = DivisionCode(sender)
    except Invalid:
        return False
    return (peer.parent == own and key == sender) or (own.parent == peer and key == str(own))


def _place_in_headers(headers: Headers, routing_key: str, own: DivisionCode) -> Place:
    peer = _peer(headers.get("link"), routing_key, own)
    try:
        _text(headers, "link-id", SHORT)
        seq = _number({"link-seq": int(headers["link-seq"])}, "link-seq")
        return Place(peer, _text(headers, "epoch", SHORT), seq, _text(headers, "link-chain", SHORT))
    except (KeyError, TypeError, ValueError):
        raise NotAFrame("oversize") from None


def letter_in(body: bytes) -> Letter:
    """Return the letter of a frame that this node wrote or has read before."""
    return _read_letter(json.loads(body))


def _read_frame(content: dict[str, Any], peer: str, body: bytes) -> Frame:
    place = Place(peer, _text(content, "epoch", SHORT), _number(content, "link_seq"), _text(content, "chain", SHORT))
    identity = _text(content, "id", SHORT)
    try:
        letter = _read_letter(content)
    except (KeyError, TypeError, ValueError):
        return Frame(id=identity, place=place, letter=None, body=body, reason="undecodable")
    return Frame(id=identity, place=place, letter=letter, body=body)


def _read_letter(content: Mapping[str, Any]) -> Letter:
    path = tuple(str(node)[:SHORT] for node in content["path"])
    return Letter(
        id=_text(content, "id", SHORT),
        origin=_text(content, "origin", SHORT),
        dest=_text(content, "dest", SHORT),
        kind=_word(content, "kind"),
        type=_word(content, "type"),
        case_id=_text(content, "case_id", SHORT),
        ts=_text(content, "ts", SHORT),
        path=path or ("",),
        message=_text(content, "message"),
        sig=_text(content, "sig", 2 * SHORT),
    )


def _read_ack(content: dict[str, Any], peer: str) -> Ack:
    said = content["ack"]
    return Ack(
        id=_text(content, "id", SHORT),
        peer=peer,
        epoch=_text(said, "epoch", SHORT),
        applied=_number(said, "applied_upto"),
        digest=_text(said, "digest", SHORT),
        held_min=None if said["held_min"] is None else _number(said, "held_min"),
        need_from=None if said["need_from"] is None else _number(said, "need_from"),
        heard=_text(said, "heard", SHORT),
        sent_epoch=_text(said, "sent_epoch", SHORT),
        sent_seq=_number(said, "sent_seq"),
    )


def _text(content: Mapping[str, Any], name: str, longest: int = MAX_FRAME) -> str:
    """Return a text that a database column can hold: no NUL, no half of a surrogate pair, not too long."""
    value = content[name]
    if not isinstance(value, str) or len(value) > longest or "\x00" in value:
        raise TypeError(name)
    if not value.isascii():
        value.encode()
    return value


def _word(content: Mapping[str, Any], name: str) -> str:
    """Return a text that becomes part of a routing key."""
    value = _text(content, name, SHORT)
    if not _WORD.fullmatch(value):
        raise TypeError(name)
    return value


def _number(content: Mapping[str, Any], name: str) -> int:
    value = content[name]
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 2**62:
        raise TypeError(name)
    return value
