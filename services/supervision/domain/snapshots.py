"""What a neighbour may say of nodes, and how the parts of a node become one state.

The first word of the routing key is the neighbour the broker let in: this node itself, or a child. It may speak of its
own part of the tree only. Values have known names and are finite numbers; everything else is refused, so that a broken
or hostile child adds no series here.
"""

import json
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from lianxi.casework.errors import Refused
from lianxi.casework.identifiers import DivisionCode

LONGEST_NAME = 60
MOST_PROCESSES = 8
FORGOTTEN_AFTER = 86400.0
"""Seconds after which a part of a node is forgotten if another part of it still speaks: its processes were rearranged.
The last part of a node is never forgotten."""

Join = Callable[[Iterable[float]], float]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What one process of a node said of itself; times are Unix times of the node and of this receiver."""

    node: str
    process: str
    taken_at: float
    received_at: float
    values: Mapping[str, float]

    def body(self) -> bytes:
        """Return it as it goes on to the parent, with the time it was taken."""
        said = {"node": self.node, "process": self.process, "taken_at": self.taken_at, "values": dict(self.values)}
        return json.dumps(said).encode()


@dataclass(frozen=True, slots=True)
class NodeState:
    """A node as a whole: as old as the oldest of its parts."""

    node: str
    taken_at: float
    received_at: float
    values: Mapping[str, float]


def read_snapshot(key: str, body: bytes, own: str, known: Iterable[str], now: float) -> Snapshot | None:
    """Return what a message says, or None if it may not say so."""
    try:
        said = json.loads(body)
        sender, node = DivisionCode.parse(key.partition(".")[0]), DivisionCode.parse(str(said["node"]))
        process, taken_at = str(said["process"]), float(said["taken_at"])
        values = {name: float(said["values"][name]) for name in known if name in said["values"]}
    except (ValueError, TypeError, KeyError, Refused):
        return None
    here = DivisionCode.parse(own)
    speaks_for = node == here if sender == here else sender.parent == here and sender.contains(node)
    sound = math.isfinite(taken_at) and all(math.isfinite(value) for value in values.values())
    if not (speaks_for and sound and 0 < len(process) <= LONGEST_NAME):
        return None
    return Snapshot(str(node), process, taken_at, now, values)


def states(parts: Iterable[Snapshot], joins: Mapping[str, Join]) -> list[NodeState]:
    """Put the parts of each node together."""
    nodes: dict[str, list[Snapshot]] = {}
    for part in parts:
        nodes.setdefault(part.node, []).append(part)
    return [_state(node, of_node, joins) for node, of_node in sorted(nodes.items())]


def _state(node: str, parts: list[Snapshot], joins: Mapping[str, Join]) -> NodeState:
    newest = max(part.received_at for part in parts)
    parts = [part for part in parts if newest - part.received_at < FORGOTTEN_AFTER]
    oldest = min(parts, key=lambda part: part.received_at)
    values = {}
    for name, join in joins.items():
        told = [part.values[name] for part in parts if name in part.values]
        if told:
            values[name] = float(join(told))
    return NodeState(node, oldest.taken_at, oldest.received_at, values)
