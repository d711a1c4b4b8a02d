"""What intake keeps: a contact with its personal data sealed, input that was refused, a look at unmasked data."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any

MAX_SEQUENCE = 99_999
"""PR-17: the sequence in a number has five digits."""


class Origin(StrEnum):
    """How this node came to know a contact."""

    REGISTERED = "registered"
    TAKEN_OVER = "taken-over"
    CUSTODY = "custody"


@dataclass(frozen=True, kw_only=True, slots=True)
class KeptParty:
    """A co-signer or agent as stored; `party_key` compares with `petitioner_key` of any contact in the city."""

    kind: str
    party_key: str
    representative: bool
    person_sealed: str


@dataclass(frozen=True, kw_only=True, slots=True)
class KeptClaim:
    """A claim that was written out; its words are sealed."""

    claim: int
    petition_class: str | None
    category: tuple[str, ...]
    text_sealed: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Contact:
    """One contact as it is stored. `sealed` holds the sealed fields by name, each bound to this number and field.

    `guided_to` names the division to which a visitor was guided who came more than one level too high (R-20-5).
    `restricted` marks what was taken in as an accusation, by its class or purpose or by one of its claims: it stands in
    no list (GD-1).
    """

    number: str
    origin: Origin
    channel: str
    received_at: datetime
    entered_at: datetime
    petitioner_key: str
    sealed: Mapping[str, str]
    anonymous: bool = False
    posted_on: date | None = None
    persons: int = 1
    representatives: int = 0
    division: str = ""
    address_division: str = ""
    reception_place: str = ""
    recording: str = ""
    read_back: bool = False
    registered_by: Mapping[str, Any] | None = None
    query_code_hash: str | None = None
    source: str | None = None
    source_id: str | None = None
    source_digest: str | None = None
    stamp: str = ""
    guided_to: str = ""
    restricted: bool = False
    parties: tuple[KeptParty, ...] = ()
    claims: tuple[KeptClaim, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class RefusedInput:
    """Input that was not let in. `fingerprint` makes the same input, refused again, the same row.

    `errors` is everything that is wrong, where more than the first is known; `follows` the earlier attempt that this
    one mends; `stranger` marks what came from somebody without an account, `sender_key` is a keyed hash of the address
    it came from, where the portal said it.
    """

    fingerprint: str
    origin: Origin
    field: str
    rule: str
    reason: str
    content_sealed: str
    at: datetime
    source: str | None = None
    source_id: str | None = None
    errors: tuple[Mapping[str, str], ...] = ()
    follows: str | None = None
    stranger: bool = False
    sender_key: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class OpenReject:
    """Refused input that nobody has mended yet."""

    id: str
    fingerprint: str
    origin: Origin
    field: str
    rule: str
    reason: str
    content_sealed: str
    times: int
    first_at: datetime
    last_at: datetime
    source: str | None
    source_id: str | None
    errors: tuple[Mapping[str, str], ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Draft:
    """A contact somebody has begun to write. `code_hash` finds it for who has its code, `owner` for a clerk."""

    id: str
    code_hash: str
    owner: str
    content_sealed: str
    changed_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Addition:
    """What a petitioner brought later: its words are sealed, `kind` says what for."""

    id: str
    number: str
    kind: str
    text_sealed: str
    by: str
    at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Unmasking:
    """MK-8: who looked at the unmasked contact, when and why."""

    number: str
    person: str
    role: str
    unit: str
    node: str
    reason: str
    at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class ForeignContact:
    """A contact of another system as it is to be taken over: its id there and the fields as they were written."""

    source: str
    source_id: str
    body: Mapping[str, Any] = field(repr=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class Wanted:
    """Which contacts to read next: after a number, received from one day up to another, of one channel or of all."""

    after: str
    limit: int
    since: date | None = None
    until: date | None = None
    channel: str = ""


class Fate(StrEnum):
    """What became of a contact that was to be taken over."""

    IMPORTED = "imported"
    ALREADY = "already"
    REJECTED = "rejected"
