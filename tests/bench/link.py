"""Row 3, a link after a cut: how fast the parent applies what the child has done meanwhile.

District and city, two vhosts and the real shovels; the city runs each service in a process of its own, as it would.
While the link is cut, the district's books gain cases from receipt to reply, one report for each act; then the link
heals. The city's routing follows each case event: order and numbers of the link, hash chain, epoch, history and
state, and tells its own services, which follow in turn. The second row leaves those away, to show the link alone. The
bare tools move the same frames: one shovel between two vhosts, then pika and psycopg2, in batches, unread.

The books are filled with many acts in a transaction, as by a district that hands on what came from below, or by an
import; such frames share a parcel. What a clerk does is a transaction of its own and travels singly, which costs more.
"""

import json
import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from lianxi.ops.local.broker import ADMIN
from lianxi.ops.local.management import name as in_path
from lianxi.ops.local.programs import SERVICES
from lianxi.ops.local.stack import LINK, Stack
from services.routing.handlers.cases import report_up
from services.routing.settings import Settings
from services.routing.wiring import build
from tests.bench.bare import TABLES as BARE_TABLES
from tests.bench.bare import Publisher
from tests.bench.figures import Figure, Row
from tests.bench.ground import COST, Bench, Meter, NotFinished, output_of, running, until
from tests.bench.histories import ACTS, EVENTS, interleaved
from tests.support.databases import Database

CITY, DISTRICT = "630100", "630104"
CASES = 600
AT_ONCE = 200
"""Acts in one transaction while the books are filled."""

BARE = "bench.bare"
EVENTS_PER_FRAME = EVENTS / ACTS
_COUNT = "SELECT count(*) FROM routing.case_event"
_SPEED = """
SELECT count(*) FILTER (WHERE applied_at < last), extract(epoch FROM max(last) - min(applied_at))::float
FROM (SELECT applied_at, max(applied_at) OVER () AS last FROM routing.link_inbox WHERE applied_at > %s) AS applied
"""
_LAST = "SELECT coalesce(max(applied_at), '-infinity') FROM routing.link_inbox"
_FRAMES = "SELECT id, body FROM routing.link_outbox ORDER BY epoch, link_seq DESC LIMIT %s"


def measure_link(bench: Bench) -> list[Row]:
    """Case events a second applied at the parent, after a cut: all services following, and routing alone."""
    cases = bench.size(CASES, least=100)
    everything: list[float] = []
    alone: list[float] = []
    bare: list[float] = []
    with bench.stack("link", [CITY, DISTRICT]) as stack:
        stack.start_servers()
        stack.provision()
        link = LinkUnderLoad(stack, bench.state / "logs")
        with link.joined(SERVICES):
            for turn in range(bench.repetitions):
                everything.append(link.catch_up(turn * cases + 1, cases))
                bare.append(link.catch_up_barely(cases * ACTS))
                bench.say(f"link {turn + 1}: {everything[-1]:,.0f} events/s, bare {bare[-1]:,.0f}/s")
            costs = [link.cost]
        with link.joined(("routing",)):
            for turn in range(bench.repetitions, 2 * bench.repetitions):
                alone.append(link.catch_up(turn * cases + 1, cases))
                bench.say(f"link, routing alone {turn + 1}: {alone[-1]:,.0f} events/s")
            costs.append(link.cost)
    return [
        _row(
            "link",
            "link after a cut: case events applied at the parent, its other services following",
            everything,
            bare,
            costs[0],
        ),
        _row("link-routing", "the same, only routing running at the parent", alone, bare, costs[1]),
    ]


def _row(key: str, what: str, ours: list[float], bare: list[float], cost: str) -> Row:
    return Row(
        key=key,
        what=what,
        unit="events/s",
        ours=Figure.of(ours),
        bare=Figure.of(bare),
        bare_what="the same frames through a shovel, then pika and psycopg2, batches of 200, unread",
        target=2000,
        note=f"{COST} {cost}",
    )


