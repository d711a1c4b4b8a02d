"""Where a case belongs that takes no ordinary road: T5–T11 at the petition department, T23 and T25–T27 at the organ.

Also T52, the splitting of one contact with several claims into cases of their own (R-31-8), and T57, that a case was
found to repeat an earlier one, or to be a new matter beside it (T44). Each of these acts but T57 issues a document that
says why; all but T10, T44, T52 and T57 end the case here.
"""

from dataclasses import dataclass
from datetime import date
from typing import ClassVar

from lianxi.casework.messages.commands import Command
from lianxi.casework.messages.events import CaseEvent
from lianxi.casework.messages.facts import CaseState, Claim, Document, PetitionClass, Reason
from lianxi.casework.messages.wire import Message


@dataclass(frozen=True, kw_only=True, slots=True)
class DeclineCase(Command):
    """T5: the same matter is accepted or in handling elsewhere, or its review period runs (R-19-3)."""

    MESSAGE: ClassVar[Message] = Message("decline-case")
    earlier: str


@dataclass(frozen=True, kw_only=True, slots=True)
class BarCase(Command):
    """T6: the matter is closed for good and nothing new is brought forward (R-36-3, R-36-4)."""

    MESSAGE: ClassVar[Message] = Message("bar-case")
    earlier: str


@dataclass(frozen=True, kw_only=True, slots=True)
class OpenNewMatter(Command):
    """T44: the earlier case is closed for good, but new facts or reasons make this a matter of its own (R-36-3)."""

    MESSAGE: ClassVar[Message] = Message("open-new-matter")
    earlier: str


@dataclass(frozen=True, kw_only=True, slots=True)
class GuidePetitioner(Command):
    """T7: the petitioner is told on the spot where to go; `ground` is one of GUIDANCE_GROUNDS (R-20-5, R-22-8)."""

    MESSAGE: ClassVar[Message] = Message("guide-petitioner")
    ground: str


@dataclass(frozen=True, kw_only=True, slots=True)
class SendToJudiciary(Command):
    """T8: a letter about a matter of litigation goes to the organ of justice of this level (R-22-7)."""

    MESSAGE: ClassVar[Message] = Message("send-to-judiciary")


@dataclass(frozen=True, kw_only=True, slots=True)
class SendSealed(Command):
    """T9: an accusation goes, sealed, to the organ with authority over the accused; never to those (R-22-9, GD-1)."""

    MESSAGE: ClassVar[Message] = Message("send-sealed")
    to_organ: str
    accused: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class ReferUp(Command):
    """T10: a major or urgent matter goes to Party committee and government for a decision (R-22-4)."""

    MESSAGE: ClassVar[Message] = Message("refer-up")


