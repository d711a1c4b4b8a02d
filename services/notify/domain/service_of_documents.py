"""Service of documents (送达): which document the petitioner must get, how it was sent, and what proves it.

The case itself holds the proof (T32, T37, T40, T51): only its events make a service `served`, and only they start a
clock. What is kept here is the desk's list: what is still unserved, what is under way by post or by announcement, what
came back. A proof that is not in the case's history is none.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any

from lianxi.casework.messages import events as e
from lianxi.casework.messages.facts import DocumentKind, ServiceMethod
from lianxi.casework.messages.final_review import FinalReviewDecided

ANNOUNCEMENT_DAYS = 30
OF_THEIR_OWN_STEP = {DocumentKind.OPINION.value: "serve-opinion"}
"""Documents whose service is a step of the case beside T51."""


class ServiceState(StrEnum):
    """How far the service of a document is."""

    UNSERVED = "unserved"
    UNDER_WAY = "under-way"
    SERVED = "served"
    RETURNED = "returned"


@dataclass(frozen=True, kw_only=True, slots=True)
class ServiceOfDocument:
    """One document of a case and its way to the petitioner."""

    case_no: str
    number: str
    kind: str
    issued_on: date
    state: ServiceState = ServiceState.UNSERVED
    method: str = ""
    began_on: date | None = None
    tracking_no: str = ""
    served_on: date | None = None
    proof: str = ""
    note: str = ""
    changed_by: str = ""
    changed_at: datetime | None = None

    @property
    def earliest(self) -> date | None:
        """The first day an announcement counts as service (CF-18); None for every other way."""
        if self.method != ServiceMethod.ANNOUNCEMENT or self.began_on is None:
            return None
        return self.began_on + timedelta(days=ANNOUNCEMENT_DAYS)

    @property
    def command(self) -> str:
        """The step of the case that records its service."""
        return OF_THEIR_OWN_STEP.get(self.kind, "record-service")


@dataclass(frozen=True, kw_only=True, slots=True)
class Served:
    """What an event says about a service: of the document `number`, or of the newest one of `kind`."""

    case_no: str
    number: str
    kind: str
    method: str
    served_on: date
    proof: str
    by: str
    at: datetime


def issued(event: Any, kinds: frozenset[str]) -> ServiceOfDocument | None:
    """Return the document of an event that has to be served, None if it has none."""
    document = getattr(event, "document", None)
    if document is None or document.kind.value not in kinds:
        return None
    return ServiceOfDocument(
        case_no=event.head.case_no, number=document.number, kind=document.kind.value, issued_on=document.issued_on
    )


def proofs(event: Any) -> Iterator[Served]:
    """Yield the service an event proves."""
    match event:
        case e.OpinionServed():
            yield _served(event, "", DocumentKind.OPINION.value)
        case e.DocumentServed():
            yield _served(event, event.served, "")
        case e.ReviewDecided() | FinalReviewDecided():
            yield _served(event, event.document.number, "")


def _served(event: Any, number: str, kind: str) -> Served:
    return Served(
        case_no=event.head.case_no,
        number=number,
        kind=kind,
        method=event.service.method.value,
        served_on=event.served_on,
        proof=event.service.proof,
        by=event.head.actor.person,
        at=event.head.at,
    )
