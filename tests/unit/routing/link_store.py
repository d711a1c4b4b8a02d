"""The memory of a node's links without a database: a value that can be copied, rolled back and restored."""

# ruff: noqa: ARG002  (fakes keep the signatures of what they stand for)

import copy
from dataclasses import dataclass, field, replace

from lianxi.casework.identifiers import DivisionCode
from services.routing.domain.link_frames import Frame, Place, Quarantined
from services.routing.domain.link_protocol import Inbound
from services.routing.domain.link_reading import letter_in
from services.routing.domain.link_sending import Outbound, SentRow


@dataclass(frozen=True)
class Delivery:
    """A message on a road."""

    body: bytes
    headers: dict[str, str]
    routing_key: str
    id: str


@dataclass
class Store:
    """The database of a node."""

    senders: dict = field(default_factory=dict)
    receivers: dict = field(default_factory=dict)
    outbox: dict = field(default_factory=dict)
    inbox: dict = field(default_factory=dict)
    hold: dict = field(default_factory=dict)
    quarantine: list = field(default_factory=list)
    refused: list = field(default_factory=list)
    sent: list = field(default_factory=list)
    delivered: list = field(default_factory=list)

    def copy(self):
        """Return the database as it is now; rows are never changed in place."""
        return Store(**{name: copy.copy(getattr(self, name)) for name in self.__dataclass_fields__})


class Book:
    """The memory of a node's links, in a `Store`."""

    def __init__(self, store, node, publish):
        self.store, self.node, self.publish = store, node, publish

    def outbounds(self, peers, fresh):
        for peer in sorted(peers):
            self.store.senders.setdefault(peer, Outbound(peer=peer, epoch=fresh()))
        return {peer: self.store.senders[peer] for peer in sorted(peers)}

    def save_outbound(self, outbound):
        self.store.senders[outbound.peer] = outbound

    def sent_row(self, peer, epoch, seq):
        row = self.store.outbox.get((peer, str(epoch), seq))
        return row and SentRow(row["place"].chain, row["sent_at"], row["sends"])

    def append(self, rows, now):
        for row in rows:
            kept = {"place": row.place, "id": row.letter.id, "name": f"{row.letter.kind}.{row.letter.type}"}
            kept |= {"body": row.body, "created_at": row.created_at, "sent_at": now, "sends": 1}
            self.store.outbox[row.place.peer, row.place.epoch, row.place.seq] = kept
            self._hand_over(kept)

    def send_again(self, peer, epoch, first, last, now):
        for seq in range(first, last + 1):
            row = self.store.outbox.get((peer, str(epoch), seq))
            if row:
                row = row | {"sent_at": now, "sends": row["sends"] + 1}
                self.store.outbox[peer, str(epoch), seq] = row
                self._hand_over(row)

    def take_after(self, peer, epoch, seq):
        keys = sorted(key for key in self.store.outbox if key[:2] == (peer, str(epoch)) and key[2] > seq)
        rows = [self.store.outbox.pop(key) for key in keys]
        return [(row["body"], row["created_at"]) for row in rows]

    def oldest_unacked(self, peer, epoch, acked):
        row = self.store.outbox.get((peer, str(epoch), acked + 1))
        return row and row["created_at"]

    def publish_ack(self, ack_id, peer, body):
        self.publish(peer, Delivery(body, {}, f"{self._key(peer)}.link.ack", ack_id))

    def _hand_over(self, row):
        place = row["place"]
        message_id = f"{row['id']}:{place.epoch}:{row['sends']}"
        self.publish(place.peer, Delivery(row["body"], {}, f"{self._key(place.peer)}.{row['name']}", message_id))

    def _key(self, peer):
        return self.node if str(DivisionCode(self.node).parent) == peer else peer

    def inbound(self, peer):
        return self.store.receivers.setdefault(peer, Inbound(peer=peer))

    def inbounds(self):
        return dict(self.store.receivers)

    def save_inbound(self, inbound):
        self.store.receivers[inbound.peer] = inbound

    def held(self, peer, epoch):
        return {f.place.seq: (f.place, f.id) for key, f in self.store.hold.items() if key[:2] == (peer, str(epoch))}

    def held_frames(self, peer, epoch, first, last):
        found = {key[2]: f for key, f in self.store.hold.items() if key[:2] == (peer, str(epoch))}
        return {seq: frame for seq, frame in found.items() if first <= seq <= last}

    def hold(self, frames, now):
        for frame in frames:
            self.store.hold.setdefault((frame.place.peer, frame.place.epoch, frame.place.seq), frame)

    def unhold(self, peer, epoch, *, upto=None, first=None):
        for key in [key for key in self.store.hold if key[:2] == (peer, str(epoch))]:
            if (upto is not None and key[2] <= upto) or (first is not None and key[2] >= first):
                del self.store.hold[key]

    def archive(self, frames, now):
        new = set()
        for frame, outcome in frames:
            if (frame.place.peer, frame.id) not in self.store.inbox:
                self.store.inbox[frame.place.peer, frame.id] = (frame.place.epoch, frame.place.seq, outcome)
                new.add(frame.id)
        return new

    def quarantined(self, peer, case_keys):
        rows = [row for row in self.store.quarantine if row.frame.place.peer == peer]
        return {row.frame.case_key for row in rows} & set(case_keys)

    def quarantine(self, messages, now):
        for message in messages:
            position = self.store.quarantine[-1].position + 1 if self.store.quarantine else 1
            self.store.quarantine.append(replace(message, position=position))

    def due_cases(self, now, limit):
        return list(dict.fromkeys(row.frame.case_key for row in self.store.quarantine))[:limit]

    def of_case(self, case_key):
        rows = [row for row in self.store.quarantine if row.frame.case_key == case_key]

        def place(row):
            return Place(row.frame.place.peer, "", 0, "")

        return [
            Quarantined(
                frame=Frame(id=row.frame.id, place=place(row), letter=letter_in(row.frame.body), body=row.frame.body),
                code=row.code,
                attempts=row.attempts,
                position=row.position,
            )
            for row in rows
        ]

    def release(self, position):
        self.store.quarantine = [row for row in self.store.quarantine if row.position != position]

    def failed_again(self, position, code, attempts, now):
        changed = [
            replace(r, code=code, attempts=attempts) if r.position == position else r for r in self.store.quarantine
        ]
        self.store.quarantine = changed

    def refuse(self, refusals, now):
        self.store.refused.extend(refusals)
