"""Parcels: neighbours of an outbox that travel to the broker as one message, and are taken apart where they arrive.

A message costs the broker, its client and the consumer about the same whatever its size, so small ones that leave
together go together. The sender says which may: `TOGETHER` names the routing key of the whole, and only neighbours
with the same one, bound for the same exchange, share a parcel; so nothing overtakes anything. Whoever reads a queue
through a consumer of the bus never sees a parcel: each of its messages is repeated, parked and remembered by itself.

The body is one line that tells of each message its length, id, type, routing key and headers, then the messages.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from lianxi.bus.messages import RawMessage, Undecodable

PARCEL = "lianxi.parcel"
"""The type of a message that is a parcel."""

MOST_BYTES = 48 * 1024
MOST_MESSAGES = 200
_SEAM = b"\n"


@dataclass(frozen=True, slots=True)
class Item:
    """One message of an outbox; with `together` None it travels alone."""

    exchange: str
    routing_key: str
    body: bytes
    id: str
    type: str | None
    headers: dict[str, Any]
    together: str | None = None


def grouped(items: Sequence[Item]) -> list[list[Item]]:
    """Return `items` in their order, those in one list together that may share a parcel and fit into one."""
    groups: list[list[Item]] = []
    room, fellow = 0, None
    for item in items:
        wanted = None if item.together is None else (item.exchange, item.together)
        if wanted is not None and wanted == fellow and len(item.body) <= room and len(groups[-1]) < MOST_MESSAGES:
            groups[-1].append(item)
        else:
            groups.append([item])
            room, fellow = MOST_BYTES, wanted
        room -= len(item.body)
    return groups


def packed(items: Sequence[Item]) -> bytes:
    """Return the body of a parcel."""
    told = [[len(item.body), item.id, item.type, item.routing_key, item.headers or None] for item in items]
    head = json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode()
    return _SEAM.join((head, b"".join(item.body for item in items)))


def unpacked(raw: RawMessage) -> list[RawMessage]:
    """Return the messages in a parcel, without delivery tags; any other message is returned alone, as it is.

    Raises Undecodable.
    """
    if raw.type != PARCEL:
        return [raw]
    head, seam, bodies = raw.body.partition(_SEAM)
    found, place = [], 0
    try:
        for length, identity, kind, key, headers in json.loads(head):
            body = bodies[place : place + length]
            place += len(body) if len(body) == length else len(bodies) + 1
            found.append(RawMessage(body, headers or {}, identity, kind, raw.exchange, key))
    except (ValueError, TypeError):
        raise Undecodable("the parcel does not say what is in it") from None
    if not seam or place != len(bodies):
        raise Undecodable("the parcel is not whole")
    return found
