"""A city and one of its districts with everything they need, and the handles by which they are hurt and healed.

Each node has a broker to itself, and the district dials the city through a proxy that can cut the line. What the
databases hold is read directly, because that works also while the processes are dead; while the database itself is
dead, a reader waits for it. `Row` adds a street below the district, on a line of its own.
"""

import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pika
import psycopg2

from lianxi.bus.calls import Calls
from lianxi.ops.local.cluster import SMALL, Cluster
from lianxi.ops.local.processes import Identity
from lianxi.ops.local.proxy import Proxy
from lianxi.ops.local.stack import Stack

CITY, DISTRICT, STREET = "630100", "630104", "630104001"
NODES = (CITY, DISTRICT)
PROCESSES = ("services", "relay")
SHARED = {"max_connections": "200"}
"""A server that is small enough for one node is shared here by all, and each may fill its pools."""
DATABASE_BACK = 90.0
"""Seconds for which a reader waits for a database that was killed."""


class Pair:
    """City and district, up and at work."""

    nodes: tuple[str, ...] = NODES

    def __init__(self, directory: Path) -> None:
        self.stack = Stack(directory, self.nodes, own_brokers=True, light=True)
        self.stack.cluster = Cluster(self.stack.directory / "cluster", settings={**SMALL, **SHARED})
        above = dict(zip(self.nodes[1:], self.nodes, strict=False))
        self.proxies = {child: Proxy(self.stack.broker_of(parent).ports.amqp) for child, parent in above.items()}
        self.proxy = self.proxies[DISTRICT]
        self.stack.link_ports = {child: proxy.port for child, proxy in self.proxies.items()}
        self._local = threading.local()
        self._calls: dict[str, Calls] = {}

    def up(self) -> None:
        """Bring everything up."""
        self.stack.up(PROCESSES)
        self._calls = {code: Calls(self.stack.node(code).amqp_uri, name="faults") for code in self.nodes}

    def remove(self) -> None:
        """Stop everything and delete it."""
        for calls in self._calls.values():
            calls.close()
        for proxy in self.proxies.values():
            proxy.close()
        self.stack.remove()

    def call(self, node: str, service: str, method: str, body: dict[str, Any], command_id: str) -> dict[str, Any]:
        """Call a service as the portal does, without much patience."""
        return self._calls[node].call(service, method, body, command_id=command_id, timeout=4.0)

    def rows(self, node: str, statement: str, *values: object) -> list[tuple[Any, ...]]:
        """Read a node's database as administrator, as soon as it is there."""
        deadline = time.monotonic() + DATABASE_BACK
        while True:
            try:
                return self._rows(node, statement, values)
            except (psycopg2.OperationalError, psycopg2.InterfaceError):
                lost = self._local.__dict__.pop(node, None)
                if lost is not None:
                    with suppress(psycopg2.Error):
                        lost.close()
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.2)

    def _rows(self, node: str, statement: str, values: tuple[object, ...]) -> list[tuple[Any, ...]]:
        kept = self._local.__dict__
        if node not in kept or kept[node].closed:
            kept[node] = psycopg2.connect(self.stack.cluster.dsn(self.stack.node(node).database), connect_timeout=5)
            kept[node].autocommit = True
        with kept[node].cursor() as cursor:
            cursor.execute(statement, values or None)
            return list(cursor.fetchall()) if cursor.description else []

    @contextmanager
    def session(self, node: str) -> Iterator[Any]:
        """Give a database session of one's own, to hold a lock in."""
        with self.stack.cluster.connect(self.stack.node(node).database) as opened, opened.cursor() as cursor:
            yield cursor

    def depth(self, node: str, queue: str) -> int:
        """Return how many messages are ready in a queue."""
        with pika.BlockingConnection(pika.URLParameters(self.stack.node(node).amqp_uri)) as connection:
            return int(connection.channel().queue_declare(queue, passive=True).method.message_count)

    def identity(self, node: str, process: str) -> Identity:
        """Return the running process of this name: services, relay or broker."""
        place = self.stack.node(node)
        pid = place.broker.pid if process == "broker" else place.program(process).pid
        found = Identity.of(pid) if pid else None
        assert found is not None, f"{process} of {node} does not run"
        return found

    def kill(self, node: str, process: str) -> None:
        """Kill a process as a power cut would."""
        place = self.stack.node(node)
        if process == "broker":
            place.broker.kill()
        else:
            place.program(process).kill()

    def start(self, node: str, process: str) -> None:
        """Start a process and wait until it is ready."""
        place = self.stack.node(node)
        if process == "broker":
            place.broker.start(within=90.0)
        else:
            program = place.program(process)
            program.start()
            program.wait(within=90.0)

    def dead(self) -> Iterable[str]:
        """Name every process that does not run although nobody killed it."""
        for code in self.nodes:
            for process in (*PROCESSES, "broker"):
                place = self.stack.node(code)
                if (place.broker.pid if process == "broker" else place.program(process).pid) is None:
                    yield f"{process} of {code}"


class Row(Pair):
    """City, district and street in a row, joined by two lines."""

    nodes = (CITY, DISTRICT, STREET)