class LinkUnderLoad:
    """The link from district to city, and what is asked of it."""

    def __init__(self, stack: Stack, logs: Path) -> None:
        self._stack, self._logs = stack, logs
        self._services: dict[str, int] = {}
        self._child, self._parent = stack.node(DISTRICT), stack.node(CITY)
        self._above = Database(stack.cluster, self._parent.database)
        self._below = Database(stack.cluster, self._child.database)
        self._parts = build(Settings.from_environment({**os.environ, **self._child.environment}))
        for statement in BARE_TABLES:
            self._above.query(statement)
        self.cost = ""

    @contextmanager
    def joined(self, services: Sequence[str]) -> Iterator[None]:
        """Run both nodes while the block lasts: of the parent these services, each a process of its own."""
        with ExitStack() as block:
            for program in (
                self._child.program("services"),
                self._child.program("relay"),
                self._parent.program("relay"),
            ):
                program.start()
                block.callback(program.stop)
            for service in services:
                command = ["-m", "lianxi.runtime.run", "--services", service, "--metrics-port", "0"]
                process = running(command, self._logs / f"{service}.log", **self._parent.environment)
                self._services[service] = block.enter_context(process).pid
            block.callback(self._services.clear)
            until(self._shovels_run, "the link came up", within=60)
            yield

    def catch_up(self, first: int, cases: int) -> float:
        """Cut, work, heal; return events a second from the first frames applied to the last."""
        before, since = self._above.query(_COUNT)[0][0], self._above.query(_LAST)[0][0]
        self._stack.cut_link(DISTRICT)
        self._work(first, cases)
        meter = self._meter()
        self._stack.heal_link(DISTRICT)
        until(lambda: self._above.query(_COUNT)[0][0] == before + cases * EVENTS, "every event was applied", every=0.5)
        self.cost = meter.cost(cases * EVENTS)
        frames, seconds = self._above.query(_SPEED, since)[0]
        if not seconds:
            raise NotFinished("everything came in one batch: use more cases")
        return float(frames) / float(seconds) * EVENTS_PER_FRAME

    def catch_up_barely(self, count: int) -> float:
        """Move the newest frames once more, with a shovel of its own and bare tools behind it."""
        broker, frames = self._child.broker, self._below.query(_FRAMES, count)
        for node in (self._child, self._parent):
            rights = {"configure": ".*", "write": ".*", "read": ".*"}
            broker.management.put(f"permissions/{in_path(node.vhost)}/{in_path(ADMIN)}", rights)
            broker.management.put(f"queues/{in_path(node.vhost)}/{BARE}", {"durable": True})
        self._above.query("TRUNCATE bare.seen, bare.applied")
        source, destination = broker.uri(self._child.vhost), broker.uri(self._parent.vhost)
        Publisher(source, "", BARE, count, lambda number: (frames[number][0], bytes(frames[number][1]))).run()
        path = f"parameters/shovel/{in_path(self._child.vhost)}/{BARE}"
        broker.management.put(path, {"value": _shovel(source, destination)})
        try:
            arguments = ["-m", "tests.bench.bare", "consume", destination, self._above.dsn, BARE, str(count)]
            return float(json.loads(output_of(arguments))["rate"]) * EVENTS_PER_FRAME
        finally:
            broker.management.delete(path)

    def _meter(self) -> Meter:
        parent, child = self._parent, self._child
        return Meter(
            {
                **{f"{service} of the parent": [pid] for service, pid in self._services.items()},
                "relay of the parent": [parent.program("relay").pid],
                "services and relay of the child": [child.program("services").pid, child.program("relay").pid],
                "RabbitMQ": [parent.broker.pid],
                "PostgreSQL": [self._stack.cluster.pid],
            }
        )

    def _shovels_run(self) -> bool:
        states = self._child.broker.management.shovel_states(self._child.vhost)
        return states == dict.fromkeys(("up", "down", "tele"), "running")

    def _work(self, first: int, cases: int) -> None:
        """Write cases into the district's books, each act with its report to the city."""
        acts = list(interleaved(first, cases))
        for start in range(0, len(acts), AT_ONCE):
            with self._parts.open_work() as work:
                for case, events in acts[start : start + AT_ONCE]:
                    records = [work.cases.write(event) for event in events]
                    work.cases.append(case, records)
                    report_up(work, self._parts.here, case, records)


def _shovel(source: str, destination: str) -> dict[str, Any]:
    return {
        "src-protocol": "amqp091",
        "src-uri": source,
        "src-queue": BARE,
        "dest-protocol": "amqp091",
        "dest-uri": destination,
        "dest-queue": BARE,
        "ack-mode": "on-confirm",
        "src-prefetch-count": LINK.prefetch,
    }
