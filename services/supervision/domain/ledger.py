"""The ledger: one row per case of the subtree, with what lists, boards and performance indices ask for.

The state machine is `lianxi.casework.case.evolve`, the same as in routing: a row remembers of a case what the next
event needs (`as_case`), and `recorded` takes over what the event has changed. The lamp is not stored: a row holds the
first days of yellow and red among its open duties, so that it turns at midnight without anybody writing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from lianxi.casework.case.state import Case
from lianxi.casework.messages import dispute as d
from lianxi.casework.messages import events as e
from lianxi.casework.messages.direct_filing import FiledAtOrgan
from lianxi.casework.messages.facts import CaseState, PetitionClass
from lianxi.casework.messages.petitioner import CaseRated, Rated
from lianxi.casework.messages.sorting import CaseDeclined, NewMatterOpened, RepeatFound
from lianxi.casework.values import replace
from lianxi.law.clocks import ClockCode
from services.supervision.domain.clocks import REPLY_CLOCKS, ClockRow, Nature, Status

AT_ORGAN = "T22"
"""What an organ sends on that was brought to itself is no disposal by a petition department (K-1)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class LedgerRow:
    """One case. `inside` says that it is held in this node's subtree; a case handed back upwards is not any more.

    `seq` and `head_digest` say how far its history was read, so that a history rewritten later is found out.
    `petition_accepted_on` is the day on which a petition department first sent it on (K-1), `organ_node`, `organ_unit`
    and `organ_reached_on` name the competent organ it has reached (K-2), `reply_due` and `replied_on` are the unrolled
    day by which the answer is due and the day on which it was signed (K-4). `repeat_of` is the earlier case that this
    one was found to repeat (K-7, K-10); the ratings are those of the organ and of the petition department (K-6).
    """

    case_no: str
    state: str = CaseState.DRAFT.value
    holder: str = ""
    unit: str = ""
    inside: bool = True
    seq: int = 0
    head_digest: str = ""
    epoch: int = 1
    channel: str = ""
    petition_class: str = ""
    category: str = ""
    place: str = ""
    persons: int = 1
    received_on: date | None = None
    registered_on: date | None = None
    registered_node: str = ""
    merged_into: str = ""
    held_since: datetime | None = None
    in_transfer_since: datetime | None = None
    in_transfer_to: str = ""
    sender: str = ""
    assigned_by: str = ""
    reviewing_node: str = ""
    report_due: date | None = None
    round_number: int = 1
    petition_accepted_on: date | None = None
    organ_node: str = ""
    organ_unit: str = ""
    organ_reached_on: date | None = None
    accepted_on: date | None = None
    reply_due: date | None = None
    replied_on: date | None = None
    served_on: date | None = None
    concluded_on: date | None = None
    repeat_of: str = ""
    unit_rated_on: date | None = None
    unit_rating: str = ""
    department_rated_on: date | None = None
    department_rating: str = ""
    next_clock: str = ""
    next_due: date | None = None
    yellow_from: date | None = None
    red_from: date | None = None
    updated_at: datetime | None = None


def as_case(row: LedgerRow) -> Case:
    """The case as far as the ledger remembers it: enough for the next event."""
    return Case(
        case_no=row.case_no,
        state=CaseState(row.state),
        holder=row.holder,
        unit=row.unit,
        epoch=row.epoch,
        seq=row.seq,
        path=(row.holder,),
        channel=row.channel,
        received_on=row.received_on,
        registered_on=row.registered_on,
        persons=row.persons,
        petition_class=PetitionClass(row.petition_class) if row.petition_class else None,
        category=(row.category,),
        place=row.place,
        merged_into=row.merged_into,
        sender=row.sender,
        assigned_by=row.assigned_by,
        reviewing_node=row.reviewing_node,
        report_due=row.report_due,
        accepted_on=row.accepted_on,
        round_number=row.round_number,
        signed_on=row.replied_on,
        served_on=row.served_on,
        ended_on=row.concluded_on,
    )


def recorded(row: LedgerRow, event: e.CaseEvent, case: Case) -> LedgerRow:
    """The row after `event`; `case` is the case after it."""
    row = replace(
        row,
        state=case.state.value,
        holder=case.holder,
        unit=case.unit,
        seq=case.seq,
        head_digest=case.head_digest,
        epoch=case.epoch,
        channel=case.channel,
        petition_class=case.petition_class.value if case.petition_class else "",
        category=case.category[0] if case.category else "",
        place=case.place,
        persons=case.persons,
        received_on=case.received_on,
        registered_on=case.registered_on,
        merged_into=case.merged_into,
        sender=case.sender,
        assigned_by=case.assigned_by,
        reviewing_node=case.reviewing_node,
        report_due=case.report_due,
        round_number=case.round_number,
        accepted_on=case.accepted_on,
        served_on=case.served_on,
        concluded_on=case.ended_on,
        held_since=row.held_since if case.holder == row.holder and row.held_since else event.head.at,
        updated_at=event.head.at,
    )
    return _with_verdicts(_with_figures(_with_transfer(row, event), event), event)


