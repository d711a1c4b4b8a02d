"""What happened to a case, one class per fact, past tense. Each event opens with its `EventHead`.

Events carry codes, days and document references, never free text or personal data: they travel to every node above
and to subscribers. An event with `opens`-days (such as `delivered_on`) is what a clock starts from; which clocks, the
table of transitions says (`lianxi.casework.transitions`).
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import ClassVar

from lianxi.casework.messages.facts import (
    CaseState,
    Claim,
    ClaimOutcome,
    Disposition,
    Document,
    EventHead,
    PetitionClass,
    ProofOfService,
    Reason,
    Transfer,
)
from lianxi.casework.messages.wire import Message


@dataclass(frozen=True, kw_only=True, slots=True)
class CaseEvent:
    """What all case events share."""

    head: EventHead


@dataclass(frozen=True, kw_only=True, slots=True)
class CaseReceived(CaseEvent):
    """T1, T2: a contact came in. `received_on` is the day of receipt by channel (D-13), in Asia/Shanghai.

    T52: with `split_from` it is a part of that case.
    """

    MESSAGE: ClassVar[Message] = Message("case-received")
    channel: str
    received_on: date
    received_at: datetime
    persons: int
    text_digest: str
    petitioner_key: str
    anonymous: bool = False
    posted_on: date | None = None
    person_keys: tuple[str, ...] = ()
    split_from: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class CaseRegistered(CaseEvent):
    """T3: registered, with category, place and claims, and why they were chosen."""

    MESSAGE: ClassVar[Message] = Message("case-registered")
    registered_on: date
    purpose: str
    petition_class: PetitionClass
    category: tuple[str, ...]
    place: str
    claims: tuple[Claim, ...]
    recused: tuple[str, ...]
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class CaseMerged(CaseEvent):
    """T4: joined to the earlier case `into`."""

    MESSAGE: ClassVar[Message] = Message("case-merged")
    into: str
    document: Document


@dataclass(frozen=True, kw_only=True, slots=True)
class CaseTransferred(CaseEvent):
    """T12, T13: on its way by a transfer letter (转送)."""

    MESSAGE: ClassVar[Message] = Message("case-transferred")
    transfer: Transfer
    document: Document
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class CaseAssigned(CaseEvent):
    """T14: on its way by an assignment letter (交办); the result is due on `report_due`."""

    MESSAGE: ClassVar[Message] = Message("case-assigned")
    transfer: Transfer
    document: Document
    assigned_on: date
    report_due: date
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class CaseDelivered(CaseEvent):
    """T15: the receiving node's server acknowledged (D-13d).

    With a unit the case waits for acceptance (S06); at a lower petition department it waits to be sent on (S02).
    """

    MESSAGE: ClassVar[Message] = Message("case-delivered")
    transfer: Transfer
    delivered_on: date
    state: CaseState


@dataclass(frozen=True, kw_only=True, slots=True)
class TransferRefused(CaseEvent):
    """T50: the receiving node's server could not take the case; the sender, who still holds it, goes on with it."""

    MESSAGE: ClassVar[Message] = Message("transfer-refused")
    transfer: Transfer
    code: str
    state: CaseState


@dataclass(frozen=True, kw_only=True, slots=True)
class ObjectionFiled(CaseEvent):
    """T16: the organ holds itself not competent and names one that is."""

    MESSAGE: ClassVar[Message] = Message("objection-filed")
    filed_on: date
    proposed_organ: str
    document: Document


@dataclass(frozen=True, kw_only=True, slots=True)
class ObjectionUpheld(CaseEvent):
    """T17: the sender agrees; the case is on its way back to it."""

    MESSAGE: ClassVar[Message] = Message("objection-upheld")
    transfer: Transfer
    document: Document


@dataclass(frozen=True, kw_only=True, slots=True)
class CaseReturned(CaseEvent):
    """T17, completed: the sender holds the case again and routes it anew.

    With `ends_assignment` the sender takes back its own assignment; one from further above goes on (R-22-6).
    """

    MESSAGE: ClassVar[Message] = Message("case-returned")
    transfer: Transfer
    returned_on: date
    ends_assignment: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class ObjectionRefused(CaseEvent):
    """T18: the objection fails; the case is again where it was, the original limits stand."""

    MESSAGE: ClassVar[Message] = Message("objection-refused")
    state: CaseState
    document: Document


@dataclass(frozen=True, kw_only=True, slots=True)
class CaseAccepted(CaseEvent):
    """T21: accepted by the competent organ; the handling limit counts from `accepted_on` (R-34-3)."""

    MESSAGE: ClassVar[Message] = Message("case-accepted")
    accepted_on: date
    unit: str
    document: Document
    petition_class: PetitionClass | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class CaseClassified(CaseEvent):
    """T24: all claims on RT6; the 60 days of Art. 34 apply from `accepted_on`."""

    MESSAGE: ClassVar[Message] = Message("case-classified")
    claims: tuple[Claim, ...]
    accepted_on: date
    document: Document


@dataclass(frozen=True, kw_only=True, slots=True)
class HandlingExtended(CaseEvent):
    """T30: `days` more, computed from acceptance (D-10)."""

    MESSAGE: ClassVar[Message] = Message("handling-extended")
    days: int
    document: Document


