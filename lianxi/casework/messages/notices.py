"""What the services of one node tell each other beside the case events: contacts, clocks, orders, dossiers."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import ClassVar

from lianxi.casework.messages.facts import Actor, Claim, PetitionClass
from lianxi.casework.messages.wire import Message


@dataclass(frozen=True, kw_only=True, slots=True)
class ContactRegistered:
    """Intake → routing: a contact with a number; what was petitioned and by whom is sealed.

    `petitioner_key` is the city-wide keyed hash by which a repeat petitioner is recognised. The three `…_sealed` texts
    open with the city's transport key; the petitioner's is opened in intake services only. `received_at` is the
    moment of receipt by channel (D-13), `entered_at` the moment of entry: their distance is the transport delay
    (D-13e). `registered_by` is None when the petitioner filed alone; the purpose, category, place and claims are given
    when a registrar settled them. `division` is the township or district the petitioner names as the place of the
    problem, "" if none. `stated_claims` are the claims that were written out one by one, with the class each was given;
    `claims` counts them all. `person_keys` are keyed hashes of everything that identifies the petitioner and the
    co-signers, each after its kind (`phone:…`, `co-signer:…`): a repeat is recognised by any of them (PR-3). How the
    petitioner wants to be told stands in `notice_channels` (in this order), `notice_language` and `electronic_service`.
    """

    MESSAGE: ClassVar[Message] = Message("contact-registered")
    contact_no: str
    node: str
    channel: str
    received_at: datetime
    entered_at: datetime
    subject_sealed: str
    text_sealed: str
    persons: int
    representatives: int
    anonymous: bool
    petitioner_key: str
    petitioner_sealed: str
    division: str = ""
    address_division: str = ""
    posted_on: date | None = None
    registered_by: Actor | None = None
    purpose: str = ""
    petition_class: PetitionClass | None = None
    category: tuple[str, ...] = ()
    claims: int = 1
    same_matter_checked: bool = False
    stated_claims: tuple[Claim, ...] = ()
    person_keys: tuple[str, ...] = ()
    notice_channels: tuple[str, ...] = ()
    notice_language: str = ""
    electronic_service: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class DossierReceived:
    """Routing → intake: custody of a case came from another node; text and petitioner are sealed for transport."""

    MESSAGE: ClassVar[Message] = Message("dossier-received")
    case_no: str
    node: str
    channel: str
    received_at: datetime
    subject_sealed: str
    text_sealed: str
    petitioner_key: str
    petitioner_sealed: str


@dataclass(frozen=True, kw_only=True, slots=True)
class NoticeChoice:
    """How a petitioner wants to be told: by these channels in this order, in which language ("" is Chinese).

    `electronic` is the consent to be served electronically (D-15), `chosen_by` "petitioner" or an account id.
    """

    case_no: str
    channels: tuple[str, ...]
    language: str
    electronic: bool
    chosen_by: str
    chosen_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class NoticeChosen(NoticeChoice):
    """Notify → routing: this was chosen here; if another node holds the case, it is to be told."""

    MESSAGE: ClassVar[Message] = Message("notice-chosen")


@dataclass(frozen=True, kw_only=True, slots=True)
class NoticeChoiceArrived(NoticeChoice):
    """Routing → notify: this was chosen at another node; it holds here unless something newer was chosen."""

    MESSAGE: ClassVar[Message] = Message("notice-choice-arrived")


@dataclass(frozen=True, kw_only=True, slots=True)
class CaseSealed:
    """Routing → intake: the case is an accusation, whatever it was filed as; its contact stands in no list (GD-1)."""

    MESSAGE: ClassVar[Message] = Message("case-sealed")
    case_no: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ClockAlert:
    """What warnings, breaches and escalations share: which clock of which case, whose, and its two due days."""

    case_no: str
    clock: str
    round_number: int
    node: str
    unit: str
    owner: str
    raw_due: date
    legal_due: date
    provisional: bool
    raised_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class ClockWarned(ClockAlert):
    """The yellow lamp (PR-25): five days or fewer left, one working day for the five-working-day clock."""

    MESSAGE: ClassVar[Message] = Message("clock-warned")


@dataclass(frozen=True, kw_only=True, slots=True)
class ClockBreached(ClockAlert):
    """The red lamp: the legal due day has passed without the document that closes the clock."""

    MESSAGE: ClassVar[Message] = Message("clock-breached")


@dataclass(frozen=True, kw_only=True, slots=True)
class ClockEscalated(ClockAlert):
    """PR-26: still open `days_late` days after the red lamp; the next instance is told."""

    MESSAGE: ClassVar[Message] = Message("clock-escalated")
    step: int
    to_role: str
    days_late: int


@dataclass(frozen=True, kw_only=True, slots=True)
class SupervisionProposed:
    """SV0: a breach proposes a supervision order (督办) with its trigger code; a person signs it (PR-26)."""

    MESSAGE: ClassVar[Message] = Message("supervision-proposed")
    proposal_no: str
    case_no: str
    clock: str
    node: str
    unit: str
    trigger: str
    proposed_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class SupervisionOrdered:
    """SV2: a numbered supervision order was signed; feedback is due on `feedback_due` (CF-30)."""

    MESSAGE: ClassVar[Message] = Message("supervision-ordered")
    proposal_no: str
    order_no: str
    case_no: str
    node: str
    unit: str
    trigger: str
    signed_by: Actor
    signed_at: datetime
    feedback_due: date


@dataclass(frozen=True, kw_only=True, slots=True)
class RightLapsed:
    """Supervision → routing: the petitioner's ASK_REVIEW or ASK_FINAL clock ran out unused; T41 may close the case."""

    MESSAGE: ClassVar[Message] = Message("right-lapsed")
    case_no: str
    clock: str
    legal_due: date


@dataclass(frozen=True, kw_only=True, slots=True)
class DirectiveNotice:
    """Routing → notify: a directive was answered by the node that holds the case, or a copy came in (CF-38)."""

    MESSAGE: ClassVar[Message] = Message("directive-notice")
    case_no: str
    node: str
    kind: str
    code: str


@dataclass(frozen=True, kw_only=True, slots=True)
class WishRefused:
    """Routing → notify: what was said while custody was on its way could not be carried out when it had settled.

    `wish` is what it is called (撤回, 催办 …), `by` is "petitioner" or "clerk", `declared_on` the day it was said,
    `reason` the sentence of the guard that refused it at `node`; none of it was written by a person.
    """

    MESSAGE: ClassVar[Message] = Message("wish-refused")
    case_no: str
    node: str
    wish: str
    by: str
    declared_on: date
    code: str
    reason: str
