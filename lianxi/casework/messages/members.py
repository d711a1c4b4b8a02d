"""Which nodes take part in the network: what a node tells its parent, and the node concerned, when that changes."""

from dataclasses import dataclass
from datetime import date
from typing import ClassVar

from lianxi.casework.messages.wire import Message


@dataclass(frozen=True, kw_only=True, slots=True)
class MemberChanged:
    """The node `node` below `parent` stands so since a day: joined, leaving or left.

    Told by the parent, upwards so that every node above knows to whom custody may be offered and of whom it must hear,
    and to the node itself.
    """

    MESSAGE: ClassVar[Message] = Message("member-changed")
    node: str
    parent: str
    standing: str
    since: date
