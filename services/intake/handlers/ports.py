"""What the use cases need from outside, as Protocols: keys, time, tables, and the way to tell others."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Protocol

from lianxi.casework.identifiers import DivisionCode, QueryCode
from services.intake.domain.audit import ChainedRead, PersonalRead, ReadQuery
from services.intake.domain.divisions import Divisions
from services.intake.domain.records import Addition, Contact, Draft, OpenReject, Origin, RefusedInput, Unmasking, Wanted

DayOfChannel = tuple[date, str]
"""What has running numbers of its own at a node."""


class Clock(Protocol):
    """The time, aware, in Asia/Shanghai."""

    def now(self) -> datetime:
        """Return this instant."""
        ...


class Vault(Protocol):
    """The keys of the node and of the city."""

    def seal(self, plain: str, context: str) -> str:
        """Seal for this node."""
        ...

    def open(self, token: str, context: str) -> str:
        """Open what was sealed for this node."""
        ...

    def seal_for_transport(self, plain: str, context: str) -> str:
        """Seal for any node of the city."""
        ...

    def open_from_transport(self, token: str, context: str) -> str:
        """Open what was sealed on any node of the city."""
        ...

    def keyed_hash(self, value: str, purpose: str) -> str:
        """Return a hash that is equal for equal values anywhere in the city."""
        ...

    def keyed_hashes(self, value: str, purpose: str) -> tuple[str, ...]:
        """Return the hash by every index key that the city accepts, the one in use first."""
        ...


class Contacts(Protocol):
    """The contacts of this node."""

    def add(self, contacts: Sequence[Contact]) -> None:
        """Store new contacts."""
        ...

    def keep(self, contacts: Sequence[Contact]) -> None:
        """Store contacts that came with custody; an own registration of the same number stays as it is."""
        ...

    def restrict(self, numbers: Sequence[str]) -> None:
        """Mark contacts as accusations."""
        ...

    def by_number(self, number: str) -> Contact | None:
        """Return the contact with this number."""
        ...

    def by_query_code(self, code_hash: str) -> Contact | None:
        """Return the contact whose query code has this hash."""
        ...

    def lock_source(self, source: str) -> None:
        """Let one transaction at a time take over contacts of `source`."""
        ...

    def taken_over(self, source: str, ids: Sequence[str]) -> dict[str, tuple[str, str]]:
        """Return number and digest of those contacts of `source` that are here already."""
        ...

    def page(self, wanted: Wanted) -> Sequence[Contact]:
        """Return the next contacts by number, without co-signers and claims."""
        ...

    def guided(self, before: str, limit: int) -> Sequence[Contact]:
        """Return visits that were guided elsewhere, newest first, numbered below `before`; no accusation."""
        ...

    def additions(self, number: str) -> Sequence[Addition]:
        """Return what the petitioner brought later, first to last."""
        ...

    def bring(self, addition: Addition) -> None:
        """Store what the petitioner brought later."""
        ...


class RejectBook(Protocol):
    """Refused input as this transaction sees it: listed, opened, settled once it is mended."""

    def waiting(self, origin: Origin | None, after: str, limit: int) -> Sequence[OpenReject]:
        """Return the newest attempts that nobody has mended yet, oldest first, after the id given."""
        ...

    def one(self, reject_id: str) -> OpenReject | None:
        """Return one that nobody has mended yet."""
        ...

    def settle(self, reject_id: str, number: str, at: datetime) -> bool:
        """Note under which number it came in after all; return whether it was open."""
        ...

    def settle_source(self, source: str, numbers: Mapping[str, str], at: datetime) -> int:
        """The same for everything of a source, by its ids there; return how many were open."""
        ...

    def forget(self, before: datetime) -> int:
        """Forget what strangers handed in, and nobody has mended or dropped; return how many they were."""
        ...

    def drop(self, reject_id: str, at: datetime) -> bool:
        """Note that it and the attempts before it will not be mended; return whether one was open."""
        ...

    def mended(self, source: str, source_id: str, number: str) -> Sequence[tuple[str, str]]:
        """Return what was refused of a row that came in under this number when mended: fingerprint and content."""
        ...


class Drafts(Protocol):
    """Contacts that somebody has begun to write."""

    def save(self, draft: Draft) -> None:
        """Store a draft, or its newer content."""
        ...

    def by_code(self, code_hash: str) -> Draft | None:
        """Return the draft whose code has this hash."""
        ...

    def by_id(self, draft_id: str) -> Draft | None:
        """Return the draft with this id."""
        ...

    def of(self, owner: str, before: tuple[datetime, str] | None, limit: int) -> Sequence[Draft]:
        """Return the drafts of a clerk, newest first, those after the place `before` (when changed, id)."""
        ...

    def drop(self, draft_id: str) -> None:
        """Forget a draft."""
        ...

    def forget(self, before: datetime) -> int:
        """Forget the drafts of petitioners that were last changed before; return how many they were."""
        ...


class Numbers(Protocol):
    """The running numbers of PR-17, without a gap."""

    def take(self, division: DivisionCode, wanted: Mapping[DayOfChannel, int]) -> dict[DayOfChannel, range]:
        """Take as many sequences as are wanted of each; fewer, or none, when the five digits are used up."""
        ...


class Unmaskings(Protocol):
    """The book of looks at unmasked data (MK-8)."""

    def write(self, unmasking: Unmasking) -> None:
        """Write one line."""
        ...

    def write_all(self, unmaskings: Sequence[Unmasking]) -> None:
        """Write many lines at once."""
        ...


class Reads(Protocol):
    """The book of looks at personal data (MK-8)."""

    def add(self, read: PersonalRead) -> None:
        """Add one line at the end."""
        ...

    def page(self, query: ReadQuery) -> Sequence[ChainedRead]:
        """Return the lines that are wanted, newest first."""
        ...


class Work(Protocol):
    """One transaction."""

    @property
    def contacts(self) -> Contacts:
        """Return the contacts."""
        ...

    @property
    def numbers(self) -> Numbers:
        """Return the running numbers."""
        ...

    @property
    def rejects(self) -> RejectBook:
        """Return refused input."""
        ...

    @property
    def drafts(self) -> Drafts:
        """Return the drafts."""
        ...

    @property
    def unmaskings(self) -> Unmaskings:
        """Return the book of unmaskings."""
        ...

    @property
    def reads(self) -> Reads:
        """Return the book of looks, to which the unmaskings belong."""
        ...

    def record(self, message: Any, *, at: datetime) -> None:
        """Tell the other services, once this work is committed."""
        ...


class Rejects(Protocol):
    """Refused input, kept in a transaction of its own because that of the use case is rolled back."""

    def keep(self, refused: Sequence[RefusedInput]) -> list[str]:
        """Keep each and return the ids under which they are found, "" of what there is no room for."""
        ...


@dataclass(frozen=True, slots=True)
class Desk:
    """The ports that outlive a transaction."""

    node: DivisionCode
    clock: Clock
    vault: Vault
    divisions: Divisions
    rejects: Rejects
    draw_code: Callable[[], QueryCode]
    new_id: Callable[[], str]
