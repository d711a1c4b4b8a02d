"""The final review (复核) by the organ above the reviewing one: admitted or refused, decided, served, closed (Art. 36).

Its opinion is final: what has been through it is not accepted again on the same facts and reasons (R-36-3).
"""

from dataclasses import dataclass
from datetime import date
from typing import ClassVar

from lianxi.casework.messages.commands import Command
from lianxi.casework.messages.events import CaseEvent
from lianxi.casework.messages.facts import Disposition, Document, ProofOfService
from lianxi.casework.messages.wire import Message


@dataclass(frozen=True, kw_only=True, slots=True)
class AdmitFinalReview(Command):
    """T39: the final reviewing organ admits the request."""

    MESSAGE: ClassVar[Message] = Message("admit-final-review")


@dataclass(frozen=True, kw_only=True, slots=True)
class DeclineFinalReview(Command):
    """T49: the final reviewing organ refuses the request on a ground of R-35-5; the case ends with that."""

    MESSAGE: ClassVar[Message] = Message("decline-final-review")
    ground: str


@dataclass(frozen=True, kw_only=True, slots=True)
class DecideFinalReview(Command):
    """T40: the final opinion, upholding or amending what was decided before, served with proof."""

    MESSAGE: ClassVar[Message] = Message("decide-final-review")
    disposition: Disposition
    service: ProofOfService


@dataclass(frozen=True, kw_only=True, slots=True)
class FinalReviewAdmitted(CaseEvent):
    """T39: admitted."""

    MESSAGE: ClassVar[Message] = Message("final-review-admitted")
    decided_on: date
    document: Document


@dataclass(frozen=True, kw_only=True, slots=True)
class FinalReviewDeclined(CaseEvent):
    """T49: refused, and the case is at its end."""

    MESSAGE: ClassVar[Message] = Message("final-review-declined")
    decided_on: date
    ground: str
    document: Document


@dataclass(frozen=True, kw_only=True, slots=True)
class FinalReviewDecided(CaseEvent):
    """T40: decided for good, and served."""

    MESSAGE: ClassVar[Message] = Message("final-review-decided")
    decided_on: date
    disposition: Disposition
    served_on: date
    service: ProofOfService
    document: Document


@dataclass(frozen=True, kw_only=True, slots=True)
class CaseClosedByFinalReview(CaseEvent):
    """T40: closed after three instances, by itself, as soon as no assigner waits for a report any more."""

    MESSAGE: ClassVar[Message] = Message("case-closed-by-final-review")
    closed_on: date
