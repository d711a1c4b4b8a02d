"""What may be asked of notify, and the rows it answers with."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from lianxi.casework.messages.facts import Actor, ServiceMethod
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
    provider: str = ""
    tries: int = 0
    template: str = ""
    facts: Mapping[str, str] = field(default_factory=dict)
    sealed: bool = True


@dataclass(frozen=True, kw_only=True, slots=True)
class Gathered:
    """The alerts of one recipient that enter one digest: how many, of how many cases, and the first case numbers."""

    node: str
    role: str
    unit: str
    gather_at: datetime
    count: int
    cases: int
    first: datetime
    numbers: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Tried:
    """One attempt as it is kept: an addressee is the keyed hash of an address."""

    at: datetime
    channel: str
    provider: str
    fate: str
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Unconfirmed:
    """A message a gateway took under the number `receipt`; `asked` counts the question that begins now."""

    id: str
    receipt: str
    asked: int
    sent_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class LetterRow:
    """A letter as the print room sees it, before its words are made."""

    position: int
    id: str
    case_no: str
    rule: str
    template: str
    facts: Mapping[str, str]
    language: str
    sealed: bool
    state: str
    since: datetime
    printed_at: datetime | None
    posted_on: date | None
    tracking_no: str
    arrived_on: date | None
    returned_on: date | None
    note: str


@dataclass(frozen=True, kw_only=True, slots=True)
class LetterNews:
    """What became of a letter on its way: posted, arrived or returned, on which day."""

    id: str
    actor: Actor
    on: date
    tracking_no: str = ""
    note: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class ServiceNews:
    """A step on the way of a document: it was sent off in some way, or came back."""

    case_no: str
    number: str
    actor: Actor
    on: date
    method: ServiceMethod | None = None
    tracking_no: str = ""
    note: str = ""
