"""The case: everything its events have told so far. A value; each event makes the next one (`evolve`)."""

from dataclasses import dataclass
from datetime import date, datetime

from lianxi.casework.identifiers import DivisionCode, DivisionLevel
from lianxi.casework.messages.facts import (
    TERMINAL_STATES,
    CaseState,
    Claim,
    ClaimOutcome,
    Disposition,
    Document,
    PetitionClass,
    Transfer,
)
from lianxi.casework.messages.hearing import HearingDays
from lianxi.casework.messages.petitioner import CallBack


@dataclass(frozen=True, kw_only=True, slots=True)
class Case:
    """The state of one case (事项), as far as its history goes.

    `holder` is the one node with custody, `unit` the organ that handles it ("" at a petition department), `epoch`
    grows with each change of custody, `head_digest` is the last link of the hash chain. Days are days in Asia/Shanghai.

    `follows` is the case closed for good beside which this one is a new matter. `returns` holds a pair of organs for
    each time the case came back between them (`jurisdiction.pair`); `designated` is the organ that a decision under
    Art. 24 made competent; `assisted` are the assisting units that gave their part; `report` is "filed" or "returned"
    while the assigner's check is not over; `hearing_since` is the day of the notice of a hearing that is not closed
    yet, `final_hearings` are those of the final review that are over; `ended_as` is the end the case came to,
    `lapsed_from` the state in which a right ran out; `ratings` holds the last rating of each who was rated,
    as "unit:satisfied", `call_backs` are those still owed for one of them.
    """

    case_no: str
    state: CaseState = CaseState.DRAFT
    holder: str = ""
    unit: str = ""
    epoch: int = 1
    seq: int = 0
    head_digest: str = ""
    path: tuple[str, ...] = ()
    updated_at: datetime | None = None

    channel: str = ""
    received_on: date | None = None
    registered_on: date | None = None
    persons: int = 1
    anonymous: bool = False
    petitioner_key: str = ""
    text_digest: str = ""
    purpose: str = ""
    petition_class: PetitionClass | None = None
    category: tuple[str, ...] = ()
    place: str = ""
    claims: tuple[Claim, ...] = ()
    recused: tuple[str, ...] = ()
    merged_into: str = ""
    split_from: str = ""
    split_into: tuple[str, ...] = ()
    follows: str = ""

    transfer: Transfer | None = None
    sender: str = ""
    assigned_by: str = ""
    report_due: date | None = None
    delivered_on: date | None = None
    objections: int = 0
    late_objection: bool = False
    proposed_organ: str = ""
    returns: tuple[str, ...] = ()
    assists: tuple[str, ...] = ()
    assisted: tuple[str, ...] = ()
    dispute_parties: tuple[str, ...] = ()
    dispute_stage: str = ""
    dispute_node: str = ""
    designated: str = ""
    resume_state: CaseState | None = None
    completion_asked_on: date | None = None
    urged_on: date | None = None
    ratings: tuple[str, ...] = ()
    call_backs: tuple[CallBack, ...] = ()

    accepted_on: date | None = None
    extension_days: int = 0
    outcomes: tuple[ClaimOutcome, ...] = ()
    handlers: tuple[str, ...] = ()
    round_number: int = 1
    signed_on: date | None = None
    served_on: date | None = None
    reviewing_node: str = ""
    disposition: Disposition | None = None
    review_served_on: date | None = None
    final_received_on: date | None = None
    hearing_since: date | None = None
    final_hearings: tuple[HearingDays, ...] = ()
    report: str = ""
    ended_on: date | None = None
    ended_as: CaseState | None = None
    lapsed_from: CaseState | None = None
    documents: tuple[Document, ...] = ()
    served_documents: tuple[str, ...] = ()

    @property
    def in_transfer(self) -> bool:
        """Custody has been offered and not yet answered; nothing else may be done meanwhile."""
        return self.transfer is not None

    @property
    def assists_missing(self) -> tuple[str, ...]:
        """The assisting units whose part is still to come."""
        return tuple(unit for unit in self.assists if unit not in self.assisted)

    @property
    def is_open(self) -> bool:
        """Not at an end."""
        return self.state not in TERMINAL_STATES


def reviewing_node(handling_node: str) -> str:
    """The node whose government reviews (复查): one level up for a township, the own one for a department (RO-1…4)."""
    division = DivisionCode.parse(handling_node)
    if division.level is DivisionLevel.TOWNSHIP and division.parent is not None:
        return str(division.parent)
    return handling_node


def final_reviewing_node(handling_node: str) -> str:
    """The node for the final review (复核): above the reviewing one; "" when that is the province."""
    parent = DivisionCode.parse(reviewing_node(handling_node)).parent
    return "" if parent is None or str(parent) == reviewing_node(handling_node) else str(parent)