def _with_transfer(row: LedgerRow, event: e.CaseEvent) -> LedgerRow:
    """Note that custody is on its way, since when and to whom, or that it has arrived or come back."""
    if isinstance(event, e.CaseTransferred | e.CaseAssigned | e.ObjectionUpheld):
        return replace(row, in_transfer_since=event.transfer.offered_at, in_transfer_to=event.transfer.to_node)
    if isinstance(event, d.OrganDesignated) and event.transfer is not None:
        return replace(row, in_transfer_since=event.transfer.offered_at, in_transfer_to=event.transfer.to_node)
    if isinstance(event, e.CaseDelivered | e.CaseReturned | e.TransferRefused):
        return replace(row, in_transfer_since=None, in_transfer_to="")
    return row


def _with_figures(row: LedgerRow, event: e.CaseEvent) -> LedgerRow:
    """Note what the performance indices need of this event."""
    match event:
        case e.CaseRegistered():
            return replace(row, registered_node=event.head.node)
        case e.CaseTransferred() | e.CaseAssigned() if event.head.act != AT_ORGAN:
            return replace(row, petition_accepted_on=row.petition_accepted_on or event.document.issued_on)
        case _:
            return _with_organ(row, event)


def _with_organ(row: LedgerRow, event: e.CaseEvent) -> LedgerRow:
    """Note which organ has the case, and since when."""
    match event:
        case FiledAtOrgan(unit=unit, filed_on=day):
            return replace(row, organ_node=row.holder, organ_unit=unit, organ_reached_on=day)
        case e.CaseDelivered(transfer=transfer, delivered_on=day, state=CaseState.AWAITING_ACCEPTANCE):
            return replace(row, organ_node=transfer.to_node, organ_unit=transfer.to_unit, organ_reached_on=day)
        case d.OrganDesignated(moved=True, transfer=None, lead=unit, designated_on=day):
            return replace(row, organ_node=row.holder, organ_unit=unit, organ_reached_on=day)
        case e.CaseReturned():
            return replace(row, organ_node="", organ_unit="", organ_reached_on=None)
    return row


def _with_verdicts(row: LedgerRow, event: e.CaseEvent) -> LedgerRow:
    """Note of which case this one is a repeat, and how the petitioner rated last (PR-22)."""
    match event:
        case e.CaseMerged(into=earlier) | CaseDeclined(earlier=earlier) | RepeatFound(earlier=earlier):
            return replace(row, repeat_of=earlier)
        case NewMatterOpened():
            return replace(row, repeat_of="")
        case CaseRated(rated=Rated.UNIT, rated_on=day, rating=rating):
            return replace(row, unit_rated_on=day, unit_rating=rating.value)
        case CaseRated(rated_on=day, rating=rating):
            return replace(row, department_rated_on=day, department_rating=rating.value)
    return row


def summarised(row: LedgerRow, clocks: Sequence[ClockRow], *, inside: bool) -> LedgerRow:
    """The row with what is due next, its lamp's days, and the days of the answer, all read off the clocks.

    While a duty is open it is what counts; a case that only waits for its petitioner shows the petitioner's last day
    and has no lamp. A rating is asked for, never waited for.
    """
    running = [clock for clock in clocks if clock.runs]
    duties = [clock for clock in running if clock.nature is Nature.DUTY]
    rights = [clock for clock in running if clock.nature is Nature.RIGHT and clock.code != ClockCode.RATE]
    soonest = min(duties or rights, key=lambda clock: (clock.legal_due, clock.code), default=None)
    replies = [clock for clock in clocks if clock.code in REPLY_CLOCKS and clock.status != Status.CANCELLED]
    reply = max(replies, key=lambda clock: clock.opened_seq, default=None)
    return replace(
        row,
        inside=inside,
        next_clock=soonest.code if soonest else "",
        next_due=soonest.legal_due if soonest else None,
        yellow_from=min((clock.yellow_on for clock in duties), default=None),
        red_from=min((clock.red_on for clock in duties), default=None),
        reply_due=reply.raw_due if reply else None,
        replied_on=reply.closed_on if reply else None,
    )
