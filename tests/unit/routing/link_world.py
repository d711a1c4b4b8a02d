"""Nodes in memory, joined by roads that may lose, repeat and reorder, for tests of the link protocol.

A node's database is one value that can be copied, so that a transaction can be rolled back and a backup restored.
The roads are plain lists; a test does to them what it likes.
"""

# ruff: noqa: ARG002, ARG005  (fakes keep the signatures of what they stand for)

import copy
import json
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from uuid import UUID

from lianxi.casework.identifiers import DivisionCode
from lianxi.casework.messages.custody import CaseReported
from lianxi.runtime.clock import SHANGHAI
from services.routing.domain.link_frames import Bag, Frame, Place, Quarantined
from services.routing.domain.link_protocol import Inbound
from services.routing.domain.link_reading import letter_in
from services.routing.domain.link_sending import Outbound, SentRow
from services.routing.handlers import link_receiving, links
from services.routing.handlers.link_ends import LinkEnd

CITY, DISTRICT, TOWN = "630100", "630104", "630104001"
QUIET = 32
START = datetime(2026, 3, 2, 9, 0, tzinfo=SHANGHAI)


@dataclass(frozen=True)
class Delivery:
    """A message on a road."""

    body: bytes
    headers: dict[str, str]
    routing_key: str
    id: str


class RealTime:
    """A clock that moves when told, and ids ordered by it."""

    def __init__(self):
        self.at = START
        self.count = 0

    def now(self):
        return self.at

    def new_id(self):
        self.count += 1
        self.at += timedelta(milliseconds=1)
        milliseconds = int(self.at.timestamp() * 1000)
        return str(UUID(int=(milliseconds << 80) | (0x7 << 76) | (0b10 << 62) | self.count))

    def pass_(self, **amount):
        self.at += timedelta(**amount)


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

    def quarantined(self, case_keys):
        return {row.frame.case_key for row in self.store.quarantine} & set(case_keys)

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


class Work:
    """One transaction: leaves the store as it was when something raises."""

    def __init__(self, node):
        self.node, self.link_bag, self.published = node, Bag(), []

    def __enter__(self):
        self.before = self.node.store.copy()
        self.link_book = Book(
            self.node.store, self.node.code, lambda peer, message: self.published.append((peer, message))
        )
        self.links = links.Post(self, self.node.end)
        return self

    def __exit__(self, kind, error, trace):
        if kind is None:
            links.seal(self, self.node.end)
            for peer, message in self.published:
                self.node.roads.setdefault(peer, []).append(message)
        else:
            self.node.store = self.before

    @contextmanager
    def savepoint(self):
        mark, published, store = self.link_bag.mark(), len(self.published), self.node.store.copy()
        try:
            yield
        except BaseException:
            self.link_bag.cut(mark)
            del self.published[published:]
            self.node.store.__dict__.update(store.__dict__)
            raise

    def passes(self, _error):
        return False

    def lost(self, _error):
        return False


class TextCodec:
    """Messages as short JSON."""

    def encode(self, message, *, message_id, subject, time):
        return json.dumps([message.case_no, *message.events])

    def decode(self, text):
        case_no, *events = json.loads(text)
        return CaseReported(case_no=case_no, holder="", events=tuple(events))


class Seals:
    """Origins sign with their own name."""

    def sign(self, _text):
        return "signed"

    def verify(self, _origin, _text, signature):
        return signature == "signed"


class Seen:
    """What the links told their watch."""

    def __init__(self):
        self.refusals, self.failures, self.repeated, self.epochs, self.rows = [], [], 0, [], {}
        self.duplicates = self.overflow = self.stale = 0

    def refused(self, peer, reason, size):
        self.refusals.append((peer, reason))

    def arranged(self, peer, duplicates, overflow, stale):
        self.duplicates += duplicates
        self.overflow += overflow
        self.stale += stale

    def quarantined(self, peer, code):
        self.failures.append((peer, code))

    def restarted(self, peer, epoch, lost):
        self.epochs.append((peer, epoch, lost))

    def sent_again(self, peer, frames):
        self.repeated += frames

    def stands(self, row):
        self.rows[row["peer"]] = row


