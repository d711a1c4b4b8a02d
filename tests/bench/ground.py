"""Where a benchmark runs: a private broker and database of its own, processes it starts and stops, and its sizes.

Everything lies under one state directory, listens on loopback only, and goes when the benchmark ends.
"""

import os
import secrets
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import psutil
import psycopg2
from sqlalchemy import create_engine, text

from lianxi.bus.migration import create_bus_tables
from lianxi.ops.local.broker import Broker
from lianxi.ops.local.cluster import Cluster
from lianxi.ops.local.stack import Stack
from tests.bench.figures import TEN, plain
from tests.support.brokers import Vhost
from tests.support.databases import Database

ROOT = Path(__file__).resolve().parents[2]
COST = "processor time for one event in µs:"
SERVERS = ("RabbitMQ", "PostgreSQL")
TINY = 1e-9
PATIENCE = 300.0
"""Seconds after which a measurement that does not come to its end is given up."""


class NotFinished(Exception):  # noqa: N818  reads as what happened
    """Something that was waited for did not happen."""


@dataclass(frozen=True)
class Bench:
    """What every benchmark is given."""

    state: Path
    scale: float = 1.0
    repetitions: int = 3
    messages: Path | None = None
    board: Sequence[Path] = ()
    """Files of petitions to take through three nodes."""

    def size(self, full: int, *, least: int = 1) -> int:
        """Return how many of something to use, given the number of a full run."""
        return max(least, int(full * self.scale))

    def say(self, line: str) -> None:
        """Show progress."""
        click.echo(f"    {line}", err=True)

    @contextmanager
    def stack(self, name: str, codes: Sequence[str], **more: Any) -> Iterator[Stack]:
        """Give a stack of its own, not yet up; it is removed afterwards."""
        stack = Stack(self.state / name, codes, **more)
        stack.remove()
        try:
            yield stack
        finally:
            stack.remove()

    @contextmanager
    def place(self) -> Iterator["Place"]:
        """Give a vhost and a database with the bus's tables, on the servers of this run."""
        broker, cluster = Broker(self.state / "servers" / "broker"), Cluster(self.state / "servers" / "cluster")
        broker.start()
        cluster.start()
        name = secrets.token_hex(4)
        vhost, database = Vhost(broker, f"bench-{name}", own=False), Database(cluster, f"bench_{name}")
        vhost.create()
        cluster.create_database(database.name)
        try:
            yield Place(vhost, database, self.state / "logs")
        finally:
            vhost.delete()
            cluster.drop_database(database.name)


@dataclass(frozen=True)
class Place:
    """A vhost and a database for one benchmark."""

    vhost: Vhost
    database: Database
    logs: Path

    def make_tables(self, schema: str, *more: str) -> None:
        """Make a schema with the bus's tables and some of its own."""
        engine = create_engine(self.database.url)
        with engine.begin() as connection:
            connection.execute(text(f"CREATE SCHEMA {schema}"))
            create_bus_tables(connection, schema)
            for statement in more:
                connection.execute(text(statement))
        engine.dispose()

    def ask(self, statement: str, *values: object) -> Any:
        """Return the first column of the first row."""
        return self.database.query(statement, *values)[0][0]

    def run(self, *statements: str) -> None:
        """Run statements, each in a transaction of its own."""
        with self.database.connect() as connection, connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)


def cpu_seconds(*pids: int | None) -> float:
    """Return the processor time that processes and their children have used so far."""
    total = 0.0
    for pid in pids:
        if pid is None:
            continue
        root = psutil.Process(pid)
        for process in (root, *root.children(recursive=True)):
            with suppress(psutil.NoSuchProcess):
                times = process.cpu_times()
                total += times.user + times.system
    return total


class Meter:
    """Processor time of the parts of a system, from now on; a part is a process, or several."""

    def __init__(self, parts: Mapping[str, Sequence[int | None]]) -> None:
        self._parts = parts
        self._before = self._used()

    def cost(self, things: int, unit: float = 1e6) -> str:
        """Return what each part, and all of them, have used for one of so many things, in µs unless said."""
        used = self._used()
        each = {name: (used[name] - self._before[name]) / max(things, 1) for name in used}
        cores = len(os.sched_getaffinity(0))
        # The servers spread over the cores; an interpreter of ours does not.
        ours = [seconds for name, seconds in each.items() if name not in SERVERS]
        bound = min(cores / max(sum(each.values()), TINY), 1 / max(*ours, TINY))
        each["together"] = sum(each.values())
        shown = ", ".join(f"{name} {_digits(seconds * unit)}" for name, seconds in each.items())
        return f"{shown}; so at best {plain(bound)}/s on these {cores} cores if nobody else used them"

    def _used(self) -> dict[str, float]:
        return {name: cpu_seconds(*pids) for name, pids in self._parts.items()}


def _digits(number: float) -> str:
    return f"{number:,.0f}" if number >= TEN else f"{number:.1f}"


@contextmanager
def running(command: Sequence[str], log: Path, **environment: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run a Python program of the project while the block lasts."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output:
        process = subprocess.Popen(
            [sys.executable, *command], env=program_environment(environment), stdout=output, stderr=output, cwd=ROOT
        )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def output_of(command: Sequence[str], *, given: bytes = b"", **environment: str) -> str:
    """Run a Python program of the project to its end and return what it printed."""
    done = subprocess.run(
        [sys.executable, *command],
        input=given,
        env=program_environment(environment),
        cwd=ROOT,
        capture_output=True,
        timeout=PATIENCE,
        check=False,
    )
    if done.returncode:
        raise NotFinished(f"{' '.join(command[:4])} ended with {done.returncode}: {done.stderr.decode()[-500:]}")
    return done.stdout.decode()


def program_environment(more: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of a program of this project."""
    return {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "ignore", **more}


def until(fact: Callable[[], Any], what: str, *, within: float = PATIENCE, every: float = 0.1) -> Any:
    """Return the first true value of `fact`."""
    deadline = time.monotonic() + within
    while time.monotonic() < deadline:
        found = fact()
        if found:
            return found
        time.sleep(every)
    raise NotFinished(what)


def rows_per_second(dsn: str, table: str) -> float:
    """Return how fast batches followed each other, by their instants in `at`: everything but the last over the span."""
    with psycopg2.connect(dsn) as connection, connection.cursor() as cursor:
        cursor.execute(
            f"SELECT count(*) FILTER (WHERE at < last), extract(epoch FROM max(last) - min(at))::float"
            f" FROM {table}, (SELECT max(at) AS last FROM {table}) AS end_of_it"
        )
        found = cursor.fetchone()
    connection.close()
    if not found or not found[1]:
        raise NotFinished(f"{table}: everything came in one batch, use more")
    return float(found[0]) / float(found[1])
