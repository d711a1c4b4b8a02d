"""Who stands above two organs, and between which two a case goes back and forth (Art. 24, R-24-2, R-24-3, R-24-7).

An organ is named by the code of its unit, a petition department or a government by the code of its node.
"""

from collections.abc import Iterable

from lianxi.casework.case.state import reviewing_node
from lianxi.casework.errors import Invalid
from lianxi.casework.identifiers import DivisionCode, DivisionLevel

MOST_RETURNS = 2
"""After so many returns between the same two a case is not sent round a further time."""


def node_of(organ: str) -> str:
    """The node an organ belongs to; "" for what is not the code of one."""
    try:
        return str(DivisionCode.parse(organ.partition(".")[0]))
    except Invalid:
        return ""


def common_node(organs: Iterable[str]) -> str:
    """The lowest node that lies above or around all of them; "" when that is outside the city (R-24-7)."""
    nodes = [DivisionCode.parse(node_of(organ)) for organ in organs]
    above: DivisionCode | None = nodes[0]
    while above is not None and not all(above.contains(node) for node in nodes):
        above = above.parent
    return "" if above is None or above.level is DivisionLevel.PROVINCE else str(above)


def common_superior(organs: Iterable[str]) -> str:
    """The node of their common superior, the one next above each of them (R-24-2); "" when they have none."""
    above = {reviewing_node(node_of(organ)) for organ in organs}
    return above.pop() if len(above) == 1 else ""


def pair(one: str, other: str) -> str:
    """Two organs in one spelling, whichever sent the case back."""
    return "~".join(sorted((one, other)))


def pairs_of_return(by: str, to: str, proposed: str) -> tuple[str, ...]:
    """Between whom a case came back: from `by` to the sender, and from `by` to the organ it holds competent."""
    others = dict.fromkeys(organ for organ in (to, proposed) if node_of(organ) and organ != by)
    return tuple(pair(by, other) for other in others)


def ping_pong(returns: tuple[str, ...]) -> tuple[tuple[str, ...], int] | None:
    """The two organs between which a case came back too often, and how often; None when it did not."""
    often = [(returns.count(found), found) for found in dict.fromkeys(returns)]
    number, found = max(often, default=(0, ""))
    return (tuple(found.split("~")), number) if number >= MOST_RETURNS else None
