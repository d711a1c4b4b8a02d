"""A wish: something a petitioner or a clerk said of a case that this node could not or cannot act on at once.

It is `waiting` while custody is on its way, `sent` when it is on its way to the node that holds the case, and in the
end `done`, `refused` (with the guard's reason) or `moved` (handed back to the node that asked, because custody went
elsewhere). Its words are sealed, and gone once it has settled: what was done stands in the case file.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

MOVED = "custody-moved"
"""The code of an answer that says that another node has the case by now."""


class WishState(StrEnum):
    """Where a wish stands."""

    WAITING = "waiting"
    SENT = "sent"
    DONE = "done"
    REFUSED = "refused"
    MOVED = "moved"


OPEN = frozenset({WishState.WAITING, WishState.SENT})


@dataclass(frozen=True, kw_only=True, slots=True)
class Wish:
    """One wish. `command` is sealed as for the road; `asked_by` is the node whose directive it is, "" for this one.

    `to_node` is where it was sent, or where the holder is said to be, "" as long as this node's own copy tells.
    """

    wish_id: str
    case_no: str
    command_type: str
    command: str
    document_no: str
    role: str
    declared_at: datetime
    asked_by: str = ""
    to_node: str = ""
    attempt: int = 0
    state: WishState = WishState.WAITING
    settled_at: datetime | None = None
    code: str = ""
    reason: str = ""

    @property
    def directive_id(self) -> str:
        """The directive that carries it: the same however often a restored node comes by."""
        return f"{self.wish_id}.{self.attempt}" if self.attempt else self.wish_id

    def settled(self, state: WishState, at: datetime, code: str = "", reason: str = "") -> "Wish":
        """Return it at its end, without its words."""
        return replace(self, state=state, settled_at=at, code=code, reason=reason, command="")


def wish_of(directive_id: str) -> str:
    """Return the wish that a directive carries."""
    return directive_id.partition(".")[0]


def may_go(target: str, earlier: Sequence[Wish]) -> bool:
    """Whether a wish can leave for `target` now: earlier ones are settled or went the same way, so order holds."""
    return all(other.state is WishState.SENT and other.to_node == target for other in earlier)
