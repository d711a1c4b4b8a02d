"""The state machine of a case as one table: T1–T49 of the rule book, T50 to T58 of our own.

Code, documents and the case page read this table. A row says from which states an act leads to which, who may do
it at which level of node, which guards must hold (`lianxi.casework.case.guards`), which document it issues, and what it
does to the clocks. `built=False` marks a row that is known but not offered yet: asking for it is refused as such.

T50 stands in no rule book: the receiving node's server may be unable to take a case (unknown unit, broken history).
Then the sender, who still holds it, routes it anew; one whose hand-back failed waits for another decision. T51 records
the proven service of every document that has no step of its own for it (D-15, DOC-16). T52 splits a case with several
claims, T53 is the part of an assisting unit, T54 to T56 are what a petitioner does meanwhile,
T57 is what the desk of repeats decided, T58 the call-back to a dissatisfied petitioner.
"""

import dataclasses
from datetime import date
from functools import reduce

from lianxi.casework.messages.direct_filing import FiledAtOrgan
from lianxi.casework.messages.dispute import OrganDesignated
from lianxi.casework.messages.events import (
    CaseAccepted,
    CaseAssigned,
    CaseEvent,
    CaseReturned,
    CaseTransferred,
    TransferRefused,
)
from lianxi.casework.messages.facts import CaseState, PetitionClass, Role, TransferKind
from lianxi.casework.messages.hearing import HearingClosed, HearingDays
from lianxi.casework.messages.petitioner import CaseRated, Rated
from lianxi.casework.transitions import before_acceptance, dispute, handling, petitioner, review_and_end, sorting
from lianxi.casework.transitions.row import ANY_OPEN, ClockEffect, Step, Transition

__all__ = [
    "ANY_OPEN",
    "TRANSITIONS",
    "ClockEffect",
    "ClockEffects",
    "ClockOpening",
    "Step",
    "Transition",
    "by_id",
    "clock_effects",
    "steps_for",
    "steps_from",
]

TRANSITIONS: tuple[Transition, ...] = tuple(
    sorted(
        (*before_acceptance.ROWS, *handling.ROWS, *review_and_end.ROWS, *sorting.ROWS, *dispute.ROWS, *petitioner.ROWS),
        key=lambda transition: int(transition.id.removeprefix("T")),
    )
)
_BY_ID = {transition.id: transition for transition in TRANSITIONS}


@dataclasses.dataclass(frozen=True, slots=True)
class ClockOpening:
    """A clock to open: its code, first day (day 0), and the length or day where the event sets it."""

    code: str
    start: date
    days: int | None = None
    report_due: date | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class ClockEffects:
    """What one recorded event does to the clocks of its case. `cancels_all` comes before `opens`.

    A clock `pauses` from a day on; one that `resumes` leaves out the days from the first to the second, both included.
    """

    opens: tuple[ClockOpening, ...] = ()
    closes: tuple[str, ...] = ()
    cancels: tuple[str, ...] = ()
    reopens: tuple[str, ...] = ()
    extends: tuple[tuple[str, int], ...] = ()
    pauses: tuple[tuple[str, date], ...] = ()
    resumes: tuple[tuple[str, date, date], ...] = ()
    cancels_all: bool = False


def by_id(transition_id: str) -> Transition:
    """Return the row `T1`…`T58`; KeyError when there is none."""
    return _BY_ID[transition_id]


def steps_for(command: str) -> tuple[tuple[Transition, Step], ...]:
    """Every step that a command may mean, in table order: (T12, …), (T13, …) for "transfer-case"."""
    return tuple((row, step) for row in TRANSITIONS for step in row.steps if step.command == command)


def steps_from(state: CaseState, role: Role) -> tuple[tuple[Transition, Step], ...]:
    """What a role may be offered in a state: built steps only."""
    return tuple(
        (row, step)
        for row in TRANSITIONS
        if row.built
        for step in row.steps
        if state in step.start and role in step.actors
    )


def clock_effects(event: CaseEvent) -> ClockEffects:
    """What a recorded case event does to the clocks, by the row of its act; the same at every node."""
    effect = _effect_of(event)
    closes, cancels = effect.closes, effect.cancels
    if isinstance(event, CaseTransferred | CaseAssigned) and not event.transfer.to_unit:
        # The chain ends at a competent organ; a lower petition department is only its next stage (R-22-10).
        closes = tuple(code for code in closes if code != "CHAIN")
    if isinstance(event, CaseRated) and event.rated is not Rated.UNIT:
        closes = ()  # the department may be rated long before the answer whose service opens the clock
    if not _ends_assignment(event):
        # Somebody above this transfer still waits for the report (R-22-6).
        cancels = tuple(code for code in cancels if code != "ASSIGN_RPT")
    opens = effect.opens
    if isinstance(event, OrganDesignated) and (event.transfer is not None or not event.moved):
        # The organ that has had it goes on with its old limit; another node's organ gets its own on delivery.
        opens, cancels = (), ()
    if isinstance(event, FiledAtOrgan) and not event.notice_owed:
        opens = tuple((code, path) for code, path in opens if code != "NOTICE")
    if isinstance(event, CaseAccepted) and event.petition_class is not PetitionClass.SUGGESTION:
        opens = ()
    return ClockEffects(
        opens=tuple(_opening(event, code, path) for code, path in opens),
        closes=closes,
        cancels=cancels,
        reopens=effect.reopens,
        extends=tuple((code, event.days) for code in effect.extends),  # type: ignore[attr-defined]
        pauses=tuple((code, event.opened_on) for code in effect.pauses),  # type: ignore[attr-defined]
        resumes=tuple((code, *_heard(event)) for code in effect.resumes),
        cancels_all=effect.cancels_all,
    )


def _ends_assignment(event: CaseEvent) -> bool:
    """Whether the transfer that came to nothing was the assignment itself."""
    if isinstance(event, TransferRefused):
        return event.transfer.kind is TransferKind.ASSIGN
    return not isinstance(event, CaseReturned) or event.ends_assignment


def _effect_of(event: CaseEvent) -> ClockEffect:
    steps = [step for step in _BY_ID[event.head.act].steps if step.event == type(event).__name__]
    if len({step.clocks for step in steps}) > 1:
        steps = [step for step in steps if step.end == (_end_of(event),)]
    return steps[0].clocks


def _end_of(event: CaseEvent) -> CaseState:
    """Which of its two ends an event took."""
    state: CaseState = event.state  # type: ignore[attr-defined]  # the others name it
    return state


def _heard(event: CaseEvent) -> tuple[date, date]:
    """The days of a hearing that is over."""
    if not isinstance(event, HearingClosed):
        raise TypeError(f"{type(event).__name__} ends no hearing")
    return HearingDays(opened_on=event.opened_on, closed_on=event.closed_on).pause


def _opening(event: CaseEvent, code: str, path: str) -> ClockOpening:
    start = reduce(getattr, path.split("."), event)
    if not isinstance(start, date):
        raise TypeError(f"{type(event).__name__}.{path} must be a day")
    fixed = code in {"REHANDLE", "DUTY"}
    return ClockOpening(
        code=code,
        start=start,
        days=getattr(event, "days", None) if fixed else None,
        report_due=getattr(event, "report_due", None) if code == "ASSIGN_RPT" else None,
    )
