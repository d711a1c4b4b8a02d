"""The nodes of a city, read from one file and its dated changes: who is whose parent, where its broker stands.

`deploy/xining/topology.yaml` holds all 84 nodes of Xining. A node has a broker of its own (`own`), or, where there is
no machine for one, a vhost on the broker of its parent (`vhost`). Everything that is rendered for a node (broker
definitions, shovels, users, compose files) starts from the `City` read here.

What `lianxi node join` and `leave` change is not written into that file but beside it, into
`topology.changes.yaml` (or the file that `LIANXI_TOPOLOGY_CHANGES` names): one dated entry a change, in their order, so
that the file of the release can be replaced by a newer one and how the network came to be can be read off.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import yaml

from lianxi.runtime.settings import read

FILE = Path(__file__).parents[2] / "deploy" / "xining" / "topology.yaml"
DEPTH = {"city": 1, "district": 2, "county": 2, "subdistrict": 3, "town": 3, "township": 3}
BROKERS = ("own", "vhost")


class TopologyWrong(Exception):  # noqa: N818  reads as what is the matter
    """The topology file contradicts itself, or a node is asked for that it does not hold."""

    branch = "refused"


@dataclass(frozen=True, slots=True)
class Node:
    """One division of the city and how it runs; one that `left` has no way in at its parent."""

    code: str
    name: str
    level: str
    parent: str | None
    broker: str
    left: bool = False

    @property
    def vhost(self) -> str:
        """The vhost of the node, the same on its own broker as on its parent's."""
        return self.code


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """What became of a node on a day: it joined, with a broker of its own or as a vhost of its parent, or it left."""

    on: date
    node: str
    standing: str
    broker: str

    def as_line(self) -> str:
        """Return the change as it stands in the file, one line of YAML."""
        when = f'date: {self.on.isoformat()}, node: "{self.node}"'
        return f"- {{{when}, standing: {self.standing}, broker: {self.broker}}}\n"


@dataclass(frozen=True)
class City:
    """All nodes, or those of them that one machine plays."""

    nodes: dict[str, Node]

    def __iter__(self) -> Iterator[Node]:
        """Go through the nodes, parents before children."""
        return iter(sorted(self.nodes.values(), key=lambda node: (DEPTH[node.level], node.code)))

    def node(self, code: str) -> Node:
        """Return the node of a division."""
        try:
            return self.nodes[code]
        except KeyError:
            raise TopologyWrong(f"there is no node {code}; the topology file lists them") from None

    def parent_of(self, code: str) -> Node | None:
        """Return the node above, if there is one here."""
        parent = self.node(code).parent
        return self.nodes.get(parent) if parent else None

    def children_of(self, code: str) -> list[Node]:
        """Return the nodes directly below, without those that left."""
        return [node for node in self if node.parent == code and not node.left]

    def broker_of(self, code: str) -> str:
        """Return the node on whose broker this node lives: itself, or the first above it that has one."""
        node = self.node(code)
        while node.broker == "vhost" and node.parent in self.nodes:
            node = self.nodes[node.parent]
        return node.code

    def select(self, codes: Iterable[str]) -> "City":
        """Return these nodes only; each must come with its parent, up to one that has none here."""
        chosen = {code: self.node(code) for code in codes}
        tops = [node.code for node in chosen.values() if node.parent not in chosen]
        if len(tops) > 1:
            raise TopologyWrong(f"the nodes {', '.join(sorted(tops))} are not linked: add the nodes between them")
        return City(chosen)


def changes_file(path: Path | None = None) -> Path:
    """Return where the dated changes of a topology file stand."""
    named = read("TOPOLOGY_CHANGES", "")
    return Path(named) if named else (path or FILE).with_name("topology.changes.yaml")


def read_changes(file: Path) -> list[Change]:
    """Return the changes in the order in which they were made."""
    if not file.exists():
        return []
    try:
        rows = yaml.safe_load(file.read_text(encoding="utf-8")) or []
        return [
            Change(on=row["date"], node=str(row["node"]), standing=str(row["standing"]), broker=str(row["broker"]))
            for row in rows
        ]
    except (KeyError, TypeError, yaml.YAMLError) as error:
        raise TopologyWrong(f"{file.name}: {error} is missing or is not what it should be") from None


def note_change(file: Path, change: Change) -> bool:
    """Add a change to the file unless it says so already; return whether it was added."""
    if standing_of(file, change.node) == (change.standing, change.broker):
        return False
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("a", encoding="utf-8") as opened:
        opened.write(change.as_line())
    return True


def standing_of(file: Path, node: str) -> tuple[str, str] | None:
    """Return how a node stands by its last change, None when it has none."""
    of_node = [change for change in read_changes(file) if change.node == node]
    return (of_node[-1].standing, of_node[-1].broker) if of_node else None


def load(path: Path | None = None, changes: Path | None = None) -> City:
    """Read a topology file with its changes and check that it describes one tree."""
    content = yaml.safe_load((path or FILE).read_text(encoding="utf-8"))
    try:
        nodes = {str(code): _node(str(code), facts) for code, facts in content["nodes"].items()}
    except (KeyError, TypeError, AttributeError) as error:
        raise TopologyWrong(f"{(path or FILE).name}: {error} is missing or is not what it should be") from None
    for change in read_changes(changes or changes_file(path)):
        if change.node not in nodes:
            raise TopologyWrong(f"{change.node} has changed and is not in {(path or FILE).name}")
        nodes[change.node] = replace(nodes[change.node], broker=change.broker, left=change.standing == "left")
    for node in nodes.values():
        _check(node, nodes)
    if sum(node.parent is None for node in nodes.values()) != 1:
        raise TopologyWrong("exactly one node has no parent: the city")
    return City(nodes)


def _node(code: str, facts: dict[str, Any]) -> Node:
    parent = facts.get("parent")
    return Node(code, str(facts["name"]), str(facts["level"]), str(parent) if parent else None, str(facts["broker"]))


def _check(node: Node, nodes: dict[str, Node]) -> None:
    if node.level not in DEPTH:
        raise TopologyWrong(f"{node.code}: level {node.level!r} is not one of {', '.join(DEPTH)}")
    if node.broker not in BROKERS:
        raise TopologyWrong(f"{node.code}: broker {node.broker!r} is not one of {', '.join(BROKERS)}")
    if node.parent is None:
        if node.broker != "own":
            raise TopologyWrong(f"{node.code} has no parent whose broker it could share")
        return
    if node.parent not in nodes:
        raise TopologyWrong(f"{node.code}: its parent {node.parent} is not in the file")
    # A parent stands one level higher, which also rules out a circle.
    if DEPTH[node.level] != DEPTH.get(nodes[node.parent].level, 0) + 1 or not node.code.startswith(
        node.parent.rstrip("0")
    ):
        raise TopologyWrong(f"{node.code} cannot be a child of {node.parent}")
