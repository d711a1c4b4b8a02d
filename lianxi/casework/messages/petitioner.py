"""What a petitioner does with the own case while others handle it: material, urging, rating, and what comes too late.

None of it moves the case: T54 adds material, T55 urges it on, T56 rates the petition department or the organ (PR-21).
The words travel as the text of a document or stay at intake; an event says only that, when and by whom.
"""

from dataclasses import dataclass
from datetime import date
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
    """T56: the petitioner rated the department or the organ."""

    MESSAGE: ClassVar[Message] = Message("case-rated")
    rated_on: date
    rated: Rated
    rating: Rating


@dataclass(frozen=True, kw_only=True, slots=True)
class CompletionLapsed(CaseEvent):
    """T45: the time for the missing facts ran out; `state` is where the case goes on."""

    MESSAGE: ClassVar[Message] = Message("completion-lapsed")
    lapsed_on: date
    state: CaseState
