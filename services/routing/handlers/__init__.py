"""The use cases of routing, and what they need from outside, as Protocols.

`cases` opens a case and carries out acts, `custody` hands cases between nodes, `directives` sends acts to the node
that holds the case, `desk` answers what clerks and petitioners look up, `links` and `books` keep the connection to
the neighbouring nodes. Every function receives the open work, the node it runs at (`Here`) and the command.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Protocol

from lianxi.casework.case.state import Case
from lianxi.casework.messages.commands import Command
from lianxi.casework.messages.custody import DossierDocument
from lianxi.casework.messages.events import CaseEvent
from lianxi.casework.messages.facts import Document, DocumentKind, Transfer
from lianxi.law.calendar import Calendar
from services.routing.domain.records import CaseText, Recorded
from services.routing.domain.sorting import Sorter


class Clock(Protocol):
    """The time of this node."""

    def now(self) -> datetime:
        """Return the aware moment."""

    def today(self) -> date:
        """Return the day in Asia/Shanghai."""


class Cases(Protocol):
    """The case files and their histories."""

    def get(self, case_no: str) -> Case | None:
        """Return the case, locked until the end of the work, or None."""

    def preload(self, case_nos: Iterable[str]) -> None:
        """Fetch and lock many cases at once."""

    def open_of(self, petitioner_key: str, besides: str) -> tuple[str, ...]:
        """Return the numbers of other open cases of a petitioner that this node knows, earliest first."""

    def append(self, case: Case, records: Sequence[Recorded]) -> None:
        """Add events to the history and keep the state they lead to."""

    def history(self, case_no: str) -> tuple[str, ...]:
        """Return the events as the texts that were sealed, in order."""

    def read(self, text: str) -> Recorded:
        """Read one event from its text; raises Invalid."""

    def write(self, event: CaseEvent) -> Recorded:
        """Return an event of this node with its text."""


class Texts(Protocol):
    """What petitioners wrote."""

    def add(self, text: CaseText) -> None:
        """Keep or replace the text of a case."""

    def get(self, case_no: str) -> CaseText | None:
        """Return it, or None where this node never held the case."""

    def sealed(self, case_no: str) -> CaseText | None:
        """Return it with subject and text sealed for another node."""

    def take(self, sealed: CaseText) -> CaseText:
        """Keep a text that came sealed and return it opened; raises Invalid when it does not open."""


class Documents(Protocol):
    """The texts of documents, and their numbers."""

    def number(self, kind: DocumentKind, year: int) -> str:
        """Return the next number of this node, such as 宁信转〔2026〕12号."""

    def add(self, case_no: str, document: Document, paper: Mapping[str, str]) -> None:
        """Keep the text of a document."""

    def take(self, case_no: str, documents: Iterable[DossierDocument]) -> None:
        """Keep documents that came sealed from another node, unless they are here already."""

    def of(self, case_no: str, numbers: Iterable[str] | None = None) -> tuple[DossierDocument, ...]:
        """Return the documents of a case, all or those named."""

    def sealed(self, case_no: str, numbers: Iterable[str] | None = None) -> tuple[DossierDocument, ...]:
        """Return the same with their texts sealed for another node."""


class Receipts(Protocol):
    """One receipt per offer of custody, on both sides."""

    def offered(self, direction: str, transfer: Transfer, case: Case) -> None:
        """Note an offer that goes out or came in."""

    def answer(self, offer_id: str, *, accepted: bool, at: datetime, code: str) -> bool:
        """Note the answer; False when the offer is unknown or was answered before."""

    def known(self, offer_id: str) -> bool:
        """Return whether the offer has a receipt."""


class Directives(Protocol):
    """Acts sent to another node."""

    def add(self, direction: str, directive: Any) -> None:
        """Note a directive that goes out or came in."""

    def answer(self, answer: Any, at: datetime) -> bool:
        """Note the answer; False when the directive is unknown or was answered before."""


class Links(Protocol):
    """The way to the neighbouring nodes."""

    def send(self, to_node: str, message: Any) -> None:
        """Give a message to the link towards `to_node`, in this transaction."""


class RoutingWork(Protocol):
    """One transaction of routing."""

    @property
    def cases(self) -> Cases:
        """Return the repository of this name."""

    @property
    def texts(self) -> Texts:
        """Return the repository of this name."""

    @property
    def documents(self) -> Documents:
        """Return the repository of this name."""

    @property
    def receipts(self) -> Receipts:
        """Return the repository of this name."""

    @property
    def directives(self) -> Directives:
        """Return the repository of this name."""

    @property
    def links(self) -> Links:
        """Return the repository of this name."""

    def record(self, event: CaseEvent) -> None:
        """Publish a case event inside this node."""

    def tell(self, notice: Any) -> None:
        """Publish another message inside this node."""

    def remember_sorting(self, case_no: str, why: str, proposal: Mapping[str, Any]) -> None:
        """Keep what the rules proposed and why the case waits."""

    def read_command(self, command_type: str, text: str) -> Command:
        """Read a command from JSON; raises Invalid."""

    def seal_command(self, command: Command) -> str:
        """Return a command sealed for another node."""

    def open_command(self, command_type: str, case_no: str, sealed: str) -> Command:
        """Read a command that came sealed; raises Invalid."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Here:
    """The node a use case runs at: its code and parent, clock, calendar, organs, rules, and source of ids.

    `reachable` says whether a node below has joined the network, so that custody can be offered to it.
    """

    node: str
    parent: str
    clock: Clock
    calendar: Callable[[], Calendar]
    sorter: Sorter
    units: Callable[[], frozenset[str]]
    organs: Callable[[str], frozenset[str]]
    reachable: Callable[[str], bool]
    new_id: Callable[[], str]
