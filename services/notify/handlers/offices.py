"""What outlives a transaction: the desk with its rules and texts, the post office with its channels, and intake.

Each use case names the tables it needs in its own file; what is here they share.
"""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from services.notify.domain.deliveries import Claimed, Outage, Result
from services.notify.domain.letters import Letter
from services.notify.domain.rules import Channel, Rules
from services.notify.domain.texts import Office, Texts


class Clock(Protocol):
    """The time, aware."""

    def now(self) -> datetime:
        """Return this instant."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Reached:
    """How a petitioner is reached. Never stored, never logged, gone when the message is."""

    email: str = field(default="", repr=False)
    phone: str = field(default="", repr=False)
    name: str = field(default="", repr=False)
    query_code: str = field(default="", repr=False)

    def by(self, channel: Channel) -> str:
        """Return the address for a channel; a letter needs a name, its address is asked for when it is printed."""
        return {Channel.MAIL: self.email, Channel.SMS: self.phone, Channel.LETTER: self.name}.get(channel, "")


class Directory(Protocol):
    """Intake, which alone knows petitioners."""

    def reach(self, case_no: str) -> Reached | Result:
        """Return how the petitioner of a case is reached, or why that is not known."""
        ...


class Session(Protocol):
    """A connection to whatever takes messages of a channel, made with the first one."""

    def send(self, letter: Letter) -> Result:
        """Hand a message over and return what came of it; never raises for what a server or the network does."""
        ...


class Sender(Protocol):
    """A channel: the mail server, the gateways for text messages, the print room."""

    def session(self) -> AbstractContextManager[Session]:
        """Return a session; leaving it says goodbye."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Desk:
    """What tells, shows and sends: rules, texts, this node, its calendar's clock, the channels it has."""

    rules: Rules
    texts: Texts
    office: Office
    clock: Clock
    channels: frozenset[Channel] = frozenset({Channel.INBOX, Channel.MAIL, Channel.LETTER})


@dataclass(frozen=True, kw_only=True, slots=True)
class PostOffice:
    """What sending needs. `wall` is real time: a node whose calendar runs ahead does not hurry its mail server.

    `addressee` makes the keyed hash of an address, by which limits and dead addresses are kept; `within` lets what is
    done about a message belong to the trace it has.
    """

    senders: Mapping[Channel, Sender]
    directory: Directory
    outages: Mapping[Channel, Outage]
    wall: Clock
    note: Callable[[Claimed, Result], None]
    addressee: Callable[[str, str], str]
    within: Callable[[str], AbstractContextManager[object]] = nullcontext

    @property
    def has_server(self) -> bool:
        """Whether this node has a mail server."""
        return Channel.MAIL in self.senders