@dataclass(frozen=True, kw_only=True, slots=True)
class OpinionSubmitted(CaseEvent):
    """T31, first half: the draft waits for the head of the unit."""

    MESSAGE: ClassVar[Message] = Message("opinion-submitted")
    outcomes: tuple[ClaimOutcome, ...]
    text_digest: str


@dataclass(frozen=True, kw_only=True, slots=True)
class OpinionSigned(CaseEvent):
    """T31, second half: the opinion is made (作出) on `signed_on`."""

    MESSAGE: ClassVar[Message] = Message("opinion-signed")
    signed_on: date
    document: Document


@dataclass(frozen=True, kw_only=True, slots=True)
class OpinionReturned(CaseEvent):
    """T46: the draft goes back to the case officer."""

    MESSAGE: ClassVar[Message] = Message("opinion-returned")


@dataclass(frozen=True, kw_only=True, slots=True)
class OpinionServed(CaseEvent):
    """T32: served with proof; the petitioner's 30 days run from `served_on`."""

    MESSAGE: ClassVar[Message] = Message("opinion-served")
    served_on: date
    service: ProofOfService
    document: Document


@dataclass(frozen=True, kw_only=True, slots=True)
class DocumentServed(CaseEvent):
    """T51: the document numbered `served` reached the petitioner on `served_on`, with proof (D-15, DOC-16)."""

    MESSAGE: ClassVar[Message] = Message("document-served")
    served: str
    served_on: date
    service: ProofOfService
    document: Document


@dataclass(frozen=True, kw_only=True, slots=True)
class ReportFiled(CaseEvent):
    """T33, T47: the conclusion report is with the assigner."""

    MESSAGE: ClassVar[Message] = Message("report-filed")
    filed_on: date
    document: Document


@dataclass(frozen=True, kw_only=True, slots=True)
class ReportAccepted(CaseEvent):
    """T34: the assigner accepted the report."""

    MESSAGE: ClassVar[Message] = Message("report-accepted")
    document: Document


@dataclass(frozen=True, kw_only=True, slots=True)
class ReportReturned(CaseEvent):
    """T34: the assigner returned the report for rework."""

    MESSAGE: ClassVar[Message] = Message("report-returned")
    returned_on: date
    document: Document


@dataclass(frozen=True, kw_only=True, slots=True)
class ReviewRequested(CaseEvent):
    """T35: a review was asked for in time; the organ's 30 days run from `received_on`."""

    MESSAGE: ClassVar[Message] = Message("review-requested")
    received_on: date
    reviewing_node: str
    document: Document
    posted_on: date | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class ReviewAdmitted(CaseEvent):
    """T36: admitted."""

    MESSAGE: ClassVar[Message] = Message("review-admitted")
    decided_on: date
    document: Document


@dataclass(frozen=True, kw_only=True, slots=True)
class ReviewDeclined(CaseEvent):
    """T36: refused, on a ground of R-35-5."""

    MESSAGE: ClassVar[Message] = Message("review-declined")
    decided_on: date
    ground: str
    document: Document


@dataclass(frozen=True, kw_only=True, slots=True)
class ReviewDecided(CaseEvent):
    """T37: upheld or amended, and served; the petitioner's 30 days for a final review run from `served_on`."""

    MESSAGE: ClassVar[Message] = Message("review-decided")
    decided_on: date
    disposition: Disposition
    served_on: date
    service: ProofOfService
    document: Document


@dataclass(frozen=True, kw_only=True, slots=True)
class RehandlingOrdered(CaseEvent):
    """T37: set aside; the organ handles the case anew within `days`."""

    MESSAGE: ClassVar[Message] = Message("rehandling-ordered")
    ordered_on: date
    days: int
    document: Document


@dataclass(frozen=True, kw_only=True, slots=True)
class RehandlingStarted(CaseEvent):
    """T48: round `round_number` of the handling begins, by itself, on T37."""

    MESSAGE: ClassVar[Message] = Message("rehandling-started")
    round_number: int


@dataclass(frozen=True, kw_only=True, slots=True)
class FinalReviewRequested(CaseEvent):
    """T38: a final review was asked for in time."""

    MESSAGE: ClassVar[Message] = Message("final-review-requested")
    received_on: date
    reviewing_node: str
    document: Document
    posted_on: date | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class CaseLapsed(CaseEvent):
    """T41: the right to a review ran out unused on `lapsed_on`."""

    MESSAGE: ClassVar[Message] = Message("case-lapsed")
    lapsed_on: date
    document: Document


@dataclass(frozen=True, kw_only=True, slots=True)
class CaseWithdrawn(CaseEvent):
    """T42: withdrawn by the petitioner."""

    MESSAGE: ClassVar[Message] = Message("case-withdrawn")
    withdrawn_on: date
    document: Document


@dataclass(frozen=True, kw_only=True, slots=True)
class CaseArchived(CaseEvent):
    """T43: in the archive."""

    MESSAGE: ClassVar[Message] = Message("case-archived")
    archived_on: date
    document: Document


@dataclass(frozen=True, kw_only=True, slots=True)
class CompletionRequested(CaseEvent):
    """T45: missing facts were asked for on `asked_on`."""

    MESSAGE: ClassVar[Message] = Message("completion-requested")
    asked_on: date
    document: Document


@dataclass(frozen=True, kw_only=True, slots=True)
class CompletionReceived(CaseEvent):
    """T45, back: the case continues in the state it was in."""

    MESSAGE: ClassVar[Message] = Message("completion-received")
    state: CaseState
    document: Document | None = None
