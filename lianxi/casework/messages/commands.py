"""What may be asked of a case, one class per act, imperative.

A command names the case, who asks and, where a document is issued, the text of that document (`paper`, field →
text). `expected_seq` is the case version the asker saw: a stale command is refused instead of overwriting.
A command for a case that another node holds travels to the holder as a directive; `decided_on` then keeps the day on
which it was decided here.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import ClassVar

from lianxi.casework.messages.facts import (
    Actor,
    Claim,
    ClaimOutcome,
    Disposition,
    PetitionClass,
    ProofOfService,
    Reason,
)
from lianxi.casework.messages.wire import Message


@dataclass(frozen=True, kw_only=True, slots=True)
class Command:
    """What all commands share. `paper` is the text of the document that the act issues, by field name.

    `document_no` is set when another node than the holder issues the document and numbered it.
    """

    case_no: str
    actor: Actor
    expected_seq: int | None = None
    decided_on: date | None = None
    document_no: str = ""
    paper: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class ReceiveCase(Command):
    """T1, T2: a contact came in through intake. `text_digest` vouches for its text; "" when it says nothing."""

    MESSAGE: ClassVar[Message] = Message("receive-case")
    channel: str
    received_on: date
    received_at: datetime
    persons: int
    representatives: int
    text_digest: str
    petitioner_key: str
    anonymous: bool = False
    posted_on: date | None = None
    person_keys: tuple[str, ...] = ()
    split_from: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class RegisterCase(Command):
    """T3: purpose, category, place and claims are settled, the check for the same matter is done."""

    MESSAGE: ClassVar[Message] = Message("register-case")
    purpose: str
    petition_class: PetitionClass
    category: tuple[str, ...]
    place: str
    claims: tuple[Claim, ...]
    same_matter_checked: bool
    recused: tuple[str, ...] = ()
    reasons: tuple[Reason, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class MergeCase(Command):
    """T4: the same person has an earlier open case on the same matter; this one joins it."""

    MESSAGE: ClassVar[Message] = Message("merge-case")
    into: str


@dataclass(frozen=True, kw_only=True, slots=True)
class TransferCase(Command):
    """T12, T13 (转送): to an organ of this node, a lower node or one of its organs; `direct` skips a level (CF-38)."""

    MESSAGE: ClassVar[Message] = Message("transfer-case")
    to_node: str
    to_unit: str = ""
    direct: bool = False
    assists: tuple[str, ...] = ()
    reasons: tuple[Reason, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class AssignCase(Command):
    """T14 (交办): like a transfer, with a day by which the result is reported back (R-22-6)."""

    MESSAGE: ClassVar[Message] = Message("assign-case")
    to_node: str
    report_due: date
    to_unit: str = ""
    direct: bool = False
    assists: tuple[str, ...] = ()
    reasons: tuple[Reason, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class DeliverCase(Command):
    """T15: this node's server takes the case that was offered to it."""

    MESSAGE: ClassVar[Message] = Message("deliver-case")


@dataclass(frozen=True, kw_only=True, slots=True)
class RefuseTransfer(Command):
    """T50: the receiving node's server could not take the case, for the reason `code`."""

    MESSAGE: ClassVar[Message] = Message("refuse-transfer")
    code: str


@dataclass(frozen=True, kw_only=True, slots=True)
class TakeBack(Command):
    """T17, completed: the sender's server takes the case back after an upheld objection."""

    MESSAGE: ClassVar[Message] = Message("take-back")


@dataclass(frozen=True, kw_only=True, slots=True)
class ObjectToTransfer(Command):
    """T16 (异议): within five working days, with reasons and basis in `paper`, and the organ thought competent."""

    MESSAGE: ClassVar[Message] = Message("object-to-transfer")
    proposed_organ: str


@dataclass(frozen=True, kw_only=True, slots=True)
class UpholdObjection(Command):
    """T17: the sender takes the case back."""

    MESSAGE: ClassVar[Message] = Message("uphold-objection")


@dataclass(frozen=True, kw_only=True, slots=True)
class RefuseObjection(Command):
    """T18: the objection fails, the original limits stand (R-23-9)."""

    MESSAGE: ClassVar[Message] = Message("refuse-objection")


@dataclass(frozen=True, kw_only=True, slots=True)
class AcceptCase(Command):
    """T21: the competent organ accepts and tells the petitioner (DOC-3)."""

    MESSAGE: ClassVar[Message] = Message("accept-case")


