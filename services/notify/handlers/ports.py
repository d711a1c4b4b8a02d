"""What the use cases need from outside, as Protocols: tables, the mail server, intake, and real time."""

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from services.notify.domain.deliveries import Claimed, Delivery, Outage, Result, Settled
from services.notify.domain.facts import CaseStanding
from services.notify.domain.letters import Letter
from services.notify.domain.questions import InboxQuery, Kept, Message, Paging
from services.notify.domain.rules import Patience, Rules
from services.notify.domain.texts import Office, Texts


class Told(Protocol):
    """A message as it came from the bus."""

    @property
    def id(self) -> str:
        """The id that stays the same however often it comes."""
        ...

    @property
    def body(self) -> Any:
        """The message itself."""
        ...


class Clock(Protocol):
    """The time, aware."""

    def now(self) -> datetime:
        """Return this instant."""
        ...


class Cases(Protocol):
    """What is remembered of cases."""

    def get(self, numbers: Collection[str]) -> Mapping[str, CaseStanding]:
        """Return the known ones of these cases."""
        ...

    def save(self, cases: Collection[CaseStanding]) -> None:
        """Write them down."""
        ...


class Deliveries(Protocol):
    """All deliveries of this node."""

    def add(self, deliveries: Sequence[Delivery]) -> None:
        """Write those that are not there yet."""
        ...

    def claim(self, now: datetime, lease: datetime, limit: int) -> Sequence[Claimed]:
        """Take mails that are due, the longest due first, leaving out those another process has locked."""
        ...

    def settle(self, claimed: Claimed, settled: Settled, now: datetime) -> bool:
        """Write what became of a mail, unless another process has claimed it since; return whether it was written."""
        ...

    def give_back(self, claimed: Sequence[Claimed], reason: str, now: datetime) -> None:
        """Undo the claim of mails that were not tried, or not by their own fault; "" leaves their reason as it was."""
        ...

    def about(self, case_no: str, limit: int) -> Sequence[Kept]:
        """Return the deliveries of a case, oldest first."""
        ...

    def dead(self, paging: Paging) -> Sequence[Kept]:
        """Return one more than a page of dead mails, oldest first."""
        ...

    def revive(self, delivery_id: str, now: datetime) -> bool:
        """Let a dead or skipped mail be sent from its first attempt on; return whether there is one."""
        ...


class Inbox(Protocol):
    """The messages to the officers of this node."""

    def page(self, query: InboxQuery) -> Sequence[Message]:
        """Return one more than a page of messages, newest first."""
        ...

    def recipient(self, delivery_id: str) -> tuple[str, str] | None:
        """Return role and unit a message is for, None if there is no such message."""
        ...

    def mark_read(self, delivery_id: str, person: str, at: datetime) -> datetime:
        """Note that a person has read it; return when that was first noted."""
        ...


class Work(Protocol):
    """One transaction."""

    @property
    def cases(self) -> Cases:
        """What is remembered of cases."""
        ...

    @property
    def deliveries(self) -> Deliveries:
        """All deliveries."""
        ...

    @property
    def inbox(self) -> Inbox:
        """The messages to officers."""
        ...


OpenWork = Callable[[], AbstractContextManager[Work]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Reached:
    """How a petitioner is reached. Never stored, never logged, gone when the mail is."""

    email: str = field(default="", repr=False)
    query_code: str = field(default="", repr=False)


class Directory(Protocol):
    """Intake, which alone knows petitioners."""

    def reach(self, case_no: str) -> Reached | Result:
        """Return how the petitioner of a case is reached, or why that is not known."""
        ...


class MailSession(Protocol):
    """A connection to the mail server, made with the first letter."""

    def send(self, letter: Letter) -> Result:
        """Hand a letter over and return what came of it; never raises for what the server or the network does."""
        ...


class MailServer(Protocol):
    """The mail server."""

    def session(self) -> AbstractContextManager[MailSession]:
        """Return a session; leaving it says goodbye."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Desk:
    """What tells, shows and sends: rules, texts, this node, and its calendar's clock."""

    rules: Rules
    texts: Texts
    office: Office
    clock: Clock


@dataclass(frozen=True, kw_only=True, slots=True)
class PostOffice:
    """What sending needs. `wall` is real time: a node whose calendar runs ahead does not hurry its mail server."""

    server: MailServer | None
    directory: Directory
    patience: Patience
    outage: Outage
    wall: Clock
    note: Callable[[Claimed, Result], None]
