"""Mediation and settlement (调解, 和解) in handling: with the consent of both sides, ended by an agreement or without.

An agreement concludes the matter (Art. 33, R-33-1); without one, handling goes on. No clock stops meanwhile (D-9).
"""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import ClassVar

from lianxi.casework.messages.commands import Command
from lianxi.casework.messages.events import CaseEvent
from lianxi.casework.messages.facts import CaseState, Document
from lianxi.casework.messages.wire import Message


class MediationOutcome(StrEnum):
    """How it ended: an agreement through a mediator, one between the parties themselves, or none."""

    MEDIATED = "mediated"
    SETTLED = "settled"
    FAILED = "failed"


@dataclass(frozen=True, kw_only=True, slots=True)
class OpenMediation(Command):
    """T29: both sides want to come to terms; `paper` says that they do, and who mediates."""

    MESSAGE: ClassVar[Message] = Message("open-mediation")


@dataclass(frozen=True, kw_only=True, slots=True)
class CloseMediation(Command):
    """T29: the agreement is signed (DOC-13), or it is recorded why there is none."""

    MESSAGE: ClassVar[Message] = Message("close-mediation")
    outcome: MediationOutcome


@dataclass(frozen=True, kw_only=True, slots=True)
class MediationOpened(CaseEvent):
    """T29: both sides have consented."""

    MESSAGE: ClassVar[Message] = Message("mediation-opened")
    opened_on: date
    document: Document


@dataclass(frozen=True, kw_only=True, slots=True)
class MediationClosed(CaseEvent):
    """T29: over; `state` is the end of the case after an agreement, else handling goes on."""

    MESSAGE: ClassVar[Message] = Message("mediation-closed")
    closed_on: date
    outcome: MediationOutcome
    state: CaseState
    document: Document