@dataclass(frozen=True, kw_only=True, slots=True)
class ClassifyCase(Command):
    """T24: every claim has its class and route; this issue's road needs RT6 for all of them."""

    MESSAGE: ClassVar[Message] = Message("classify-case")
    claims: tuple[Claim, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class ExtendHandling(Command):
    """T30: once, at most 30 days, before the raw due day, approved by the head of the unit (R-34-2)."""

    MESSAGE: ClassVar[Message] = Message("extend-handling")
    days: int


@dataclass(frozen=True, kw_only=True, slots=True)
class SubmitOpinion(Command):
    """T31, first half: the draft opinion goes to the head of the unit, each claim answered (R-32-1, R-32-2)."""

    MESSAGE: ClassVar[Message] = Message("submit-opinion")
    outcomes: tuple[ClaimOutcome, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class SignOpinion(Command):
    """T31, second half: the opinion is signed and numbered (DOC-9)."""

    MESSAGE: ClassVar[Message] = Message("sign-opinion")


@dataclass(frozen=True, kw_only=True, slots=True)
class ReturnOpinion(Command):
    """T46: the head of the unit returns the draft."""

    MESSAGE: ClassVar[Message] = Message("return-opinion")


@dataclass(frozen=True, kw_only=True, slots=True)
class ServeOpinion(Command):
    """T32: the opinion reached the petitioner, with proof (D-15)."""

    MESSAGE: ClassVar[Message] = Message("serve-opinion")
    service: ProofOfService


@dataclass(frozen=True, kw_only=True, slots=True)
class RecordService(Command):
    """T51: another document reached the petitioner, with proof (D-15); `served` is its number."""

    MESSAGE: ClassVar[Message] = Message("record-service")
    served: str
    service: ProofOfService


@dataclass(frozen=True, kw_only=True, slots=True)
class FileReport(Command):
    """T33, and T47 after a return: the conclusion report on an assigned case (DOC-10)."""

    MESSAGE: ClassVar[Message] = Message("file-report")


@dataclass(frozen=True, kw_only=True, slots=True)
class AcceptReport(Command):
    """T34: the assigner is content with the report."""

    MESSAGE: ClassVar[Message] = Message("accept-report")


@dataclass(frozen=True, kw_only=True, slots=True)
class ReturnReport(Command):
    """T34: the assigner returns the report for rework."""

    MESSAGE: ClassVar[Message] = Message("return-report")


@dataclass(frozen=True, kw_only=True, slots=True)
class RequestReview(Command):
    """T35: the petitioner asks for a review (复查); `posted_on` is the postmark when sent by mail (D-8)."""

    MESSAGE: ClassVar[Message] = Message("request-review")
    received_on: date
    posted_on: date | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class AdmitReview(Command):
    """T36: the reviewing organ admits the request."""

    MESSAGE: ClassVar[Message] = Message("admit-review")


@dataclass(frozen=True, kw_only=True, slots=True)
class DeclineReview(Command):
    """T36: the reviewing organ refuses the request on a ground of R-35-5."""

    MESSAGE: ClassVar[Message] = Message("decline-review")
    ground: str


@dataclass(frozen=True, kw_only=True, slots=True)
class DecideReview(Command):
    """T37: the review opinion. Upheld or amended, it is served; set aside, the case is handled anew (R-35-4)."""

    MESSAGE: ClassVar[Message] = Message("decide-review")
    disposition: Disposition
    service: ProofOfService | None = None
    rehandle_days: int = 60


@dataclass(frozen=True, kw_only=True, slots=True)
class RequestFinalReview(Command):
    """T38: the petitioner asks for the final review (复核)."""

    MESSAGE: ClassVar[Message] = Message("request-final-review")
    received_on: date
    posted_on: date | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class LapseCase(Command):
    """T41: the right to ask for a review ran out unused; the system closes the case."""

    MESSAGE: ClassVar[Message] = Message("lapse-case")


@dataclass(frozen=True, kw_only=True, slots=True)
class WithdrawCase(Command):
    """T42: the petitioner withdraws of free will, which is recorded."""

    MESSAGE: ClassVar[Message] = Message("withdraw-case")
    free_will_recorded: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class ArchiveCase(Command):
    """T43: the file is complete and goes to the archive."""

    MESSAGE: ClassVar[Message] = Message("archive-case")


@dataclass(frozen=True, kw_only=True, slots=True)
class RequestCompletion(Command):
    """T45: facts are missing; the petitioner is asked for them. No statutory clock stops (CF-35)."""

    MESSAGE: ClassVar[Message] = Message("request-completion")


@dataclass(frozen=True, kw_only=True, slots=True)
class ReceiveCompletion(Command):
    """T45, back: the missing facts have come."""

    MESSAGE: ClassVar[Message] = Message("receive-completion")