@dataclass(frozen=True, kw_only=True, slots=True)
class FollowInstruction(Command):
    """T11: the leaders decided where the case goes; with a day for the report it is an assignment."""

    MESSAGE: ClassVar[Message] = Message("follow-instruction")
    to_node: str
    to_unit: str = ""
    direct: bool = False
    report_due: date | None = None
    assists: tuple[str, ...] = ()
    reasons: tuple[Reason, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class RejectCase(Command):
    """T23: the organ does not (no longer) accept, because of an earlier case (R-19-3, R-36-3)."""

    MESSAGE: ClassVar[Message] = Message("reject-case")
    earlier: str
    for_good: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class AnswerSuggestion(Command):
    """T25: a suggestion is answered: adopted, in part, or not, and why (R-29-1)."""

    MESSAGE: ClassVar[Message] = Message("answer-suggestion")
    adoption: str


@dataclass(frozen=True, kw_only=True, slots=True)
class RedirectToStatutoryRoute(Command):
    """T26: litigation, arbitration, Party or administrative procedure is the road; the petitioner is led there (C8)."""

    MESSAGE: ClassVar[Message] = Message("redirect-to-statutory-route")
    claims: tuple[Claim, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class ClassifyAsDuty(Command):
    """T27, first half: every claim asks the organ to do its legal duty (RT5); a special law may set `days` for it."""

    MESSAGE: ClassVar[Message] = Message("classify-as-duty")
    claims: tuple[Claim, ...]
    days: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class PerformDuty(Command):
    """T27: the organ did its legal duty and answers (R-31-5)."""

    MESSAGE: ClassVar[Message] = Message("perform-duty")
    claims: tuple[Claim, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class CasePart:
    """What becomes a case of its own: the numbers of its claims, its class, category and place."""

    claims: tuple[int, ...]
    petition_class: PetitionClass
    category: tuple[str, ...]
    place: str


@dataclass(frozen=True, kw_only=True, slots=True)
class SplitCase(Command):
    """T52: claims of one contact become cases of their own, whose numbers the node gives.

    `claims` names class and route of claims that are settled with it, moved or not, by their numbers in this case.
    What is not said of a claim stays; one that never had a class has that of its part.
    """

    MESSAGE: ClassVar[Message] = Message("split-case")
    parts: tuple[CasePart, ...]
    into_cases: tuple[str, ...] = ()
    claims: tuple[Claim, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class CaseDeclined(CaseEvent):
    """T5, T6, T23: not accepted, because of the case `earlier`; `state` says whether for good."""

    MESSAGE: ClassVar[Message] = Message("case-declined")
    earlier: str
    state: CaseState
    document: Document


@dataclass(frozen=True, kw_only=True, slots=True)
class PetitionerGuided(CaseEvent):
    """T7: told where to go."""

    MESSAGE: ClassVar[Message] = Message("petitioner-guided")
    ground: str
    document: Document


@dataclass(frozen=True, kw_only=True, slots=True)
class SentToJudiciary(CaseEvent):
    """T8: with the organ of justice."""

    MESSAGE: ClassVar[Message] = Message("sent-to-judiciary")
    document: Document


@dataclass(frozen=True, kw_only=True, slots=True)
class SentSealed(CaseEvent):
    """T9: with the organ that has authority; the event says neither which nor about whom."""

    MESSAGE: ClassVar[Message] = Message("sent-sealed")
    document: Document


@dataclass(frozen=True, kw_only=True, slots=True)
class ReferredUp(CaseEvent):
    """T10: waiting for the leaders' decision."""

    MESSAGE: ClassVar[Message] = Message("referred-up")
    document: Document


@dataclass(frozen=True, kw_only=True, slots=True)
class InstructionRecorded(CaseEvent):
    """T11: the decision is on file; the transfer or assignment follows it."""

    MESSAGE: ClassVar[Message] = Message("instruction-recorded")
    document: Document


@dataclass(frozen=True, kw_only=True, slots=True)
class SuggestionAnswered(CaseEvent):
    """T25: answered."""

    MESSAGE: ClassVar[Message] = Message("suggestion-answered")
    adoption: str
    document: Document


@dataclass(frozen=True, kw_only=True, slots=True)
class RouteShown(CaseEvent):
    """T26: led into a statutory procedure, claim by claim."""

    MESSAGE: ClassVar[Message] = Message("route-shown")
    claims: tuple[Claim, ...]
    document: Document


@dataclass(frozen=True, kw_only=True, slots=True)
class DutyFound(CaseEvent):
    """T27, first half: all claims on RT5; the answer is due within `days` of acceptance, the office's limit if None."""

    MESSAGE: ClassVar[Message] = Message("duty-found")
    claims: tuple[Claim, ...]
    accepted_on: date
    document: Document
    days: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class DutyPerformed(CaseEvent):
    """T27: the duty is done and answered."""

    MESSAGE: ClassVar[Message] = Message("duty-performed")
    claims: tuple[Claim, ...]
    document: Document


@dataclass(frozen=True, kw_only=True, slots=True)
class CaseSplit(CaseEvent):
    """T52: the claims `moved` went to the cases `into`; `claims` stayed."""

    MESSAGE: ClassVar[Message] = Message("case-split")
    into: tuple[str, ...]
    moved: tuple[int, ...]
    claims: tuple[Claim, ...]
    document: Document


@dataclass(frozen=True, kw_only=True, slots=True)
class RepeatFound(CaseEvent):
    """T57 (PR-3): somebody decided that the same person came before with the same matter, as the case `earlier`."""

    MESSAGE: ClassVar[Message] = Message("repeat-found")
    found_on: date
    earlier: str


@dataclass(frozen=True, kw_only=True, slots=True)
class NewMatterOpened(CaseEvent):
    """T44: a new matter beside the case `earlier`, which stays closed; what is new stands in the document."""

    MESSAGE: ClassVar[Message] = Message("new-matter-opened")
    opened_on: date
    earlier: str
    document: Document
