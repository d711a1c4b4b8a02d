"""A process of a node that has seen everything, `python -m tests.support.worst_case services 630100` shows its metrics.

The metrics are the real ones, set by the code that sets them where it can be reached without servers, with every
value a label can take: every node, state, clock, queue, call, agency, and of words that nobody can count beforehand
(reasons, rules) more than any node will ever see. `tests/repository/test_series_budget.py` counts the lines.
"""

import importlib
import itertools
import sys
from collections import Counter
from datetime import datetime, timedelta
from typing import Any

import yaml

from lianxi.bus import observe
from lianxi.bus.doors import BatchDoor, CallDoor, doors_of
from lianxi.bus.telemetry import TOLD
from lianxi.casework.identifiers import Channel
from lianxi.casework.messages.facts import CaseState
from lianxi.casework.messages.petitioner import Rating
from lianxi.law.clocks import CLOCKS
from lianxi.ops.local.programs import SERVICES
from lianxi.runtime import logging as logs
from lianxi.runtime.clock import SHANGHAI
from lianxi.runtime.metrics import counter, exposition, gauge
from tests.repository.tree import ROOT, text_of

NOW = datetime(2026, 3, 2, 10, tzinfo=SHANGHAI)
TREE = yaml.safe_load(text_of(ROOT / "deploy" / "xining" / "topology.yaml"))["nodes"]
MANY = [f"word {number}" for number in range(300)]
OUTCOMES = ("applied", "duplicate", "held", "retrying", "parked", "dead_lettered")
BRANCHES = ("answered", "refused", "retryable", "broken")


def below(node: str) -> list[str]:
    """Return a node and every node of its subtree."""
    return [node, *(code for child in children(node) for code in below(child))]


def children(node: str) -> list[str]:
    """Return the direct children of a node."""
    return [code for code, described in TREE.items() if described.get("parent") == node]


def services(node: str) -> None:
    """Fill the metrics of the process that runs all services."""
    for name in SERVICES:
        _doors(importlib.import_module(f"services.{name}.service").Service)
        importlib.import_module(f"services.{name}.wiring")
        _pool(name)
    _called_by_us("intake", "routing")
    _books(node)
    _nodes_below(node)
    _links([*children(node), *filter(None, [TREE[node].get("parent")])])
    _desk()
    _told()


def relay(_node: str) -> None:
    """Fill the metrics of the process that sends."""
    importlib.import_module("lianxi.bus.relay")
    for schema in SERVICES:
        for name in ("outbox_depth", "outbox_oldest_age_seconds", "outbox_unroutable"):
            gauge(name, "").labels(schema).set(1)
        counter("bus_pruned_total", "").labels(schema).inc()
        for outcome in ("sent", "unroutable", "refused"):
            counter("relay_messages_total", "").labels(schema, outcome).inc()


def portal(_node: str) -> None:
    """Fill the metrics of the process that answers the browser."""
    made = importlib.import_module("services.portal.service")
    flask = importlib.import_module("flask")
    app = flask.Flask("worst_case")
    made.api.register(app)
    made.web.register(app)
    operations = {rule.endpoint for rule in app.url_map.iter_rules()} | {"healthz", "metrics", "unknown"}
    for area, status in itertools.product({made.area_of(each) for each in operations}, made.CLASSES):
        made.SECONDS.labels(area).observe(1)
        made.REQUESTS.labels(area, status).inc()
    for status, code in itertools.product(range(400, 600), MANY):
        made.REFUSED.labels(str(status), code).inc()
    for state in ("waiting", "kept", "refused", "missing", "erased", "scan", "fetch"):
        gauge("portal_files", "").labels(state).set(1)
    _called_by_us(*SERVICES)
    _pool("portal")


def _doors(service: Any) -> None:
    for _, door in doors_of(service):
        if isinstance(door, BatchDoor):
            queue = (service.name, door.queue)
            for outcome in OUTCOMES:
                observe.MESSAGES.labels(*queue, outcome).inc()
            for outcome in ("applied", "failed", "repeat"):
                observe.BATCHES.labels(service.name, outcome).inc()
            for standing in (observe.PARKED, observe.RETRYING, observe.HELD, observe.CONNECTED):
                standing.labels(*queue).set(1)
            observe.HANDLE_SECONDS.labels(service.name).observe(1)
        elif isinstance(door, CallDoor):
            observe.RPC_SECONDS.labels(service.name).observe(1)
            for outcome in BRANCHES:
                observe.CALLS.labels(service.name, "callee", outcome).inc()


def _called_by_us(*names: str) -> None:
    for name, outcome in itertools.product(names, (*BRANCHES, "timed_out")):
        observe.CALLS.labels(name, "caller", outcome).inc()


