"""The table of a run: per fault and moment how often, what was lost, done twice or swapped, and how long rest took."""

import os
import platform
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from lianxi.runtime.clock import SystemClock
from tests.faults.runs import Outcome

PAGE = Path(__file__).resolve().parents[2] / "docs" / "faults.md"
_HEAD = "| fault | moment | runs | lost | twice | order | books differ | seconds to rest, median and worst |"
_RULE = "|---|---|---:|---:|---:|---:|---:|---:|"
_INTRODUCTION = """# Faults

What happens to petitions while processes are killed, the line is cut and a broker loses its disk, at every step of a
message's road. Written by `{command}`; do not edit by hand.

Two nodes, the city and one district, each with its own broker, all services, a relay and a database, joined by shovels
over a line that can be cut. Each round is a load of 15 petitions of six kinds ({acts} acts: registered, transferred,
assigned, objected to, taken back, accepted, answered, reported, reported again; directives and reports in both
directions) and up to three faults that strike while it runs. A fault with a named moment is not left to chance: a gate
in a table (`tests/faults/gates.py`) stops the transaction there, and the process is killed while it stands. Then both
nodes must come to rest, and every petition must have left exactly what it leaves in a calm round:

- **lost**: an event, document, clock, notice, receipt or frame that is missing, at any node that must know it;
- **twice**: one more of these than there must be, or a document number given twice;
- **order**: a history with its events in another order than the acts;
- **books differ**: a case whose state, holder, number of events or digest is not the same at both nodes.

Alerts are apart: the clocks of both nodes are fast-forwarded to the next instants at which something is due, and the
services die while they raise it; every alert must be told once, and be seen by notify. After the last round `lianxi
verify` recomputed every hash chain on both nodes, and `lianxi books compare` compared them. Seconds to rest count from
the end of the fault, with what was left of the load.

The database is the one server of both nodes here; it is killed as a whole and started again, or loses one process, at
which it drops every connection and recovers by itself. Three nodes in a row are played apart
(`tests/faults/test_three_nodes_in_a_row.py`): both lines cut, silent or reset at once, all relays, services or brokers
killed in one moment, and the district in the middle, with its broker's disk, while it is cut off on both sides.

Not covered here: a database restored from a backup (`lianxi restore` has a drill of its own), and mail to people (SMTP
knows no transactions: a mail may be sent twice when its process dies between the server's answer and the commit).

Found by this suite and mended since:

- A broker that lost its disk while nobody read its queues: what it had confirmed, for supervision and notify, was gone
  (in one round 4 notices and the following of two cases). The relay now notices and sends it again
  (`lianxi/bus/recovery.py`).
- A broker that accepts connections and says nothing ended the thread that carries the portal's calls, for good. Now it
  counts as lost like any other.
- A mobile number with 86 in its middle was refused.
- RabbitMQ 3.10 could not read its own queue index after a kill, and hung, in 3 of some 230 rounds. Its broker
  is now started as one that lost its disk (`lianxi/ops/local/broker.py`, [runbook](runbooks/BrokerWiped.md)).

"""


@dataclass(frozen=True)
class Closing:
    """What was found at both nodes after the last round."""

    cases: int
    events: int
    damages: int
    books_equal: bool


def table(outcomes: Sequence[Outcome]) -> list[str]:
    """Return the lines of the table; what a round of several faults got wrong is counted for each of them."""
    rows: dict[tuple[str, str], list[Outcome]] = defaultdict(list)
    for outcome in outcomes:
        for fault in outcome.faults:
            rows[fault.name, fault.moment].append(outcome)
    return [_HEAD, _RULE, *(_row(*key, rows[key]) for key in sorted(rows)), _row("**all**", "", _each_once(rows))]


def _each_once(rows: dict[tuple[str, str], list[Outcome]]) -> list[Outcome]:
    return [outcome for found in rows.values() for outcome in found]


def _row(name: str, moment: str, outcomes: Sequence[Outcome]) -> str:
    healing = [outcome.healing for outcome in outcomes]
    different = {id(outcome): outcome.account for outcome in outcomes}.values()
    counts = [sum(len(getattr(account, what)) for account in different) for what in _COUNTED]
    return " | ".join(
        [
            f"| {name}",
            moment,
            str(len(outcomes)),
            *map(str, counts),
            f"{median(healing):.1f}, {max(healing):.1f} |",
        ]
    )


_COUNTED = ("lost", "twice", "swapped", "differing")


def page(outcomes: Sequence[Outcome], closing: Closing, command: str, seed: int, seconds: float) -> str:
    """Return docs/faults.md."""
    runs = sum(len(outcome.faults) for outcome in outcomes)
    petitions = sum(len(outcome.petitions) for outcome in outcomes)
    repeated = sum(outcome.repeated for outcome in outcomes)
    bad = [outcome for outcome in outcomes if not outcome.clean]
    acts = sum(1 + len(petition.kind.acts) for petition in outcomes[0].petitions) if outcomes else 0
    facts = [
        f"- {SystemClock(None).today().isoformat()}, {_machine()}, seed {seed}, {seconds / 60:.0f} minutes",
        f"- {runs} faults in {len(outcomes)} rounds, {petitions} petitions, {repeated} acts repeated by their clerks",
        f"- {len(bad)} rounds in which a fact did not hold or a moment did not come",
        f"- at the end: {closing.cases} cases and {closing.events} events recomputed, {closing.damages} damages",
        f"- `lianxi books compare`: {'equal' if closing.books_equal else 'NOT equal'}",
    ]
    wrong = ["", "## Rounds that were not clean", "", *(f"- {outcome}" for outcome in bad)] if bad else []
    lines = [_INTRODUCTION.format(command=command, acts=acts), *facts, "", *table(outcomes), *wrong]
    return "\n".join(lines) + "\n"


def _machine() -> str:
    names = [
        line.partition(":")[2].strip()
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        if line.startswith("model name")
    ]
    return f"{os.cpu_count()} cores ({names[0] if names else platform.machine()}), {platform.system()}"
