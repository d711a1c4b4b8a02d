"""The supervision order (督办) from proposal to answer: what is asked, and the number it gets.

A breach only proposes (SV0). A person with the right to sign gives it a number and a text (SV2), or dismisses it with
a reason; the unit's written answer is recorded on it (SV3). Nothing is ever deleted.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from lianxi.casework.identifiers import DocumentNumber
from lianxi.casework.messages.facts import Actor, DocumentKind


class ProposalStatus(StrEnum):
    """Where a proposal stands. WITHDRAWN: the clock turned out to have been kept before anybody signed."""

    PROPOSED = "proposed"
    ORDERED = "ordered"
    DISMISSED = "dismissed"
    WITHDRAWN = "withdrawn"
    ANSWERED = "answered"


@dataclass(frozen=True, kw_only=True, slots=True)
class Proposal:
    """A proposed order about one late clock, and what became of it. `reply_instance` is its own SUP_REPLY clock."""

    proposal_no: str
    case_no: str
    clock: str
    instance: int
    node: str
    unit: str
    trigger: str
    status: str
    proposed_at: datetime
    decided_at: datetime | None = None
    decided_by: str = ""
    reason: str = ""
    order_no: str = ""
    paper: Mapping[str, str] | None = None
    feedback_due: date | None = None
    reply_instance: int | None = None
    reply_document: str = ""

    @property
    def about(self) -> tuple[str, str, int]:
        """The clock it is about: case, code, instance."""
        return self.case_no, self.clock, self.instance


@dataclass(frozen=True, kw_only=True, slots=True)
class SignOrder:
    """Sign a proposal; `paper` is the text of the order."""

    proposal_no: str
    actor: Actor
    paper: Mapping[str, str]


@dataclass(frozen=True, kw_only=True, slots=True)
class DismissProposal:
    """Decide that no order is called for, and say why."""

    proposal_no: str
    actor: Actor
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class RecordFeedback:
    """The unit's written answer to an order has come: its number and day."""

    proposal_no: str
    actor: Actor
    document: str
    received_on: date


def order_number(mark: str, year: int, sequence: int) -> DocumentNumber:
    """The number of an order, counted per node and year: 宁信督〔2026〕12号 (DOC-17)."""
    return DocumentNumber(mark + DocumentKind.SUPERVISION_ORDER.value, year, sequence)
