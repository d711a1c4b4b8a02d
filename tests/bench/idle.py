"""Row 6: the memory of a township's machine with everything on it, a minute after its last work, and what it logs.

The node runs as on a small machine: a light broker with the shovels to its district, a small PostgreSQL, all
services in one process, the relay and the portal. It handles some petitions first, so that everything is loaded that
will be. The figure is the proportional set size of all its processes, shared pages divided among those who share
them. The district's broker, which the shovels need, is on another machine in life and not counted.
"""

import re
import time
from collections.abc import Iterable
from pathlib import Path

import psutil

from lianxi.ops.local.stack import Stack
from tests.bench.figures import Figure, Row
from tests.bench.ground import Bench, NotFinished, until
from tests.bench.web import LIMITS, Client, done
from tests.support.databases import Database

DISTRICT, TOWNSHIP = "630104", "630104001"
PROGRAMS = ("services", "relay", "portal")
PETITIONS = 20
QUIET = 60
KILOBYTES_PER_MEGABYTE = 1024
BYTES_PER_MEGABYTE = 1_000_000
SECONDS_OF_A_DAY = 86_400
_PSS = re.compile(r"^Pss:\s+(\d+) kB", re.MULTILINE)


def measure_idle(bench: Bench) -> list[Row]:
    """Megabytes of a township node at rest."""
    with bench.stack("idle", [DISTRICT, TOWNSHIP], own_brokers=True, light=True, settings=LIMITS) as stack:
        stack.start_servers()
        stack.provision()
        alone = _megabytes(_servers(stack))
        node = stack.node(TOWNSHIP)
        for name in PROGRAMS:
            node.program(name).start()
        for name in PROGRAMS:
            node.program(name).wait()
        _work_a_little(stack)
        quiet = bench.size(QUIET, least=5)
        time.sleep(quiet / 6)  # what the petitions set off is written by then
        before = _logged(stack)
        time.sleep(quiet)
        logged = (_logged(stack) - before) / quiet * SECONDS_OF_A_DAY / BYTES_PER_MEGABYTE
        parts, total = [], []
        for _ in range(bench.repetitions):
            parts = [(name, _megabytes([pid])) for name, pid in _programs(stack)]
            parts += [("RabbitMQ", _megabytes(_broker(stack))), ("PostgreSQL", _megabytes([stack.cluster.pid]))]
            total.append(sum(size for _, size in parts))
            time.sleep(1)
    note = ", ".join(f"{name} {size:.0f}" for name, size in parts)
    bench.say(f"idle: {total[-1]:.0f} MB ({note}), servers alone {alone:.0f} MB")
    return [
        Row(
            key="idle",
            what=f"township node at rest for {QUIET} s, everything in it, PSS",
            unit="MB",
            ours=Figure.of(total),
            bare=Figure.of([alone]),
            bare_what="the same RabbitMQ and PostgreSQL with their queues and tables, before any process of ours",
            target=512.0,
            at_most=True,
            note=note,
        ),
        Row(
            key="idle logs",
            what=f"what the node's processes and both brokers log in {quiet} s without any work, as a day of it",
            unit="MB/day",
            ours=Figure.of([logged]),
            target=100.0,
            at_most=True,
        ),
    ]


def _logged(stack: Stack) -> int:
    """Return how many bytes all logs have."""
    return sum(path.stat().st_size for path in stack.directory.rglob("*.log*") if path.is_file())


def _work_a_little(stack: Stack) -> None:
    """File petitions at the township and wait until all its services have seen them."""
    node = stack.node(TOWNSHIP)
    petitioner = Client(node.portal_url)
    for number in range(PETITIONS):
        who = {"name": "马海燕", "phone": f"1990{number:07d}", "address": f"西宁市城西区住址{number}号"}
        matter = {"subject": "小区垃圾无人清运", "text": "西关大街小区物业公司长期不清运垃圾，请求督促整改。"}
        done(petitioner.ask("POST", "/cases", {**matter, "division": TOWNSHIP, "petitioner": who}))
    petitioner.close()
    database = Database(stack.cluster, node.database)
    until(lambda: database.query("SELECT count(*) FROM supervision.ledger")[0][0] >= PETITIONS, "the cases are known")


def _programs(stack: Stack) -> Iterable[tuple[str, int | None]]:
    node = stack.node(TOWNSHIP)
    return [(name, node.program(name).pid) for name in PROGRAMS]


def _broker(stack: Stack) -> list[int | None]:
    broker = stack.broker_of(TOWNSHIP)
    names = Path(broker.directory / "epmd.pid")
    found = re.search(r'"pid": (\d+)', names.read_text(encoding="ascii")) if names.exists() else None
    return [broker.pid, int(found[1]) if found else None]


def _servers(stack: Stack) -> list[int | None]:
    return [*_broker(stack), stack.cluster.pid]


def _megabytes(pids: Iterable[int | None]) -> float:
    """Return the proportional set size of processes and all their children."""
    total = 0
    for pid in pids:
        if pid is None:
            raise NotFinished("a process of the node is gone")
        root = psutil.Process(pid)
        for process in (root, *root.children(recursive=True)):
            found = _PSS.search(Path(f"/proc/{process.pid}/smaps_rollup").read_text(encoding="ascii"))
            total += int(found[1]) if found else 0
    return total / KILOBYTES_PER_MEGABYTE