def _pool(schema: str) -> None:
    importlib.import_module("lianxi.bus.engine")
    for state in ("used", "most"):
        gauge("database_pool_connections", "").labels(schema, state).set(1)


def _books(node: str) -> None:
    figures = importlib.import_module("services.supervision.domain.figures")
    counted = importlib.import_module("services.supervision.domain.gauges")
    meters = importlib.import_module("services.supervision.storage.meters").Meters(node)
    channels = itertools.cycle((*Channel, ""))
    cases = [
        counted.Standing(holder, state.value, category, next(channels), 1, NOW)
        for holder in below(node)
        for state in CaseState
        for category in MANY[:30]
    ]
    clocks = [
        counted.Running(code, owner, lamp, 1, 1)
        for code in CLOCKS
        for owner in below(node)
        for lamp in ("green", "yellow", "red")
    ]
    orders = ("proposed", "ordered", "answered", "dismissed", "withdrawn")
    meters.standing(counted.gauges(cases, clocks, NOW), dict.fromkeys(orders, 1))
    indices = counted.shown_figures(
        [figures.Count(kpi, of, 1, 1) for kpi in figures.TITLES for of in below(node)], node
    )
    for period in counted.PERIODS:
        meters.figures(period, indices)
    levels = ("city", "district", "township")
    meters.moved(counted.Stay(before, after, 1.0) for before in levels for after in ("", *levels) if after != before)
    meters.rated((rated, rating.value) for rated in ("department", "unit") for rating in Rating)
    alerts = importlib.import_module("services.supervision.domain.rules").Alert
    raised = Counter({(alert.value, code, of): 1 for alert in alerts for code in CLOCKS for of in below(node)})
    meters.swept(NOW - timedelta(days=1), NOW, raised)
    meters.measured(1.0, 1.0)


def _nodes_below(node: str) -> None:
    shown = importlib.import_module("services.supervision.storage.shown_nodes")
    state = importlib.import_module("services.supervision.domain.snapshots").NodeState
    nodes = shown.ShownNodes(below(node), own=node)
    nodes.show(state(code, 1.0, 2.0, dict.fromkeys(TOLD, 1.0)) for code in below(node))


def _links(peers: list[str]) -> None:
    watch = importlib.import_module("services.routing.storage.link_watch").LinkWatch()
    for peer in peers:
        facts = dict.fromkeys(("last_seq", "acked", "oldest_unacked_seconds", "next_in", "held"), 1)
        ages = {"heartbeat_age_seconds": 1.0, "heard_by_peer_age_seconds": 1.0}
        watch.stands({"peer": peer, "epoch": "1.0", **facts, **ages})
        watch.arranged(peer, 1, 1, 1)
        watch.replayed(peer, 2, 1)
        watch.sent_again(peer, 1)
    for peer, word in itertools.product((*peers, "", "stranger"), MANY):
        watch.refused(peer, word, 1)
        watch.quarantined(peer, word)


def _desk() -> None:
    for state in ("S01", "S02"):
        gauge("routing_waiting_cases", "").labels(state).set(1)
    for pile in importlib.import_module("services.routing.domain.piles").PILES:
        gauge("routing_pile_cases", "").labels(pile).set(1)
        gauge("routing_pile_oldest_seconds", "").labels(pile).set(1)
    for state in importlib.import_module("services.routing.domain.wishes").OPEN:
        gauge("routing_wishes", "").labels(state.value).set(1)
        gauge("routing_wish_oldest_seconds", "").labels(state.value).set(1)
    for outcome in ("loaded", "refused", "unchanged"):
        counter("routing_rulebook_loaded_total", "").labels(outcome).inc()
    for channel in Channel:
        counter("intake_contacts_registered_total", "").labels(channel).inc()
    for rule in MANY:
        counter("intake_rejects_total", "").labels(rule).inc()


def _told() -> None:
    channels = importlib.import_module("services.notify.domain.rules").Channel
    fates = importlib.import_module("services.notify.domain.deliveries").Fate
    for channel, fate in itertools.product(channels, fates):
        counter("notify_deliveries_total", "").labels(channel.value, fate.value).inc()
    for way, outcome in (("amqp", "queued"), ("webhook", "taken"), ("webhook", "failed")):
        counter("notify_agency_events_total", "").labels(way, outcome).inc()
    for number in range(200):
        counter("notify_agency_failures_total", "").labels(f"agency-{number}").inc()


def main() -> None:
    """Fill the metrics of the program that is named, and print them."""
    program, node = sys.argv[1:]
    logs.configure(level="CRITICAL", node=node, process=program)
    {"services": services, "relay": relay, "portal": portal}[program](node)
    sys.stdout.write(exposition().decode())


if __name__ == "__main__":
    main()
