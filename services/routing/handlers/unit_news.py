"""Changes of organs are told to the neighbours, who tell theirs: whoever sends a case knows who takes it there.

A node sends a case to an organ of another node, and names organs of others in an objection or as assisting ones. So
the directory must be the same everywhere, also when an organ was renamed, closed or set up by its own node. Only the
node of an organ changes it: what comes from below must lie in that part of the tree, what comes from above must not
lie in this one.
"""

from typing import Protocol

from lianxi.casework.errors import Forbidden
from lianxi.casework.identifiers import DivisionCode
from lianxi.casework.messages.custody import UnitsChanged
from services.routing.domain.unit_changes import node_of
from services.routing.handlers import UnitNews
from services.routing.handlers.link_ends import LinkEnd, LinkWork
from services.routing.handlers.links import send


class TellingWork(LinkWork, Protocol):
    """A transaction that can tell."""

    @property
    def unit_news(self) -> UnitNews:
        """What there is to tell."""


def tell(work: TellingWork, end: LinkEnd) -> int:
    """Tell every neighbour what it does not know yet; return how many changes that were."""
    number = 0
    for peer in end.peers:
        changes, last = work.unit_news.untold(peer)
        if changes:
            send(work, end, peer, UnitsChanged(from_node=str(end.node), to_node=peer, changes=changes))
        if last:
            work.unit_news.told(peer, last)
        number += len(changes)
    return number


def check_told_by(origin: str, message: UnitsChanged, node: str) -> None:
    """Refuse what the sender has no say in; raises Forbidden and Invalid."""
    here, sender = DivisionCode.parse(node), DivisionCode.parse(origin)
    branch, inside = (sender, True) if here.contains(sender) else (here, False)
    for change in message.changes:
        if branch.contains(DivisionCode.parse(node_of(change.unit))) is not inside:
            raise Forbidden("单位的变更只能由其所在的节点作出。", code="foreign-sender", rule="GD-4")
