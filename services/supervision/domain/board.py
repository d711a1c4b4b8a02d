"""The picture of the subtree that terminal and portal show: nodes with lamps and links, what is late, the indices.

It is put together from the last count of the books, which a timer made, and from what the nodes last said of
themselves, so that it costs the same with a hundred cases and with a million. What nobody said is None, never nought;
a node that fell silent keeps its last values beside their age.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from lianxi.law.clocks import CLOCKS
from services.supervision.domain.figures import TITLES, Figure
from services.supervision.domain.gauges import PERIODS, STATE_GROUPS, Gauges
from services.supervision.domain.snapshots import NodeState
from services.supervision.domain.unwell import unwell

LAMPS = ("red", "yellow", "green")
SILENT_AFTER = 120.0
"""Seconds without a snapshot, which comes every 30, after which a node is silent."""
CUT_AFTER = 60.0
SLOW_AFTER = 60.0
_TOLD = {
    "waiting": "routing_waiting_cases",
    "oldest_waiting_seconds": "routing_waiting_oldest_seconds",
    "heartbeat_age_seconds": "link_peer_heartbeat_age_seconds",
    "unacked": "link_unacked",
    "oldest_unacked_seconds": "link_outbox_oldest_unacked_seconds",
    "parked": "bus_parked",
    "notices_waiting": "notify_waiting",
}


@dataclass(slots=True)
class Counted:
    """The last counts of the books, and when they were made; empty until the first of them."""

    at: datetime | None = None
    gauges: Gauges = field(default_factory=Gauges)
    proposals: Mapping[str, int] = field(default_factory=dict)
    figures: dict[str, list[Figure]] = field(default_factory=dict)


def board(
    own: str,
    counted: Counted,
    expected: Iterable[str],
    states: Iterable[NodeState],
    real_now: float,
    *,
    left: Collection[str] = (),
) -> dict[str, Any]:
    """Return the picture as plain data; `left` are nodes that take part no more, which is no silence."""
    found = counted.gauges
    said = {state.node: state for state in states}
    holders = {node for node, _ in found.cases} | {node for node, _ in found.clocks_by_node}
    return {
        "node": own,
        "counted_at": counted.at.isoformat() if counted.at else None,
        "nodes": [
            _node(node, found, None if node in left else said.get(node), real_now, left=node in left)
            for node in sorted({own, *expected, *said, *holders, *left} - {""}, key=lambda code: (len(code), code))
        ],
        "clocks": _clocks(found),
        "cases": {
            group: sum(number for (_, of), number in found.cases.items() if of == group) for group in STATE_GROUPS
        },
        "proposals": dict(counted.proposals),
        "kpis": _indices(counted.figures),
    }


def link_state(state: NodeState | None, real_now: float) -> str:
    """Say the worst that is known of a node's link: unheard, silent, cut, slow or fine."""
    if state is None:
        return "unheard"
    if real_now - state.received_at > SILENT_AFTER:
        return "silent"
    if state.values.get("link_peer_heartbeat_age_seconds", 0.0) > CUT_AFTER:
        return "cut"
    return "slow" if state.values.get("link_outbox_oldest_unacked_seconds", 0.0) > SLOW_AFTER else "fine"


def _node(node: str, found: Gauges, state: NodeState | None, real_now: float, *, left: bool) -> dict[str, Any]:
    told = state.values if state else {}
    return {
        "node": node,
        "link": "left" if left else link_state(state, real_now),
        "said_age_seconds": max(0.0, real_now - state.received_at) if state else None,
        "open": sum(number for (holder, of), number in found.cases.items() if holder == node and of != "ended"),
        **{lamp: found.clocks_by_node.get((node, lamp), 0) for lamp in LAMPS},
        "unwell": list(unwell(told)) if state else None,
        "untouched_oldest_seconds": found.untouched.get((node,)),
        **{name: told.get(metric) for name, metric in _TOLD.items()},
    }


def _clocks(found: Gauges) -> list[dict[str, Any]]:
    titles = {code.value: clock.title for code, clock in CLOCKS.items()}
    rows = [
        {"clock": code, "title": titles.get(code, code), **{lamp: found.clocks.get((code, lamp), 0) for lamp in LAMPS}}
        for code in {code for code, _ in found.clocks}
    ]
    return sorted(rows, key=lambda row: (-row["red"], -row["yellow"], -row["green"], row["clock"]))


def _indices(figures: Mapping[str, Iterable[Figure]]) -> list[dict[str, Any]]:
    rows: dict[tuple[str, str], dict[str, Any]] = {}
    for period in PERIODS:
        for figure in figures.get(period, ()):
            row = rows.setdefault(
                (figure.node, figure.kpi), {"node": figure.node, "kpi": figure.kpi, "title": TITLES[figure.kpi]}
            )
            row[period] = {"numerator": figure.numerator, "denominator": figure.denominator}
    return [rows[key] for key in sorted(rows)]
