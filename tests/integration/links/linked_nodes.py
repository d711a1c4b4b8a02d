"""Nodes with everything a link needs in earnest: a database, a broker, shovels, the relay and the consumers."""

import subprocess
import sys
from contextlib import suppress
from functools import partial

from sqlalchemy import create_engine

from lianxi.bus.doors import consume_batch, every
from lianxi.bus.messages import Incoming
from lianxi.bus.threads import ThreadsRunner
from lianxi.casework.identifiers import DivisionCode
from lianxi.casework.messages.custody import CaseReported
from lianxi.runtime.clock import SystemClock, new_id
from services.routing.handlers import link_receiving, links
from services.routing.handlers.link_ends import LinkEnd
from services.routing.storage.link_codec import EnvelopeCodec, NoSeals
from services.routing.storage.link_work import LinkWork
from tests.support.nodes import ROOT
from tests.unit.routing.link_world import Seen

TOLD = """
CREATE SCHEMA told;
CREATE TABLE told.delivered (position bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, origin text, case_no text,
                             number integer, at timestamptz DEFAULT clock_timestamp());
"""
KEEP = "INSERT INTO told.delivered (origin, case_no, number) SELECT * FROM unnest(%s::text[], %s::text[], %s::int[])"


class LinkService:
    """The doors of routing that belong to links."""

    name = "routing"

    def __init__(self, node):
        self._end = node.end
        self.open_work = node.work
        self.clock = SystemClock()

    def decode(self, raw):
        return Incoming(raw.message_id or new_id(), raw.type or "", None, None, None, raw)

    @consume_batch("inbox.up")
    def from_children(self, work, messages):
        link_receiving.receive(work, self._end, [message.raw for message in messages])

    @consume_batch("inbox.down")
    def from_parent(self, work, messages):
        link_receiving.receive(work, self._end, [message.raw for message in messages])

    @every(0.2)
    def tend(self):
        with self.open_work() as work:
            links.tick(work, self._end)


class LinkedNode:
    """One node, running."""

    def __init__(self, code, children, database, amqp_uri):
        self.code, self.database, self.amqp_uri, self.seen = code, database, amqp_uri, Seen()
        self.engine = create_engine(database.url, pool_size=6)
        self.end = LinkEnd(
            node=DivisionCode(code),
            children=frozenset(children),
            codec=EnvelopeCodec(code),
            seals=NoSeals(),
            watch=self.seen,
            new_id=new_id,
            now=SystemClock().now,
            real_now=SystemClock().now,
            deliver=lambda work, origin, message: self.keep(work, [(origin, message)]),
            deliver_all=self.keep,
        )
        database.query(TOLD)
        self.start()

    def start(self):
        command = [sys.executable, "-m", "lianxi.bus.relay", "--schemas", "routing", "--metrics-port", "0"]
        places = ["--database-url", self.database.url, "--amqp-uri", self.amqp_uri]
        self.relay = subprocess.Popen([*command, *places], cwd=ROOT, stderr=subprocess.DEVNULL)
        self.runner = ThreadsRunner(self.amqp_uri, [lambda: LinkService(self)])
        self.runner.start()

    def stop(self):
        self.runner.stop()
        self.relay.terminate()
        self.relay.wait(20)
        self.engine.dispose()

    def work(self):
        return LinkWork(self.engine, "routing", self.end.node, partial(links.seal, end=self.end))

    def keep(self, work, messages):
        facts = [(origin, message.case_no, int(message.events[0].split()[0])) for origin, message in messages]
        work.connection.exec_driver_sql(KEEP, tuple(map(list, zip(*facts, strict=True))))

    def send(self, to_node, first, last, *, case_count=10, at_once=100, filling=""):
        """Send numbers as events of some cases, so many in a transaction."""
        for start in range(first, last + 1, at_once):
            with self.work() as work:
                for number in range(start, min(start + at_once, last + 1)):
                    message = CaseReported(
                        case_no=f"C{number % case_count}", holder=self.code, events=(f"{number} {filling}",)
                    )
                    links.send(work, self.end, to_node, message)

    def numbers(self, origin):
        rows = self.database.query("SELECT number FROM told.delivered WHERE origin = %s ORDER BY position", origin)
        return [number for (number,) in rows]

    def count(self, origin):
        return self.database.query("SELECT count(*) FROM told.delivered WHERE origin = %s", origin)[0][0]

    def stands(self, peer):
        with self.work() as work:
            return next(row for row in links.overview(work, self.end) if row["peer"] == peer)

    def settled(self, peer):
        row = self.stands(peer)
        return row["acked"] == row["last_seq"]


def restart_broker(stack, code, *, wipe):
    """Kill a node's broker as a power cut would, lose its disk if asked, and bring it back."""
    broker = stack.broker_of(code)
    broker.kill()
    if wipe:
        broker.wipe()
    broker.start()
    for node in stack.nodes:
        if stack.broker_of(node.code).directory == broker.directory:
            stack.provision_broker(node.code)


def running(stack, code):
    node = stack.node(code)
    with suppress(Exception):
        return node.broker.management.shovel_states(node.vhost) == dict.fromkeys(("up", "down", "tele"), "running")
    return False