class Node:
    """One node: its end of the links, its database, and the roads that lead away from it."""

    def __init__(self, code, children, time):
        self.code, self.roads, self.seen = code, {}, Seen()
        self.fail = lambda origin, message: None
        self.end = LinkEnd(
            node=DivisionCode(code),
            children=frozenset(children),
            codec=TextCodec(),
            seals=Seals(),
            watch=self.seen,
            new_id=time.new_id,
            now=time.now,
            real_now=time.now,
            deliver=self._deliver,
        )

    def send(self, to_node, case_no, *events):
        with self.work() as work:
            self.note_sent(work, (to_node, case_no, *events))
            work.links.send(to_node, CaseReported(case_no=case_no, holder="", events=events))

    def receive(self, batch):
        with self.work() as work:
            link_receiving.receive(work, self.end, batch)

    def tick(self):
        with self.work() as work:
            links.tick(work, self.end)

    def retry(self):
        with self.work() as work:
            return link_receiving.retry(work, self.end)

    def stands(self, peer):
        with self.work() as work:
            return next(row for row in links.overview(work, self.end) if row["peer"] == peer)

    def from_(self, origin):
        return [tuple(rest) for author, *rest in self.delivered() if author == origin]

    def sent_to(self, dest):
        return [tuple(rest) for to, *rest in self.sent() if to == dest]

    def _deliver(self, work, origin, message):
        self.fail(origin, message)
        self.note_delivered(work, (origin, message.case_no, *message.events))


class MemoryNode(Node):
    """A node whose database is a `Store`."""

    def __init__(self, code, children, time):
        super().__init__(code, children, time)
        self.store = Store()

    def work(self):
        return Work(self)

    def backup(self):
        return self.store.copy()

    def restore(self, backup):
        self.store = backup.copy()

    def forget_sent(self, upto):
        """Prune the outbox, as the backup horizon does."""
        for key in [key for key in self.store.outbox if key[2] <= upto]:
            del self.store.outbox[key]

    def note_sent(self, _work, fact):
        self.store.sent.append(fact)

    def note_delivered(self, _work, fact):
        self.store.delivered.append(fact)

    def sent(self):
        return self.store.sent

    def delivered(self):
        return self.store.delivered

    def refused(self):
        return [refusal.reason for refusal in self.store.refused]

    def quarantined(self):
        return [(row.frame.case_key, row.code) for row in self.store.quarantine]

    def held(self):
        return len(self.store.hold)


class World:
    """City, district and township, with their roads."""

    def __init__(self, make_node=MemoryNode, *, step=1):
        self.time, self.step = RealTime(), step
        self.city = make_node(CITY, [DISTRICT], self.time)
        self.district = make_node(DISTRICT, [TOWN], self.time)
        self.town = make_node(TOWN, [], self.time)
        self.nodes = {node.code: node for node in (self.city, self.district, self.town)}

    def road(self, from_node, to_node):
        return self.nodes[from_node].roads.setdefault(to_node, [])

    def carry(self, from_node, to_node, count=None):
        """Bring the first messages on a road to its end."""
        road = self.road(from_node, to_node)
        batch, road[:] = road[:count], road[count:] if count is not None else []
        self.nodes[to_node].receive(batch)

    def carry_all(self):
        for code, node in self.nodes.items():
            for peer in list(node.roads):
                self.carry(code, peer)

    def settle(self, rounds=400):
        """Let time pass with open roads until everything sent is acked, for a heartbeat long: nobody has to help."""
        calm, quiet = 0, QUIET // self.step
        for _ in range(rounds + quiet):
            self.time.pass_(seconds=self.step)
            for node in self.nodes.values():
                node.tick()
            self.carry_all()
            calm = calm + 1 if self.at_rest() else 0
            if calm == quiet:
                return
        raise AssertionError(f"not at rest: {[node.seen.rows for node in self.nodes.values()]}")

    def at_rest(self):
        return all(row["acked"] == row["last_seq"] for node in self.nodes.values() for row in node.seen.rows.values())
