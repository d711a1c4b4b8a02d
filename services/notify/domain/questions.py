"""What may be asked of notify, and the rows it answers with."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from lianxi.casework.messages.facts import Actor
from services.notify.domain.rules import Channel

PAGE = 50
LONGEST_PAGE = 200


@dataclass(frozen=True, slots=True)
class Paging:
    """A page: what follows the position `after`, None for the first."""

    after: int | None = None
    limit: int = PAGE


@dataclass(frozen=True, kw_only=True, slots=True)
class InboxQuery:
    """The messages for a role of this node: those of `unit` and those that are for no unit in particular.

    `person` decides what counts as read; "" asks whether anybody has read it.
    """

    node: str
    role: str
    unit: str = ""
    person: str = ""
    paging: Paging = Paging()


@dataclass(frozen=True, kw_only=True, slots=True)
class MarkRead:
    """Somebody has read a message."""

    id: str
    actor: Actor


@dataclass(frozen=True, kw_only=True, slots=True)
class SendAgain:
    """A person wants a mail that was given up to be sent after all."""

    id: str
    actor: Actor


@dataclass(frozen=True, kw_only=True, slots=True)
class Message:
    """A message in an inbox, before its words are made."""

    position: int
    id: str
    happened_at: datetime
    kind: str
    case_no: str
    template: str
    facts: Mapping[str, str]
    sealed: bool
    read_at: datetime | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Kept:
    """A delivery as lists show it."""

    position: int
    id: str
    rule: str
    kind: str
    case_no: str
    channel: Channel
    role: str
    unit: str
    state: str
    attempts: int
    reason: str
    happened_at: datetime
    due_at: datetime | None
    settled_at: datetime | None
