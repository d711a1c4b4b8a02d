"""PostgreSQL dies: the whole server, or one of its processes, which takes the connections of all others with it.

Both nodes of a run share a server, so both lose their memory at once and get it back as the log has it; nobody is
restarted by hand. In the middle of the work it is left to chance who is served at that moment; at a gate it is the
very transaction that stands there.
"""

import os
import signal
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

from tests.faults.gates import AT_COMMIT, BEFORE_COMMIT, Gate
from tests.faults.harms import EVERYTHING, KILLED, PATIENCE, AtGate, Fault, Scene, later
from tests.faults.pair import CITY, DISTRICT, NODES, Pair
from tests.support.waiting import eventually

LOSES_ONE = "loses a process"
_SERVING = (
    "SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend' AND datname = current_database()"
    " AND usename <> current_user ORDER BY pid"
)
_ALL = frozenset({"line", *(f"{process} of {node}" for node, process in product(NODES, EVERYTHING))})
_GATES = (
    (CITY, "a petition is registered", "intake.contact", "", "INSERT"),
    (CITY, "reports from below are applied", "routing.link_inbox", "NEW.outcome = 'delivered'", "INSERT"),
    (DISTRICT, "a frame goes up", "routing.link_outbox", "", "INSERT"),
    (DISTRICT, "the ledger follows", "supervision.stream_position", "", "INSERT OR UPDATE"),
)


def _lose(pair: Pair, pid: int | None, down: float) -> None:
    """Kill one process of the server, after which it restarts by itself, or the server, and start it again."""
    if pid is not None:
        os.kill(pid, signal.SIGKILL)
        return
    port = pair.stack.cluster.port
    pair.stack.cluster.kill()
    threading.Event().wait(down)
    pair.stack.cluster.start()
    assert pair.stack.cluster.port == port, "somebody took the port of the database while it was dead"


@dataclass(frozen=True)
class DatabaseAtRandom(Fault):
    """The server of both nodes dies somewhere in the middle of the work."""

    @property
    def name(self) -> str:
        return f"{self.victim} {self.harm}"

    @property
    def uses(self) -> frozenset[str]:
        return _ALL

    def strike(self, scene: Scene) -> None:
        later(scene.load, scene.chance.randrange(3, 25))
        pids = [row[0] for row in eventually(lambda: scene.pair.rows(self.node, _SERVING), within=PATIENCE)]
        _lose(scene.pair, scene.chance.choice(pids) if self.harm == LOSES_ONE else None, scene.chance.uniform(0.2, 3.0))


@dataclass(frozen=True, kw_only=True)
class DatabaseAtGate(AtGate):
    """The server of both nodes dies, or the process that serves whoever stands at the gate."""

    @property
    def name(self) -> str:
        return f"{self.victim} {self.harm}"

    @property
    def uses(self) -> frozenset[str]:
        return _ALL

    def strike(self, scene: Scene) -> None:
        pid = self.gate.wait(PATIENCE)
        _lose(scene.pair, pid if self.harm == LOSES_ONE else None, scene.chance.uniform(0.2, 3.0))
        self.gate.open()


def database_faults() -> Iterator[Fault]:
    """Return each once."""
    for harm in (KILLED, LOSES_ONE):
        for node in NODES:
            where = {CITY: "city", DISTRICT: "district"}[node]
            yield DatabaseAtRandom(node, "database", f"in the middle of the work of the {where}", harm)
        for node, words, table, condition, on in _GATES:
            for moment, told in ((BEFORE_COMMIT, "written, not committed"), (AT_COMMIT, "in the middle of the commit")):
                gate = Gate(node, table, condition, moment, on)
                yield DatabaseAtGate(node, "database", f"{words}: {told}", harm, gate=gate)
