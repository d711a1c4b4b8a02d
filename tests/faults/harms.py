"""The faults: who is hurt, at which moment of a message's road, and how it is healed.

A fault is armed before the work of its round begins and strikes in a thread of its own while it goes on: it waits for
its moment, does its harm at once, and brings back what it broke. `uses` names what it needs for itself, so that faults
of one round do not stand in each other's way.
"""

import random
import signal
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from tests.faults.gates import Gate
from tests.faults.pair import CITY, DISTRICT, Pair
from tests.faults.petitions import Load
from tests.support.waiting import eventually

KILLED, WIPED = "killed", "wiped"
EVERYTHING = ("services", "relay", "broker")
PATIENCE = 100.0
"""Seconds in which a moment must have come."""


@dataclass(frozen=True)
class Scene:
    """Where a fault strikes: the nodes, the work that goes on, and the chance of this round."""

    pair: Pair
    load: Load | None
    chance: random.Random


@dataclass(frozen=True)
class Fault(ABC):
    """Something that goes wrong at `node` with `victim` (services, relay, broker or line) at a named moment."""

    node: str
    victim: str
    moment: str
    harm: str = KILLED

    @property
    def name(self) -> str:
        """What happens to whom."""
        where = {CITY: "city", DISTRICT: "district"}[self.node]
        return self.victim if self.victim == "line" else f"{where} {self.victim} {self.harm}"

    @property
    def uses(self) -> frozenset[str]:
        """What this fault needs for itself."""
        return frozenset({f"{self.victim} of {self.node}"})

    def arm(self, pair: Pair) -> None:  # noqa: B027  most faults need no preparation
        """Prepare, before the work begins."""

    @abstractmethod
    def strike(self, scene: Scene) -> None:
        """Wait for the moment, do the harm, heal."""

    def disarm(self, pair: Pair) -> None:  # noqa: B027  and leave nothing behind
        """Take back what `arm` did, also when the moment never came."""

    def hurt(self, pair: Pair) -> None:
        """Do the harm."""
        pair.kill(self.node, self.victim)
        if self.harm == WIPED:
            pair.stack.broker_of(self.node).wipe()


def later(load: Load | None, acts: int) -> None:
    """Wait until so many more acts were answered, or all."""
    assert load is not None, "this fault needs work that goes on"
    wanted = min(load.answered + acts, load.acts)
    eventually(lambda: load.answered >= wanted, within=PATIENCE)


@dataclass(frozen=True, kw_only=True)
class AtGate(Fault):
    """Strikes when a transaction stands at a gate; `pile` acts more are answered meanwhile, so that others queue."""

    gate: Gate
    pile: int = 0

    def arm(self, pair: Pair) -> None:
        self.gate.build(pair)

    def strike(self, scene: Scene) -> None:
        self.gate.wait(PATIENCE)
        if self.pile:
            later(scene.load, self.pile)
        self.hurt(scene.pair)
        self.gate.open()
        scene.pair.start(self.node, self.victim)

    def disarm(self, _pair: Pair) -> None:
        self.gate.open()


@dataclass(frozen=True, kw_only=True)
class PowerCut(AtGate):
    """The whole node dies at a gate, its services, relay and broker at once; what was queued has no reader left."""

    @property
    def uses(self) -> frozenset[str]:
        return frozenset(f"{process} of {self.node}" for process in EVERYTHING)

    def hurt(self, pair: Pair) -> None:
        for process in EVERYTHING:
            pair.kill(self.node, process)
        if self.harm == WIPED:
            pair.stack.broker_of(self.node).wipe()

    def strike(self, scene: Scene) -> None:
        self.gate.wait(PATIENCE)
        later(scene.load, self.pile)
        self.hurt(scene.pair)
        self.gate.open()
        for process in reversed(EVERYTHING):
            scene.pair.start(self.node, process)


@dataclass(frozen=True)
class BeforePublishing(Fault):
    """The relay is frozen, so that what is committed waits in the outbox, and dies there."""

    def arm(self, pair: Pair) -> None:
        pair.identity(self.node, "relay").send(signal.SIGSTOP)

    def strike(self, scene: Scene) -> None:
        statement = "SELECT count(*) > 2 FROM intake.outbox WHERE sent_at IS NULL"
        eventually(lambda: scene.pair.rows(self.node, statement)[0][0], within=PATIENCE)
        self.hurt(scene.pair)
        scene.pair.start(self.node, self.victim)

    def disarm(self, pair: Pair) -> None:
        pair.identity(self.node, self.victim).send(signal.SIGCONT)


