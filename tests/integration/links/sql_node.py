"""A node of the link tests whose database is real; its roads are still lists that a test may maltreat."""

import contextlib
import json

from sqlalchemy import create_engine
from sqlalchemy.pool import StaticPool

from lianxi.casework.identifiers import DivisionCode
from services.routing.handlers import links
from services.routing.storage.link_work import LinkWork
from tests.unit.routing.link_store import Delivery
from tests.unit.routing.link_world import Node

TABLES = ("sender", "receiver", "outbox", "inbox", "hold", "quarantine", "refused")
NOTES = """
CREATE SCHEMA told;
CREATE TABLE told.sent (position bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, fact jsonb NOT NULL);
CREATE TABLE told.delivered (position bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, fact jsonb NOT NULL);
"""


class TestedWork(LinkWork):
    """A transaction with the post on it, as the service's own has it."""

    def __init__(self, node):
        super().__init__(node.engine, "routing", DivisionCode(node.code), lambda work: links.seal(work, node.end))
        self.links = links.Post(self, node.end)


class SqlNode(Node):
    """A node in a database of its own."""

    def __init__(self, code, children, time, database):
        super().__init__(code, children, time)
        self.engine = create_engine(database.url, poolclass=StaticPool)
        self.run(NOTES)

    def run(self, statement, *values):
        with self.engine.begin() as connection:
            result = connection.exec_driver_sql(statement, values)
            return result.all() if result.returns_rows else []

    @contextlib.contextmanager
    def work(self):
        with TestedWork(self) as work:
            yield work
        self._relay()

    def _relay(self):
        """Take what waits in the outbox to the roads, in order."""
        rows = self.run(
            "UPDATE routing.outbox SET sent_at = now() WHERE sent_at IS NULL "
            "RETURNING position, message_id, exchange, routing_key, headers, body"
        )
        for row in sorted(rows):
            above = str(DivisionCode(self.code).parent)
            peer = above if row.exchange == "link.out.up" else row.routing_key.partition(".")[0]
            delivery = Delivery(bytes(row.body), row.headers, row.routing_key, row.message_id)
            self.roads.setdefault(peer, []).append(delivery)

    def backup(self):
        self.run("DROP SCHEMA IF EXISTS kept CASCADE; CREATE SCHEMA kept")
        for table in self._tables():
            self.run(f"CREATE TABLE kept.{table.replace('.', '_')} AS TABLE {table}")
        return "kept"

    def restore(self, _backup):
        for table in self._tables():
            self.run(f"TRUNCATE {table}")
            self.run(f"INSERT INTO {table} OVERRIDING SYSTEM VALUE SELECT * FROM kept.{table.replace('.', '_')}")

    def _tables(self):
        return [f"routing.link_{name}" for name in TABLES] + ["told.sent", "told.delivered"]

    def forget_sent(self, upto):
        """Prune the outbox, as the backup horizon does."""
        self.run("DELETE FROM routing.link_outbox WHERE link_seq <= %s", upto)

    def note_sent(self, work, fact):
        work.connection.exec_driver_sql("INSERT INTO told.sent (fact) VALUES (%s)", (json.dumps(fact),))

    def note_delivered(self, work, fact):
        work.connection.exec_driver_sql("INSERT INTO told.delivered (fact) VALUES (%s)", (json.dumps(fact),))

    def sent(self):
        return [tuple(row.fact) for row in self.run("SELECT fact FROM told.sent ORDER BY position")]

    def delivered(self):
        return [tuple(row.fact) for row in self.run("SELECT fact FROM told.delivered ORDER BY position")]

    def refused(self):
        return [row.reason for row in self.run("SELECT reason FROM routing.link_refused ORDER BY position")]

    def quarantined(self):
        rows = self.run("SELECT case_key, code FROM routing.link_quarantine ORDER BY position")
        return [(row.case_key, row.code) for row in rows]

    def held(self):
        return len(self.run("SELECT FROM routing.link_hold"))
