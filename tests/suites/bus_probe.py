"""A small service that does what its messages tell it to, for the behaviour suite of the bus.

The body of a message names its own id, stream and number, and an `act`: `ok`, or a failure (`refuse`, `retry`,
`break`) that lasts until the stream is healed. What was applied is kept in a table, or in memory.
"""

import json
import os
import time
from collections.abc import Sequence
from typing import Any, ClassVar

from sqlalchemy import text

from lianxi.bus.doors import FailurePolicy, call, consume_batch, every
from lianxi.bus.engine import engine_for
from lianxi.bus.messages import Incoming, RawMessage, Undecodable, UnknownMessage
from lianxi.bus.testing import MemoryTables, MemoryWork
from lianxi.bus.topology import Exchange, Topology, consumed
from lianxi.bus.work import Outgoing, Work

SCHEMA = "probe"
QUICK = FailurePolicy("quick", pauses=(0.1, 0.2))
ORDERED, LOOSE = "probe.ordered", "probe.loose"

TOPOLOGY = Topology(
    (Exchange("case"), Exchange("dead", "direct"), Exchange("nameko-rpc")),
    (
        *consumed(ORDERED, {"from": "case", "keys": ["ordered.#"]}),
        *consumed(LOOSE, {"from": "case", "keys": ["loose.#"]}),
    ),
)

DDL = (
    "CREATE TABLE probe.applied (place bigserial, queue text, key text, seq bigint, id text, size int)",
    "CREATE TABLE probe.healed (key text PRIMARY KEY)",
    "CREATE TABLE probe.counted (key text PRIMARY KEY, number int NOT NULL)",
)


class ProbeError(Exception):
    """A failure of one of the three branches."""

    def __init__(self, branch: str) -> None:
        super().__init__("138 1234 5678 is what somebody typed")
        self.branch = branch

    def as_problem(self) -> dict[str, Any]:
        return {"type": "urn:probe", "title": "probe", "status": 409, "detail": "演示", "code": self.branch}


class ProbeWork(Work):
    """What the probe does in PostgreSQL."""

    def is_healed(self, key: str) -> bool:
        found = self.connection.execute(text("SELECT 1 FROM probe.healed WHERE key = :key"), {"key": key})
        return found.first() is not None

    def apply(self, queue: str, messages: Sequence[Incoming]) -> None:
        self.connection.exec_driver_sql(
            "INSERT INTO probe.applied (queue, key, seq, id, size)"
            " SELECT %s, key, seq, id, %s FROM unnest(%s::text[], %s::bigint[], %s::text[]) WITH ORDINALITY"
            " AS m (key, seq, id, place) ORDER BY place",
            (queue, len(messages), [m.key for m in messages], [m.seq for m in messages], [m.id for m in messages]),
        )

    def count(self, key: str) -> int:
        number = self.connection.execute(
            text(
                "INSERT INTO probe.counted AS c VALUES (:key, 1)"
                " ON CONFLICT (key) DO UPDATE SET number = c.number + 1 RETURNING number"
            ),
            {"key": key},
        ).scalar_one()
        return int(number)


class MemoryProbeWork(MemoryWork):
    """What the probe does in memory."""

    def is_healed(self, key: str) -> bool:
        return key in self.tables.rows["healed"]

    def apply(self, queue: str, messages: Sequence[Incoming]) -> None:
        self.tables.rows["applied"] += [(queue, m.key, m.seq, m.id) for m in messages]

    def count(self, key: str) -> int:
        self.tables.rows["counted"].append(key)
        return self.tables.rows["counted"].count(key)


def decode(raw: RawMessage) -> Incoming:
    """Read a body; a type that ends in another version than v1 is not known."""
    try:
        body = json.loads(raw.body)
    except ValueError as error:
        raise Undecodable("not JSON") from error
    if not body["type"].endswith(".v1"):
        raise UnknownMessage(body["type"], key=body["key"], seq=body["seq"])
    return Incoming(body["id"], body["type"], body["key"], body["seq"], body, raw)


class Probe:
    """The service."""

    name: ClassVar[str] = "probe"

    def __init__(self) -> None:
        engine = engine_for(os.environ["PROBE_DATABASE_URL"], SCHEMA, 5)
        self.open_work = lambda: ProbeWork(engine, SCHEMA)
        self.decode = decode
        self.beats = 0

    @consume_batch(ORDERED, on_failure=QUICK, expected=(KeyError,), ordered=True)
    def ordered(self, work: Any, messages: Sequence[Incoming]) -> None:
        handle(work, ORDERED, messages)

    @consume_batch(LOOSE, on_failure=QUICK)
    def loose(self, work: Any, messages: Sequence[Incoming]) -> None:
        handle(work, LOOSE, messages)

    @call()
    def add(self, work: Any, body: dict[str, Any]) -> dict[str, Any]:
        number = work.count(body["key"])
        if body.get("act", "ok") != "ok":
            raise ProbeError({"refuse": "refused", "retry": "retryable", "break": "broken"}[body["act"]])
        if body.get("tell"):
            work.publish(Outgoing(body["tell"], "told.v1", "case", "loose.told", b"{}"))
        time.sleep(body.get("sleep", 0))
        return {"number": number}

    @call(read_only=True)
    def look(self, work: Any, body: dict[str, Any]) -> dict[str, Any]:
        return {"healed": work.is_healed(body["key"])}

    @every(0.2)
    def beat(self) -> None:
        self.beats += 1


def handle(work: Any, queue: str, messages: Sequence[Incoming]) -> None:
    """Apply all, or fail as the first bad one says, after having written something that must not stay."""
    work.apply(queue, messages)
    for message in messages:
        act = message.body["act"]
        if act == "ok" or work.is_healed(message.key or ""):
            continue
        if act == "break":
            raise RuntimeError("138 1234 5678 is what somebody typed")
        raise ProbeError("retryable" if act == "retry" else "refused")


class MemoryProbe(Probe):
    """The same service, in memory."""

    def __init__(self, tables: MemoryTables, send: Any) -> None:
        self.open_work = lambda: MemoryProbeWork(tables, send)
        self.decode = decode
        self.beats = 0
