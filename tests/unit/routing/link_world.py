"""Nodes in memory, joined by roads that may lose, repeat and reorder, for tests of the link protocol.

A node's database is one value that can be copied, so that a transaction can be rolled back and a backup restored.
The roads are plain lists; a test does to them what it likes.
"""

# ruff: noqa: ARG002, ARG005  (fakes keep the signatures of what they stand for)

import json
from contextlib import contextmanager
from datetime import datetime, timedelta
from uuid import UUID

from lianxi.casework.identifiers import DivisionCode
from lianxi.casework.messages.custody import CaseReported
from lianxi.runtime.clock import SHANGHAI
from services.routing.domain.link_frames import Bag
from services.routing.handlers import link_receiving, links
from services.routing.handlers.link_ends import LinkEnd
from tests.unit.routing.link_store import Book, Store

CITY, DISTRICT, TOWN = "630100", "630104", "630104001"
QUIET = 32
START = datetime(2026, 3, 2, 9, 0, tzinfo=SHANGHAI)


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

    def sign(self, _letter):
        return "signed"

    def verify(self, letter):
        return letter.sig == "signed"


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

    def only(self, peers):
        self.rows = {peer: row for peer, row in self.rows.items() if peer in peers}


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


def sent(world, amount, first=1, case="A"):
    for number in range(first, first + amount):
        world.town.send(DISTRICT, case, str(number))


def numbers(node, origin=TOWN):
    return [int(event) for _, event in node.from_(origin)]


def repeated(world):
    return sum(node.seen.repeated for node in world.nodes.values())
