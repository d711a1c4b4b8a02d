"""The use cases of routing, and what they need from outside, as Protocols.

`cases` opens a case and carries out acts, `custody` hands cases between nodes, `directives` sends acts to the node
that holds the case, `desk` answers what clerks and petitioners look up, `links` and `books` keep the connection to
the neighbouring nodes. Every function receives the open work, the node it runs at (`Here`) and the command.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Protocol

from lianxi.casework.case.state import Case
from lianxi.casework.messages.commands import Command
from lianxi.casework.messages.custody import DossierDocument, ToldChange
from lianxi.casework.messages.events import CaseEvent
from lianxi.casework.messages.facts import Actor, Document, DocumentKind, Transfer
from lianxi.casework.messages.notices import ContactRegistered
from lianxi.law.calendar import Calendar
from services.routing.domain.desk import ProposedAct, Relation, Taking
from services.routing.domain.piles import PileCount, PiledCase
from services.routing.domain.records import CaseText, Recorded
from services.routing.domain.repeats import Known, Proposal, Verdict
from services.routing.domain.sorting import Sorter
from services.routing.domain.sorting.overrules import Overrule
from services.routing.domain.wishes import Wish
from services.routing.domain.wording import Wording


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

    def of(self, case_nos: Sequence[str]) -> Mapping[str, CaseText]:
        """Return the texts of those of the cases that this node ever held."""

    def sealed(self, case_no: str, changed: Callable[[str], str] = str) -> CaseText | None:
        """Return it with subject and text sealed for another node, each `changed` before that."""

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

    def add(self, direction: str, directive: Any) -> bool:
        """Note a directive that goes out or came in; False when it is known already."""

    def known(self, directive_id: str) -> bool:
        """Return whether a directive with this id is noted."""

    def answered(self, directive_id: str) -> Any:
        """Return the answer a directive got, None when it has none yet."""

    def answer(self, answer: Any, at: datetime) -> bool:
        """Note the answer; False when the directive is unknown or was answered before."""


class Wishes(Protocol):
    """What was said while custody was on its way."""

    def add(self, wish: Wish) -> None:
        """Keep a wish; one that is here already stays as it is."""

    def save(self, wish: Wish) -> None:
        """Keep what became of a wish."""

    def get(self, wish_id: str) -> Wish | None:
        """Return a wish."""

    def open(self, case_no: str) -> tuple[Wish, ...]:
        """Return the wishes of a case that have not settled, in order."""

    def said(self, case_no: str) -> tuple[Wish, ...]:
        """Return all that was said at this node of a case, in order, without the words."""

    def ready(self, limit: int) -> tuple[str, ...]:
        """Return cases whose wishes wait although custody has settled."""


class Overrules(Protocol):
    """What the rules proposed for cases, and where a person decided otherwise."""

    def proposal(self, case_no: str) -> Mapping[str, Any] | None:
        """Return what the rules proposed for a case, None where they were not asked here."""

    def note(self, overrules: Iterable[Overrule]) -> None:
        """Keep what a person decided otherwise."""


class Histories(Protocol):
    """Cases with their histories, to be looked at."""

    def view(self, case_no: str) -> tuple[Case, tuple[CaseEvent, ...]] | None:
        """Return a case and its history without locking it."""


class DeskBooks(Protocol):
    """What the desk keeps: who works on which case, proposed acts, cases that belong together, the piles."""

    def taking(self, case_no: str) -> Taking | None:
        """Return who has taken a case, also when that has expired."""

    def take(self, taking: Taking) -> None:
        """Note who works on a case, in the place of whoever did."""

    def give_back(self, case_no: str) -> None:
        """Let a case lie on its pile again."""

    def propose(self, proposed: ProposedAct) -> None:
        """Keep a proposed act, its command sealed."""

    def proposed(self, act_id: str) -> ProposedAct | None:
        """Return a proposed act, locked until the end of the work."""

    def settle(self, proposed: ProposedAct) -> None:
        """Keep what became of a proposed act."""

    def proposals(self, case_no: str, after: tuple[datetime, str] | None, limit: int) -> Sequence[ProposedAct]:
        """Return the acts proposed for a case, or with "" all that wait, oldest first."""

    def relate(self, case_no: str, other: str, kind: str) -> None:
        """Note that a case is a part of another, or was merged into it."""

    def related(self, case_no: str) -> Sequence[Relation]:
        """Return the cases that belong to one, from either side."""

    def next_part(self, prefix: str) -> int:
        """Return the next sequence of a part under a prefix of node, day and channel."""

    def copy_text(self, case_no: str, number: str, claims: Sequence[int]) -> CaseText | None:
        """Keep the text and petitioner of a case under the number of a part too, of its written claims only these.

        Return them sealed, None where they are not here.
        """

    def count(self, node: str) -> tuple[PileCount, ...]:
        """Return how many cases wait in each pile, and since when the oldest does."""

    def piled(
        self, node: str, pile: str, after: tuple[datetime, str] | None, limit: int, *, unit: str, sealed: bool
    ) -> Sequence[PiledCase]:
        """Return the cases of a pile, oldest first; those of one unit if named, accusations only if `sealed`."""


class Links(Protocol):
    """The way to the neighbouring nodes."""

    def send(self, to_node: str, message: Any) -> None:
        """Give a message to the link towards `to_node`, in this transaction."""


class Repeats(Protocol):
    """Who is behind the cases, which texts are alike, what was proposed as a repeat and what clerks decided."""

    def of_persons(self, person_keys: Iterable[str], besides: str) -> tuple[Known, ...]:
        """Return other cases of these persons that this node knows, latest first."""

    def of_accused(self, organs: Sequence[str], besides: str) -> tuple[Known, ...]:
        """Return other accusations of these organs that this node knows, latest first."""

    def known_here(self, case_nos: Sequence[str]) -> frozenset[str]:
        """Return those of the cases that this node knows."""

    def share_a_person(self, one: str, other: str) -> bool:
        """Return whether two cases have a petitioner or co-signer in common."""

    def share_the_accused(self, one: str, other: str) -> bool:
        """Return whether two accusations are about an organ in common."""

    def remember_text(self, text: CaseText) -> None:
        """Keep the fingerprint of a text that came to this node."""

    def copies_of(self, text: CaseText, besides: Iterable[str]) -> tuple[Known, ...]:
        """Return cases here whose texts are near-copies of this one, latest first."""

    def propose(self, proposals: Sequence[Proposal]) -> None:
        """Keep proposals; what was proposed before stays as it is, with its decision."""

    def proposals(self, case_no: str) -> tuple[Proposal, ...]:
        """Return what was proposed for a case, most likely first, with where the earlier cases stand now."""

    def decide(
        self, case_no: str, earlier: str, verdict: Verdict, actor: Actor, at: datetime, *, note: str, outcome: str
    ) -> None:
        """Keep what a clerk decided."""

    def note_of(self, proposal: Proposal) -> str:
        """Return the clerk's note in clear."""

    def hold(self, contact: ContactRegistered) -> None:
        """Keep what a registration needs of a contact until a clerk has decided."""

    def held(self, case_no: str) -> ContactRegistered | None:
        """Return the contact that waits, None when none does."""

    def release(self, case_no: str) -> None:
        """Forget the contact of a case that waits no more."""

    def asked(self, case_no: str, of: str, at: datetime) -> None:
        """Note that the city was asked."""

    def answered(self, case_no: str, at: datetime) -> bool:
        """Note the answer; False where nothing was asked or the answer is here already."""

    def question(self, case_no: str) -> tuple[str, datetime | None, datetime | None]:
        """Return who was asked, when, and when the answer came; "" when nobody was."""