@dataclass(frozen=True)
class Unconfirmed(Fault):
    """The broker is frozen until the relay waits for its confirms, and dies without having given them."""

    acts: int = 0

    @property
    def uses(self) -> frozenset[str]:
        return super().uses | {f"relay of {self.node}"}

    def strike(self, scene: Scene) -> None:
        later(scene.load, self.acts)
        scene.pair.identity(self.node, "broker").send(signal.SIGSTOP)
        statement = (
            "SELECT 1 FROM pg_stat_activity WHERE application_name = 'lianxi relay' AND state = 'idle in transaction'"
            " AND datname = current_database() AND now() - state_change > interval '100 milliseconds'"
        )
        eventually(lambda: scene.pair.rows(self.node, statement), within=PATIENCE)
        self.hurt(scene.pair)
        scene.pair.start(self.node, self.victim)

    def disarm(self, pair: Pair) -> None:
        pair.identity(self.node, self.victim).send(signal.SIGCONT)


@dataclass(frozen=True)
class OnTheShelf(Fault):
    """The line is cut until messages for the other node lie in this broker's queue; then the broker is hurt."""

    queue: str = ""

    @property
    def uses(self) -> frozenset[str]:
        return super().uses | {"line", f"relay of {self.node}"}

    def arm(self, pair: Pair) -> None:
        pair.proxy.cut()

    def strike(self, scene: Scene) -> None:
        eventually(lambda: scene.pair.depth(self.node, self.queue) > 1, within=PATIENCE)
        self.hurt(scene.pair)
        scene.pair.start(self.node, self.victim)
        scene.pair.proxy.heal()

    def disarm(self, pair: Pair) -> None:
        pair.proxy.heal()


@dataclass(frozen=True)
class InTheInbox(Fault):
    """The services are frozen while messages of the other node arrive; then the broker is hurt."""

    peer: str = ""

    @property
    def uses(self) -> frozenset[str]:
        return super().uses | {f"services of {self.node}", f"relay of {self.peer}", f"broker of {self.peer}", "line"}

    def strike(self, scene: Scene) -> None:
        services = scene.pair.identity(self.node, "services")
        sent = "SELECT coalesce(max(last_seq), 0) FROM routing.link_sender"
        applied = "SELECT coalesce(max(applied), 0) FROM routing.link_receiver"
        waiting = "SELECT count(*) FROM routing.outbox WHERE sent_at IS NULL AND type <> 'link.ack'"
        services.send(signal.SIGSTOP)
        try:
            eventually(
                lambda: (
                    scene.pair.rows(self.peer, sent)[0][0] > scene.pair.rows(self.node, applied)[0][0]
                    and scene.pair.rows(self.peer, waiting)[0][0] == 0
                ),
                within=PATIENCE,
            )
            self.hurt(scene.pair)
        finally:
            services.send(signal.SIGCONT)
        scene.pair.start(self.node, self.victim)


@dataclass(frozen=True)
class AtRandom(Fault):
    """Strikes somewhere in the middle of the work."""

    def strike(self, scene: Scene) -> None:
        later(scene.load, scene.chance.randrange(3, 25))
        threading.Event().wait(scene.chance.uniform(0.0, 0.3))
        self.hurt(scene.pair)
        scene.pair.start(self.node, self.victim)


@dataclass(frozen=True)
class BadLine(Fault):
    """The line between the nodes is cut, silent or reset for a while, in the middle of the work."""

    do: Callable[[Any], None] = lambda proxy: proxy.cut()

    @property
    def uses(self) -> frozenset[str]:
        return frozenset({"line"})

    def strike(self, scene: Scene) -> None:
        later(scene.load, scene.chance.randrange(3, 20))
        self.do(scene.pair.proxy)
        later(scene.load, scene.chance.randrange(2, 12))
        scene.pair.proxy.heal()

    def disarm(self, pair: Pair) -> None:
        pair.proxy.heal()


def fresh(fault: Fault) -> Fault:
    """Return the fault for another round: a gate is built anew each time."""
    return replace(fault, gate=replace(fault.gate)) if isinstance(fault, AtGate) else fault
