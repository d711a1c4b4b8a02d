"""The smallest service there can be, for the benchmarks of the bus: one ordered queue, one row for each event."""

import json
import os
from collections.abc import Sequence
from typing import Any, ClassVar

from lianxi.bus.doors import consume_batch
from lianxi.bus.engine import engine_for
from lianxi.bus.messages import Incoming, RawMessage
from lianxi.bus.topology import Exchange, Topology, consumed
from lianxi.bus.work import Work

SCHEMA = "tally"
QUEUE = "tally.events"
ROUTING_KEY = "tally.event"
KEYS = 500
"""Cases that the events belong to."""

TOPOLOGY = Topology(
    (Exchange("case"), Exchange("dead", "direct"), Exchange("nameko-rpc")),
    consumed(QUEUE, {"from": "case", "keys": ["tally.#"]}),
)
TABLE = (
    "CREATE TABLE tally.applied (place bigserial PRIMARY KEY, id text, key text, seq bigint, body jsonb,"
    " at timestamptz NOT NULL DEFAULT now())"
)
_APPLY = (
    "INSERT INTO tally.applied (id, key, seq, body)"
    " SELECT * FROM unnest(%s::text[], %s::text[], %s::bigint[], %s::jsonb[])"
)


class Tally:
    """Writes down what it reads."""

    name: ClassVar[str] = "tally"

    def __init__(self) -> None:
        engine = engine_for(os.environ["TALLY_DATABASE_URL"], SCHEMA, 5)
        self.open_work = lambda: Work(engine, SCHEMA)

    def decode(self, raw: RawMessage) -> Incoming:
        """Read an event."""
        body = json.loads(raw.body)
        return Incoming(body["id"], "tallied.v1", body["key"], body["seq"], body, raw)

    @consume_batch(QUEUE, ordered=True)
    def events(self, work: Any, messages: Sequence[Incoming]) -> None:
        """Insert a row for each event, all in one statement."""
        columns = (
            [message.id for message in messages],
            [message.key for message in messages],
            [message.seq for message in messages],
            [message.raw.body.decode() for message in messages],
        )
        work.connection.exec_driver_sql(_APPLY, columns)