class UnitNews(Protocol):
    """The changes of organs, and how far each neighbour was told."""

    def untold(self, peer: str) -> tuple[tuple[ToldChange, ...], int]:
        """Return the next changes a neighbour has not been told, and the number of the last one looked at."""

    def told(self, peer: str, last: int) -> None:
        """Note up to which change a neighbour was told."""

    def take(self, changes: Iterable[ToldChange], came_from: str) -> None:
        """Record what a neighbour told."""


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
    def wishes(self) -> Wishes:
        """Return the repository of this name."""

    @property
    def repeats(self) -> Repeats:
        """Return the repository of this name."""

    @property
    def overrules(self) -> Overrules:
        """Return the repository of this name."""

    @property
    def desk_books(self) -> DeskBooks:
        """Return the repository of this name."""

    @property
    def desk(self) -> Histories:
        """Return the repository of this name."""

    @property
    def unit_news(self) -> UnitNews:
        """Return the repository of this name."""

    @property
    def links(self) -> Links:
        """Return the repository of this name."""

    def record(self, event: CaseEvent) -> None:
        """Publish a case event inside this node."""

    def tell(self, notice: Any) -> None:
        """Publish another message inside this node."""

    def savepoint(self) -> AbstractContextManager[None]:
        """Undo what happens inside when it raises."""

    def remember_sorting(self, case_no: str, why: str, proposal: Mapping[str, Any]) -> None:
        """Keep what the rules proposed and why the case waits."""

    def erase_texts(self, case_nos: Sequence[str]) -> int:
        """Blank the words of ended cases."""

    def explain_waiting(self, case_no: str, why: str) -> None:
        """Keep another reason why the case waits."""

    def read_command(self, command_type: str, text: str) -> Command:
        """Read a command from JSON; raises Invalid."""

    def seal_command(self, command: Command) -> str:
        """Return a command sealed for another node."""

    def open_command(self, command_type: str, case_no: str, sealed: str) -> Command:
        """Read a command that came sealed; raises Invalid."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Here:
    """The node a use case runs at: its code and parent, clock, calendar, organs, rules, and source of ids.

    `reachable` says whether a node below has joined the network, so that custody can be offered to it; `wording`
    compares what petitions say; `competence` is the first category of an organ's own work, () where it has none.
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
    wording: Wording
    competence: Callable[[str], tuple[str, ...]] = lambda _unit: ()
