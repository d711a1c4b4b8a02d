"""Who takes part: the nodes that have joined, are leaving or have left, as far as this node is told.

The settings name the nodes that take part from the first day (`LIANXI_PEERS`, or all of the directory); after that the
book of changes decides, its newest row for each node. A node that is leaving still has its link, but custody is offered
to it no more; one that has left has neither.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from lianxi.casework.errors import Conflict
from lianxi.casework.identifiers import DivisionCode


class Standing(StrEnum):
    """How a node stands."""

    JOINED = "joined"
    LEAVING = "leaving"
    LEFT = "left"


@dataclass(frozen=True, kw_only=True, slots=True)
class Member:
    """A node, its parent, and how it stands since a day."""

    node: str
    parent: str
    standing: Standing
    since: date


@dataclass(frozen=True, kw_only=True, slots=True)
class AskedMembership:
    """How a node is to stand, and who says so."""

    node: str
    standing: Standing
    by: str


@dataclass(frozen=True, slots=True)
class Membership:
    """All nodes that take part: those of the settings, and the newest change of each that has one."""

    seeded: frozenset[str]
    changed: Mapping[str, Member]

    @property
    def joined(self) -> frozenset[str]:
        """The nodes that have a link, those that are leaving included."""
        told = self.changed.values()
        here = frozenset(each.node for each in told if each.standing is not Standing.LEFT)
        return self.seeded - frozenset(self.changed) | here

    @property
    def left(self) -> tuple[Member, ...]:
        """The nodes that took part once, with the day on which they left."""
        return tuple(each for _, each in sorted(self.changed.items()) if each.standing is Standing.LEFT)

    def takes_custody(self, node: str) -> bool:
        """Whether a case may be offered to a node."""
        told = self.changed.get(node)
        return told.standing is Standing.JOINED if told else node in self.seeded

    def children(self, own: DivisionCode) -> frozenset[str]:
        """The nodes directly below that have a link."""
        return frozenset(code for code in self.joined if DivisionCode.parse(code).parent == own)


@dataclass(frozen=True, kw_only=True, slots=True)
class Ties:
    """What still ties a node to its parent, in exact numbers. `heard_seconds` is the age of its last sign of life."""

    open_by_state: Mapping[str, int]
    in_transfer: int = 0
    directives: int = 0
    below: int = 0
    unacked: int = 0
    unapplied: int = 0
    quarantined: int = 0
    heard_seconds: float | None = None

    @property
    def reasons(self) -> list[str]:
        """Why the node cannot leave yet, each with its number; empty when it can."""
        states = "、".join(f"{state} {number}件" for state, number in sorted(self.open_by_state.items()))
        numbers = (
            (sum(self.open_by_state.values()), f"持有未办结事项{{}}件（{states}）"),
            (self.in_transfer, "移交途中{}件"),
            (self.directives, "未答复的指令{}件"),
            (self.below, "下级节点{}个仍在网"),
            (self.unacked, "发往该节点未确认的帧{}个"),
            (self.unapplied, "该节点发来未处理的帧{}个"),
            (self.quarantined, "该节点发来待重试的消息{}条"),
        )
        return [text.format(number) for number, text in numbers if number]


NEXT: Mapping[Standing | None, frozenset[Standing]] = {
    None: frozenset({Standing.JOINED, Standing.LEAVING}),
    Standing.JOINED: frozenset({Standing.JOINED, Standing.LEAVING}),
    Standing.LEAVING: frozenset({Standing.LEAVING, Standing.JOINED, Standing.LEFT}),
    Standing.LEFT: frozenset({Standing.LEFT, Standing.JOINED}),
}
"""What may follow: a node leaves in two steps, and while it is leaving it may stay after all."""


def check_change(before: Member | None, wanted: Standing, ties: Ties) -> None:
    """Raise Conflict where a node may not come to stand so."""
    if wanted not in NEXT[before.standing if before else None]:
        reason = "节点须先停止接收移交（leaving），核对无牵连后才能退出（left）。"
        raise Conflict(reason, code="member-step", rule="GD-4")
    already_left = before is not None and before.standing is Standing.LEFT
    if wanted is Standing.LEFT and not already_left and ties.reasons:
        raise Conflict(f"节点还不能退出：{'；'.join(ties.reasons)}。", code="member-ties", rule="GD-4")


def newest(changes: Iterable[Member]) -> dict[str, Member]:
    """Return the last change of each node; `changes` come in the order in which they were recorded."""
    return {change.node: change for change in changes}
