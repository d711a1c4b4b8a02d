"""Row 5: whole petitions a second over HTTP at a city node with 10,000 cases in its books, and how long a call takes.

A petition is four calls: file (POST /cases), dispatch to a unit (transfer-case), reply to the petitioner that it is
accepted (accept-case), look up with the query code (POST /track). Between the first two the case is opened by routing,
on the ordinary way through outbox, relay and queue. The clients are a process of their own on the same cores.
"""

import json
from collections import defaultdict
from typing import Any

from lianxi.ops.local.stack import Stack
from tests.bench.commands import import_file, settled, write_petitions
from tests.bench.figures import Figure, Row, percentile
from tests.bench.ground import Bench, Meter, NotFinished, output_of
from tests.bench.web import LIMITS, tokens
from tests.support.databases import Database

CITY = "630100"
UNIT = f"{CITY}.transport"
CASES = 10_000
THREADS = 12
SECONDS, WARM_UP = 20, 5
RATE, P95 = 60.0, 0.150
MOST_REFUSED = 0.001
MILLI = 1000


def measure_lifecycle(bench: Bench) -> list[Row]:
    """Lifecycles a second, and the 95th percentile of each call."""
    cases = bench.size(CASES, least=300)
    with bench.stack("lifecycle", [CITY], settings=LIMITS) as stack:
        stack.up()
        node = stack.node(CITY)
        bench.say(f"filling the books with {cases:,} cases")
        import_file(write_petitions(bench.state / "cases.csv", cases), stack.directory)
        settled(Database(stack.cluster, node.database), cases)
        order = {
            "url": node.portal_url,
            "node": CITY,
            "tokens": tokens(node, {"dispatcher": "", "case_officer": UNIT}),
            "threads": THREADS,
            "seconds": bench.size(SECONDS, least=5),
        }
        reports = []
        for turn in range(bench.repetitions):
            more = {"first": turn * 1_000_000, "warm_up": WARM_UP}
            meter = _meter(stack)
            reports.append(_report(order | more))
            cost = meter.cost(max(reports[-1]["finished"], 1), MILLI)
            bench.say(f"lifecycle {turn + 1}: {reports[-1]['rate']:.1f}/s, {_shown(reports[-1]['seconds'])}")
        alone = _report(order | {"first": 9_000_000, "warm_up": WARM_UP, "threads": 1})
        bench.say(f"one client alone: {_shown(alone['seconds'])}")
    return _rows(reports, cases, f"{cost}; one client alone: {_shown(alone['seconds'])}")


def _meter(stack: Stack) -> Meter:
    node = stack.node(CITY)
    programs = {name: [node.program(name).pid] for name in ("portal", "services", "relay")}
    return Meter({**programs, "RabbitMQ": [node.broker.pid], "PostgreSQL": [stack.cluster.pid]})


def _report(order: dict[str, Any]) -> dict[str, Any]:
    given = json.dumps(order).encode()
    report: dict[str, Any] = json.loads(output_of(["-m", "tests.bench.clients"], given=given))
    calls = sum(map(len, report["seconds"].values()))
    refused = sum(report["refused"].values())
    if refused > calls * MOST_REFUSED:
        raise NotFinished(f"{refused} of {calls} calls were refused: {report['refused']}")
    return report


def _rows(reports: list[dict[str, Any]], cases: int, cost: str) -> list[Row]:
    p95: dict[str, list[float]] = defaultdict(list)
    for report in reports:
        for call, values in report["seconds"].items():
            p95[call].append(percentile(values, 0.95))
    early = sum(report["early"] for report in reports)
    rate = Row(
        key="lifecycle",
        what=f"file, dispatch, reply, look up over HTTP at {cases:,} cases, {THREADS} clients",
        unit="lifecycles/s",
        ours=Figure.of([report["rate"] for report in reports]),
        target=RATE,
        note=f"processor time for one lifecycle in ms: {cost}; {early} calls came before the case was opened",
    )
    calls = [
        Row(
            key=f"lifecycle-{call.replace(' ', '-')}",
            what=f"the same: call “{call}”, p95 under that load",
            unit="s",
            ours=Figure.of(values),
            target=P95,
            at_most=True,
        )
        for call, values in p95.items()
    ]
    return [rate, *calls]


def _shown(seconds: dict[str, list[float]]) -> str:
    return ", ".join(f"{call} p95 {percentile(values, 0.95):.3f} s" for call, values in seconds.items())
