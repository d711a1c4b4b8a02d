"""What a petitioner does with the own case while others handle it: material, urging, rating, and what comes too late.

None of it moves the case: T54 adds material, T55 urges it on, T56 rates the petition department or the organ (PR-21).
Whoever was rated 不满意 owes a call-back (回访, PR-23), which T58 records. The words travel as the text of a document
or stay at intake; an event says only that, when and by whom.
"""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import ClassVar

from lianxi.casework.messages.commands import Command
from lianxi.casework.messages.events import CaseEvent
from lianxi.casework.messages.facts import CaseState, Document
from lianxi.casework.messages.wire import Message


class Rated(StrEnum):
    """Who is rated: the petition department (信访部门) or the organ that handled the matter (责任单位)."""

    DEPARTMENT = "department"
    UNIT = "unit"


class Rating(StrEnum):
    """满意, 基本满意, 不满意 (K-18)."""

    SATISFIED = "satisfied"
    MOSTLY = "mostly"
    DISSATISFIED = "dissatisfied"


@dataclass(frozen=True, kw_only=True, slots=True)
class CallBack:
    """A call-back that is owed: for the rating of whom, by which node and unit ("" is its petition department).

    `attempts` counts the calls that reached nobody; they do not end it.
    """

    rated: Rated
    node: str
    unit: str
    since: datetime
    attempts: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class AddMaterial(Command):
    """T54: the petitioner brings more; `paper["text"]` says what."""

    MESSAGE: ClassVar[Message] = Message("add-material")


@dataclass(frozen=True, kw_only=True, slots=True)
class UrgeCase(Command):
    """T55: the petitioner asks for the matter to be hurried on."""

    MESSAGE: ClassVar[Message] = Message("urge-case")


@dataclass(frozen=True, kw_only=True, slots=True)
class RateCase(Command):
    """T56: how satisfied the petitioner is, and with whom."""

    MESSAGE: ClassVar[Message] = Message("rate-case")
    rated: Rated
    rating: Rating


@dataclass(frozen=True, kw_only=True, slots=True)
class RecordCallBack(Command):
    """T58: the rated organ called back on `called_on`; `paper` says who called, what was said and what follows."""

    MESSAGE: ClassVar[Message] = Message("record-call-back")
    rated: Rated
    called_on: date
    reached: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class LapseCompletion(Command):
    """T45: nothing came within the days given; the matter goes on with what is known (CF-35)."""

    MESSAGE: ClassVar[Message] = Message("lapse-completion")


@dataclass(frozen=True, kw_only=True, slots=True)
class MaterialAdded(CaseEvent):
    """T54: the petitioner's material stands in the document."""

    MESSAGE: ClassVar[Message] = Message("material-added")
    added_on: date
    document: Document


@dataclass(frozen=True, kw_only=True, slots=True)
class CaseUrged(CaseEvent):
    """T55: the petitioner urged the matter on."""

    MESSAGE: ClassVar[Message] = Message("case-urged")
    urged_on: date
    document: Document


@dataclass(frozen=True, kw_only=True, slots=True)
class CaseRated(CaseEvent):
    """T56: the petitioner rated the department or the organ.

    `call_back_node` and `call_back_unit` say who owes a call-back from now on, if the rating asks for one that was not
    owed yet; `call_back_withdrawn` says that the new rating ends one that was (PR-23).
    """

    MESSAGE: ClassVar[Message] = Message("case-rated")
    rated_on: date
    rated: Rated
    rating: Rating
    call_back_node: str = ""
    call_back_unit: str = ""
    call_back_withdrawn: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class CallBackRecorded(CaseEvent):
    """T58: the rated organ called back; only a call that `reached` the petitioner ends what is owed."""

    MESSAGE: ClassVar[Message] = Message("call-back-recorded")
    rated: Rated
    called_on: date
    reached: bool
    document: Document


@dataclass(frozen=True, kw_only=True, slots=True)
class CompletionLapsed(CaseEvent):
    """T45: the time for the missing facts ran out; `state` is where the case goes on."""

    MESSAGE: ClassVar[Message] = Message("completion-lapsed")
    lapsed_on: date
    state: CaseState
