"""Filing over HTTP: how long a petitioner waits for number and query code, and what a crowd is answered.

Twenty clients file at a city node in four ways: twenty petitions a second between them, as on a busy morning; the
burst of the design, thirty-five a second; a rush of a hundred a second; and each one after the other as fast as it is
answered, which is as much as the node can take. Then two hundred clients do the same, more than it can take: they are
to be told to come back later, and none may be left without an answer. The cases are opened meanwhile on the same
cores. At last a hundred clients do it for twenty seconds, every answer is counted, and the receipts are held against
the contacts in the books.
"""

import json
from typing import Any

from lianxi.ops.local.stack import LocalNode, Stack
from tests.bench.figures import Figure, Row, percentile
from tests.bench.ground import Bench, Meter, output_of
from tests.bench.web import LIMITS
from tests.support.databases import Database

CITY = "630100"
CLIENTS, CROWD = 20, 200
MORNING, BURST, RUSH = 20.0, 35.0, 100.0
LOADS = {
    "morning": (CLIENTS, MORNING),
    "burst": (CLIENTS, BURST),
    "rush": (CLIENTS, RUSH),
    "steady": (CLIENTS, 0.0),
    "crowd": (CROWD, 0.0),
}
"""How many clients, and how many petitions a second between them; 0 for as many as are answered."""
SECONDS, WARM_UP = 15, 4
OVERLOAD, OVERLOAD_SECONDS = 100, 20
_CONTACTS = "SELECT count(*) FROM intake.contact"
P95 = 0.150
MILLI = 1000
SIGNS_OF_LIFE = 10.0
"""No answer may take longer, whatever it says: by then a browser's user has given up."""


def measure_filing(bench: Bench) -> list[Row]:
    """The 95th percentile of a filing under three loads, and what a crowd is answered."""
    with bench.stack("filing", [CITY], settings=LIMITS) as stack:
        stack.up()
        node = stack.node(CITY)
        programs = {name: [node.program(name).pid] for name in ("portal", "services", "relay")}
        meter = Meter({**programs, "RabbitMQ": [node.broker.pid], "PostgreSQL": [stack.cluster.pid]})
        reports: dict[str, list[dict[str, Any]]] = {name: [] for name in LOADS}
        for turn in range(bench.repetitions):
            for place, (name, (clients, rate)) in enumerate(LOADS.items()):
                first = turn * 3_000_000 + place * 200_000
                reports[name].append(_report(bench, node, clients, rate, first))
                bench.say(f"{name} {turn + 1}: {_shown(reports[name][-1])}")
        filed = sum(report["answers"].get("201", 0) for several in reports.values() for report in several)
        cost = meter.cost(max(filed, 1), MILLI)
        overload = _overload(bench, stack, node)
    return [*_rows(bench, reports, cost), *_crowd(reports["crowd"]), *overload]


def _overload(bench: Bench, stack: Stack, node: LocalNode) -> list[Row]:
    """Let a hundred clients file for a while; compare what they were told with what the node has."""
    books = Database(stack.cluster, node.database)
    before = books.query(_CONTACTS)[0][0]
    seconds = bench.size(OVERLOAD_SECONDS, least=5)
    order = {"url": node.portal_url, "clients": OVERLOAD, "rate": 0.0, "first": 9_000_000}
    report = _filers(order | {"warm_up": 0, "seconds": seconds})
    bench.say(f"overload: {_shown(report)}")
    kept, receipts = books.query(_CONTACTS)[0][0] - before, report["answers"].get("201", 0)
    note = (
        f"answers: {_answers([report])}; {receipts} receipts, {kept} contacts in the books;"
        f" the longest answer took {report['longest']:.2f} s; {report['without_advice']} refusals without Retry-After"
    )
    return [
        Row(
            key="filing-overload",
            what=f"filing over HTTP, {OVERLOAD} clients at once for {seconds} s: p95 of those that were taken",
            unit="s",
            ours=Figure.of([percentile(report["seconds"] or [0.0], 0.95)]),
            note=note,
        ),
        Row(
            key="filing-overload-lost",
            what="receipts of these without a contact in the books, and answers that were neither 201 nor 503",
            unit="filings",
            ours=Figure.of([float(max(0, receipts - kept) + _lost(report))]),
            target=0.0,
            at_most=True,
        ),
    ]


def _report(bench: Bench, node: LocalNode, clients: int, rate: float, first: int) -> dict[str, Any]:
    order = {
        "url": node.portal_url,
        "clients": clients,
        "rate": rate,
        "first": first,
        "warm_up": WARM_UP,
        "seconds": bench.size(SECONDS, least=5),
    }
    return _filers(order)


def _filers(order: dict[str, Any]) -> dict[str, Any]:
    report: dict[str, Any] = json.loads(output_of(["-m", "tests.bench.filers"], given=json.dumps(order).encode()))
    return report


def _rows(bench: Bench, reports: dict[str, list[dict[str, Any]]], cost: str) -> list[Row]:
    said = {
        "morning": f"{MORNING:.0f} a second between them",
        "burst": f"{BURST:.0f} a second between them",
        "rush": f"{RUSH:.0f} a second between them",
        "steady": "each one after the other",
    }
    rows = [
        Row(
            key=f"filing-{name}",
            what=f"filing over HTTP, {CLIENTS} clients, {what}: p95",
            unit="s",
            ours=Figure.of([percentile(report["seconds"], 0.95) for report in reports[name]]),
            target=P95,
            at_most=True,
            note=f"answers: {_answers(reports[name])}",
        )
        for name, what in said.items()
    ]
    seconds = bench.size(SECONDS, least=5)
    rate = Row(
        key="filing-rate",
        what=f"petitions filed a second, {CLIENTS} clients, each one after the other",
        unit="filings/s",
        ours=Figure.of([len(report["seconds"]) / seconds for report in reports["steady"]]),
        note=f"processor time for one filing in ms, with all that follows from it meanwhile: {cost}",
    )
    return [*rows, rate]


def _crowd(reports: list[dict[str, Any]]) -> list[Row]:
    """What a crowd was answered: how long the longest answer took, and how many were left without one."""
    unadvised = sum(report["without_advice"] for report in reports)
    return [
        Row(
            key="filing-crowd",
            what=f"the longest answer to one of {CROWD} clients that file one after the other",
            unit="s",
            ours=Figure.of([report["longest"] for report in reports]),
            target=SIGNS_OF_LIFE,
            at_most=True,
            note=f"answers: {_answers(reports)}; {unadvised} refusals did not say when to come back",
        ),
        Row(
            key="filing-unanswered",
            what="filings of that crowd that were neither taken nor told to come back",
            unit="filings",
            ours=Figure.of([float(_lost(report)) for report in reports]),
            target=0.0,
            at_most=True,
        ),
    ]


def _lost(report: dict[str, Any]) -> int:
    """Everything that is neither a receipt nor a request to come back later."""
    return sum(number for status, number in report["answers"].items() if status not in {"201", "429", "503"})


def _answers(reports: list[dict[str, Any]]) -> str:
    counted: dict[str, int] = {}
    for report in reports:
        for status, number in report["answers"].items():
            counted[status] = counted.get(status, 0) + number
    return ", ".join(f"{number} {status}" for status, number in sorted(counted.items()))


def _shown(report: dict[str, Any]) -> str:
    seconds = report["seconds"] or [0.0]
    return f"p50 {percentile(seconds, 0.5):.3f} s, p95 {percentile(seconds, 0.95):.3f} s, answers {report['answers']}"
