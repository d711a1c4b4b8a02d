"""A whole run: nodes up, a calm round, the planned rounds, and the last look at both nodes."""

import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path

from sqlalchemy import create_engine

from lianxi.ops.verify import node_findings
from lianxi.ops.verify.tally import Tally
from lianxi.runtime.crypto import KeyRing
from tests.faults.alerts import play_alerts
from tests.faults.facts import Auditor
from tests.faults.harms import Fault
from tests.faults.pair import Pair
from tests.faults.petitions import KINDS, Kind
from tests.faults.report import Closing
from tests.faults.runs import Outcome, play, rounds

ROOT = Path(__file__).resolve().parents[2]


def play_all(
    pair: Pair,
    planned: Sequence[Sequence[Fault]],
    seed: int,
    tell: Callable[[str], None],
    *,
    alerts: int = 0,
    kinds: Sequence[Kind] = KINDS,
) -> list[Outcome]:
    """Play a calm round to learn from, the planned ones, and steps in time; `tell` hears of each as it ends."""
    auditor = Auditor(pair)
    calm = play(pair, auditor, (), seed, kinds)
    assert calm.clean, f"a calm round is not clean: {calm}"
    auditor.learn(calm.petitions)
    outcomes: list[Outcome] = []
    for number, faults in enumerate(planned, start=1):
        outcomes.append(play(pair, auditor, faults, seed + number, kinds))
        tell(f"[{number}/{len(planned)}] {outcomes[-1]}")
    # Whatever came late would show now: all petitions once more.
    everything = [petition for outcome in outcomes for petition in outcome.petitions]
    if outcomes and all(outcome.clean for outcome in outcomes):
        outcomes[-1].account = auditor.settle(everything, 30.0)
    return outcomes + play_alerts(pair, auditor, alerts, tell)


def plan(faults: Sequence[Fault], runs: int, seed: int) -> list[list[Fault]]:
    """Return rounds with so many faults in all."""
    return list(rounds(faults, runs, seed))


def close(pair: Pair) -> Closing:
    """Recompute every history of all nodes and compare their books."""
    tally, damages = Tally(), 0
    for node in pair.nodes:
        place = pair.stack.node(node)
        keys = KeyRing.from_file(Path(place.environment["LIANXI_KEYRING_FILE"]))
        routing, supervision = (create_engine(place.database_url(service)) for service in ("routing", "supervision"))
        damages += sum(1 for _ in node_findings(routing, supervision, keys, node, tally))
        routing.dispose()
        supervision.dispose()
    return Closing(tally.cases, tally.events, damages, compare_books(pair))


def compare_books(pair: Pair) -> bool:
    """Ask each node to compare its books with those of the one below; return whether all are equal."""
    return all(_equal_books(pair, upper, lower) for upper, lower in pairwise(pair.nodes))


def _equal_books(pair: Pair, upper: str, lower: str) -> bool:
    state = ["--state", str(pair.stack.directory), "--node", upper]
    done = subprocess.run(
        [sys.executable, "-m", "lianxi.ops", "books", "compare", "--with", lower, *state, "--json"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=90,
    )
    assert done.returncode in {0, 1}, f"books compare: {done.stdout}{done.stderr}"
    return bool(json.loads(done.stdout)["equal"])
