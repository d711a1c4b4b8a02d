"""Rounds of work under faults: some petitions, up to three faults that do not share a victim, then the account.

A round is told by its seed and its faults, so it can be played again: `python -m tests.faults --seed N --only TEXT`.
Every fault of a round is one run, and the account of the round is its check.
"""

import random
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from tests.faults.facts import Account, Auditor
from tests.faults.harms import Fault, Scene, fresh
from tests.faults.pair import PROCESSES, Pair
from tests.faults.petitions import KINDS, Kind, Load, Petition

TOGETHER = 3
"""Faults in one round."""

REST = 150.0
"""Seconds in which both nodes must come to rest after the last fault was healed."""


@dataclass
class Outcome:
    """What came of one round."""

    seed: int
    faults: Sequence[Fault]
    account: Account
    petitions: Sequence[Petition]
    repeated: int
    seconds: float
    healing: float
    failures: list[str] = field(default_factory=list)

    @property
    def clean(self) -> bool:
        """Whether every fact held and every moment came."""
        return self.account.clean and not self.failures

    def __str__(self) -> str:
        names = " + ".join(f"{fault.name} ({fault.moment})" for fault in self.faults)
        wrong = "" if self.clean else f" !! {self.account} {'; '.join(self.failures)}"
        return f"seed {self.seed}: {names}: {self.seconds:.1f} s, at rest after {self.healing:.1f} s{wrong}"


def play(pair: Pair, auditor: Auditor, faults: Sequence[Fault], seed: int, kinds: Sequence[Kind] = KINDS) -> Outcome:
    """Play one round and account for it."""
    chance = random.Random(seed)
    armed = [fresh(fault) for fault in faults]
    load, failures = Load(pair, chance, kinds), []
    begun = time.monotonic()
    for fault in armed:
        fault.arm(pair)
    load.start()
    strike_all(armed, pair, load, seed, failures)
    healed = time.monotonic()
    try:
        load.finish(REST)
    except AssertionError as unfinished:
        failures.append(str(unfinished))
    registered = [petition for petition in load.petitions if petition.number]
    account = auditor.settle(registered, 5.0 if failures else REST)
    rest = time.monotonic()
    return Outcome(seed, armed, account, registered, load.repeated, rest - begun, rest - healed, failures)


def strike_all(faults: Sequence[Fault], pair: Pair, load: Load | None, seed: int, failures: list[str]) -> None:
    """Let all faults strike at the same time and wait until everything is healed."""
    strikes = [
        threading.Thread(target=_strike, args=(fault, Scene(pair, load, random.Random(seed + number)), failures))
        for number, fault in enumerate(faults)
    ]
    for thread in strikes:
        thread.start()
    for thread in strikes:
        thread.join()
    _revive(pair, failures)


def _strike(fault: Fault, scene: Scene, failures: list[str]) -> None:
    try:
        fault.strike(scene)
    except Exception as failure:  # noqa: BLE001  (the round goes on and reports it)
        failures.append(f"{fault.name} ({fault.moment}): {failure!r}")
        fault.disarm(scene.pair)


def _revive(pair: Pair, failures: list[str]) -> None:
    """Start what died without being killed; that alone is a failure."""
    failures.extend(f"{name} died by itself" for name in pair.dead())
    for node in pair.nodes:
        for process in ("broker", *PROCESSES):
            pair.start(node, process)


def rounds(faults: Sequence[Fault], runs: int, seed: int) -> Iterator[list[Fault]]:
    """Return `runs` faults, each as often as the others, in rounds of up to three that share no victim."""
    chance = random.Random(seed)
    waiting: list[Fault] = []
    while len(waiting) < runs:
        waiting += chance.sample(faults, len(faults))
    del waiting[runs:]
    while waiting:
        chosen: list[Fault] = []
        for fault in list(waiting):
            if len(chosen) < TOGETHER and not any(fault.uses & other.uses for other in chosen):
                chosen.append(fault)
                waiting.remove(fault)
        yield chosen
