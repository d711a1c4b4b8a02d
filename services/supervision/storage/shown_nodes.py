"""The last known state of every node of the subtree, as this node's exporter shows it again.

What a node said of itself stays shown when it falls silent, with the time it was taken, from which everybody reckons
its age: so a dead node is never mistaken for a quiet one, and a timer that hangs here cannot keep it young. A node that
takes part and was never heard has the time 0. This node and the districts below it are shown with all they said, the
townships of a district with `TOWNSHIPS`, nodes further below with `FAR` only, so that neither the city with its 84
nodes nor the district with twenty townships shows two thousand series. The board of the portal has them all. How many
parts of a node do not work is reckoned here from all it said, and shown of every node.
"""

import time
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from datetime import time as clock_time

from lianxi.runtime.clock import SHANGHAI
from lianxi.runtime.metrics import counter, gauge
from services.supervision.domain.gauges import is_near, is_told_whole
from services.supervision.domain.snapshots import NodeState
from services.supervision.domain.unwell import unwell

_NODE = ("node",)
_LEFT = gauge("node_left_timestamp_seconds", "Day on which the node left the network, as Unix time", _NODE)
_TAKEN = gauge(
    "node_snapshot_timestamp_seconds",
    "When the newest snapshot of a node that takes part was taken, as Unix time; 0 if it was never heard",
    _NODE,
)
_DELAY = gauge("node_snapshot_delay_seconds", "Receipt minus taking: the way and the drift of both clocks", _NODE)
_UNWELL = gauge(
    "node_unwell",
    "Parts of the node that do not work by its own account: relay, consumers, outbox, sweep of due alerts, link",
    _NODE,
)
_REFUSED = counter("node_snapshots_refused_total", "Snapshots that their senders may not give")

SHOWN = {
    "outbox_depth": gauge("node_outbox_depth", "Messages waiting to leave the node's outboxes", _NODE),
    "outbox_oldest_age_seconds": gauge("node_outbox_oldest_age_seconds", "Age of the oldest of them", _NODE),
    "outbox_unroutable": gauge("node_outbox_unroutable", "Messages of the node that no queue wanted", _NODE),
    "relay_connected": gauge("node_relay_connected", "Whether the node's relay reaches database and broker", _NODE),
    "bus_parked": gauge("node_parked", "Messages parked at the node", _NODE),
    "bus_retrying": gauge("node_retrying", "Messages of the node that wait for their next attempt", _NODE),
    "bus_held": gauge("node_held", "Messages of the node that wait for an earlier one", _NODE),
    "bus_connected": gauge("node_consumers_connected", "Least of its consumers: 0 if any is cut off", _NODE),
    "link_unacked": gauge("node_link_unacked", "Frames the node has sent without an ack", _NODE),
    "link_outbox_oldest_unacked_seconds": gauge("node_link_oldest_unacked_seconds", "Age of the oldest", _NODE),
    "link_inbox_held": gauge("node_link_held", "Frames that wait behind a gap at the node", _NODE),
    "link_peer_heartbeat_age_seconds": gauge("node_link_heartbeat_age_seconds", "Oldest of its heartbeats", _NODE),
    "supervision_oldest_due_seconds": gauge("node_oldest_due_seconds", "Age of its oldest due alert", _NODE),
    "routing_waiting_cases": gauge("node_waiting_cases", "Cases that wait for a clerk of the node", _NODE),
    "routing_waiting_oldest_seconds": gauge("node_waiting_oldest_seconds", "Age of the oldest of them", _NODE),
    "routing_custody_offers_waiting": gauge("node_offers_waiting", "Its offers of custody without an answer", _NODE),
    "routing_rulebook_bad": gauge("node_rulebook_bad", "1 while the node's rule files have a mistake", _NODE),
    "routing_recovering": gauge("node_recovering", "1 while the node gets back what it lost with its database", _NODE),
    "notify_waiting": gauge("node_notices_waiting", "Messages to petitioners that have not left yet", _NODE),
    "notify_dead": gauge("node_notices_dead", "Messages to petitioners that were given up", _NODE),
    "clock_drift_seconds": gauge("node_clock_drift_seconds", "The node's clock against its database's", _NODE),
}
"""What a node tells of itself, by the name it has there, and the metric under which it is shown here."""
FAR = frozenset(
    {
        "bus_parked",
        "link_peer_heartbeat_age_seconds",
    }
)
"""What is shown of a node that is neither this one nor a child of it."""
TOWNSHIPS = FAR | {
    "bus_connected",
    "link_outbox_oldest_unacked_seconds",
    "link_unacked",
    "notify_waiting",
    "outbox_oldest_age_seconds",
    "relay_connected",
    "routing_recovering",
    "routing_waiting_cases",
    "routing_waiting_oldest_seconds",
}
"""What a district shows of its townships."""
CLOCKS_APART = 60.0
"""Seconds by which a node's clock may be off before the receipt of a snapshot tells its age better."""


class ShownNodes:
    """The nodes of the subtree in the metrics of this process; without `own` none of them counts as far."""

    def __init__(
        self, expected: Iterable[str] = (), real_time: Callable[[], float] = time.time, *, own: str = ""
    ) -> None:
        self._real_time = real_time
        self._own = own
        self._told: set[tuple[str, str]] = set()
        self._heard: set[str] = set()
        self._expected: set[str] = set()
        self._left: set[str] = set()
        self.expect(expected, {})

    def expect(self, joined: Iterable[str], left: Mapping[str, date]) -> None:
        """Show who takes part and who left; of a node that left nothing else is shown, it has not fallen silent."""
        wanted = set(joined)
        for node in wanted - self._expected - self._heard:
            _TAKEN.labels(node).set(0)
        for node in self._expected - wanted - self._heard:
            _TAKEN.remove(node)
        for node in self._left - set(left):
            _LEFT.remove(node)
        for node, day in left.items():
            _LEFT.labels(node).set(datetime.combine(day, clock_time(), SHANGHAI).timestamp())
            self._forget(node)
        self._expected, self._left = wanted, set(left)

    def _forget(self, node: str) -> None:
        """Show no more what a node said."""
        if node in self._heard:
            for metric in (_TAKEN, _UNWELL, *((_DELAY,) if is_near(node, self._own) else ())):
                metric.remove(node)
            self._heard.discard(node)
        for name, of in [told for told in self._told if told[1] == node]:
            SHOWN[name].remove(of)
            self._told.discard((name, of))

    def now(self) -> float:
        """Return the real time; the node's own clock may have been moved forward for a trial."""
        return self._real_time()

    def refused(self, number: int) -> None:
        """Count what a neighbour may not say."""
        _REFUSED.inc(number)

    def show(self, states: Iterable[NodeState]) -> None:
        """Show what is known of nodes; a value that a node no longer tells is shown no more."""
        for state in (state for state in states if state.node not in self._left):
            self._show(state.node, state.taken_at, state.received_at, state.values)

    def _show(self, node: str, taken: float, received: float, values: Mapping[str, float]) -> None:
        self._heard.add(node)
        _TAKEN.labels(node).set(taken if abs(received - taken) <= CLOCKS_APART else received)
        _UNWELL.labels(node).set(len(unwell(values)))
        near = is_near(node, self._own)
        wanted = SHOWN.keys() if is_told_whole(node, self._own) else TOWNSHIPS if near else FAR
        if near:
            _DELAY.labels(node).set(received - taken)
        for name, metric in SHOWN.items():
            if name in values and name in wanted:
                metric.labels(node).set(values[name])
                self._told.add((name, node))
            elif (name, node) in self._told:
                metric.remove(node)
                self._told.discard((name, node))
