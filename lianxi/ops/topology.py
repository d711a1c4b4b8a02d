"""The nodes of a city, read from one file: who is whose parent, what it is called, where its broker stands.

`deploy/xining/topology.yaml` holds all 84 nodes of Xining. A node has a broker of its own (`own`), or, where there is
no machine for one, a vhost on the broker of its parent (`vhost`). Everything that is rendered for a node (broker
definitions, shovels, users, compose files) starts from the `City` read here.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

FILE = Path(__file__).parents[2] / "deploy" / "xining" / "topology.yaml"
DEPTH = {"city": 1, "district": 2, "county": 2, "subdistrict": 3, "town": 3, "township": 3}
BROKERS = ("own", "vhost")


class TopologyWrong(Exception):  # noqa: N818  reads as what is the matter
    """The topology file contradicts itself, or a node is asked for that it does not hold."""

    branch = "refused"


@dataclass(frozen=True, slots=True)
class Node:
    """One division of the city and how it runs."""

    code: str
    name: str
    level: str
    parent: str | None
    broker: str

    @property
    def vhost(self) -> str:
        """The vhost of the node, the same on its own broker as on its parent's."""
        return self.code


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
        """Return the nodes directly below."""
        return [node for node in self if node.parent == code]

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


def load(path: Path | None = None) -> City:
    """Read a topology file and check that it describes one tree."""
    content = yaml.safe_load((path or FILE).read_text(encoding="utf-8"))
    try:
        nodes = {str(code): _node(str(code), facts) for code, facts in content["nodes"].items()}
    except (KeyError, TypeError, AttributeError) as error:
        raise TopologyWrong(f"{(path or FILE).name}: {error} is missing or is not what it should be") from None
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
