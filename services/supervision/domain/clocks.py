"""One row per running or finished clock of a case, and what an event does to the rows.

Which clocks an event opens, closes, cancels, extends or brings back is data in `lianxi.casework.transitions`; on which
day a clock ends is `lianxi.law`. What is decided here is whose clock it is, which row an effect means when a case has
several of one kind; on which day an event counts as having happened, `event_days` says.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from functools import lru_cache

from lianxi.casework.case.state import Case
from lianxi.casework.messages import dispute as d
from lianxi.casework.messages import events as e
from lianxi.casework.messages.facts import CaseState, PetitionClass
from lianxi.casework.transitions import ClockEffects, ClockOpening, clock_effects
from lianxi.casework.values import replace
from lianxi.law.calendar import Calendar
from lianxi.law.clocks import CLOCKS, ClockCode, ClockRule, Kind, Owner
from lianxi.law.deadlines import Due, due
from lianxi.law.lamps import Thresholds, red_from, yellow_from
from services.supervision.domain.event_days import happened_on
from services.supervision.domain.office import Office


class Status(StrEnum):
    """A clock runs, was ended by the document it waited for, or lost its reason."""

    OPEN = "open"
    CLOSED = "closed"
    CANCELLED = "cancelled"


class Nature(StrEnum):
    """What passing the last day means: a duty not done, a right not used, or a figure spoilt."""

    DUTY = "duty"
    RIGHT = "right"
    INDEX = "index"


@dataclass(frozen=True, kw_only=True, slots=True)
class ClockRow:
    """A clock of a case. `instance` counts the clocks of this code in the case, `round_number` the rounds of handling.

    `node` and `unit` owe (or own) it. `yellow_on` and `red_on` are the first days of their lamps. `step` says how many
    of the alerts planned for it have been raised, `next_alert_at` when the next is due (`schedule`). `kept` is known
    once the clock is closed. `hearings` are the days it does not count, as "from/to" with spaces between (`pauses`);
    since `paused_on` it stands still, has no lamp and raises no alert.
    """

    case_no: str
    code: str
    instance: int
    round_number: int
    start: date
    days: int | None
    report_due: date | None
    extension_days: int
    raw_due: date
    legal_due: date
    provisional: bool
    yellow_on: date
    red_on: date
    calendar_version: str
    owner: str
    node: str
    unit: str
    status: str
    opened_seq: int
    closed_seq: int | None = None
    closed_act: str = ""
    closed_by: str = ""
    closed_on: date | None = None
    kept: bool | None = None
    step: int = 0
    next_alert_at: datetime | None = None
    warned_at: datetime | None = None
    breached_at: datetime | None = None
    hearings: str = ""
    paused_on: date | None = None

    @property
    def key(self) -> tuple[str, str, int]:
        """What tells this clock from every other."""
        return self.case_no, self.code, self.instance

    @property
    def is_open(self) -> bool:
        """Whether it runs."""
        return self.status == Status.OPEN

    @property
    def runs(self) -> bool:
        """Whether its time goes by: it is open, and no hearing keeps it standing still."""
        return self.is_open and self.paused_on is None

    @property
    def pauses(self) -> tuple[tuple[date, date], ...]:
        """The days it does not count, each from and to, both included (D-14)."""
        pairs = (hearing.split("/") for hearing in self.hearings.split())
        return tuple((date.fromisoformat(begin), date.fromisoformat(end)) for begin, end in pairs)

    @property
    def rule(self) -> ClockRule:
        """Its line in the clock table."""
        return CLOCKS[ClockCode(self.code)]

    @property
    def nature(self) -> Nature:
        """The organ's five days for an objection are a right too: letting them pass breaks nothing."""
        return _NATURES[self.code]


def _nature(rule: ClockRule) -> Nature:
    if rule.owner is Owner.PETITIONER or rule.code is ClockCode.OBJECT:
        return Nature.RIGHT
    return Nature.INDEX if rule.kind is Kind.KPI else Nature.DUTY


_NATURES = {code.value: _nature(rule) for code, rule in CLOCKS.items()}
REPLY_CLOCKS = frozenset({"HANDLE", "EXTEND", "SIMPLE", "SUGGEST", "DUTY", "REHANDLE"})
"""The clocks that end with the answer to the petitioner (K-4)."""

_OUTLIVE_THE_CASE = frozenset({ClockCode.SUP_REPLY.value, ClockCode.RATE.value})
"""A signed supervision order wants its answer, and a petitioner may rate, also when the case has ended meanwhile."""

_FOLLOW_CUSTODY = frozenset({"CHAIN", "NOTICE_KPI", "ASSIGN_RPT"})
"""They start before the competent organ is known and are owed by whoever holds the case."""


def dates(row: ClockRow, calendar: Calendar) -> Due:
    """Both due days of a row with their derivation."""
    return due(
        ClockCode(row.code),
        row.start,
        calendar,
        extension_days=row.extension_days,
        hearings=row.pauses,
        days=row.days,
        report_due=row.report_due,
    )


@dataclass(frozen=True, slots=True)
class _Days:
    raw_due: date
    legal_due: date
    provisional: bool
    yellow_on: date
    red_on: date


@lru_cache(maxsize=8192)
def _days(  # noqa: PLR0917  exactly what the days depend on: many cases share them
    code: str,
    start: date,
    extension_days: int,
    days: int | None,
    report_due: date | None,
    hearings: tuple[tuple[date, date], ...],
    calendar: Calendar,
    thresholds: Thresholds,
) -> _Days:
    found = due(
        ClockCode(code),
        start,
        calendar,
        extension_days=extension_days,
        hearings=hearings,
        days=days,
        report_due=report_due,
    )
    yellow = yellow_from(CLOCKS[ClockCode(code)], found, calendar, thresholds)
    return _Days(found.raw_due, found.legal_due, found.provisional, yellow, red_from(found))


def redated(row: ClockRow, office: Office) -> ClockRow:
    """The row with its days computed anew from its start, its length and its extension."""
    found = _days(
        row.code,
        row.start,
        row.extension_days,
        row.days,
        row.report_due,
        row.pauses if row.hearings else (),
        office.calendar,
        office.rules.thresholds[row.code],
    )
    return replace(
        row,
        raw_due=found.raw_due,
        legal_due=found.legal_due,
        provisional=found.provisional,
        yellow_on=found.yellow_on,
        red_on=found.red_on,
        calendar_version=office.calendar.version,
    )


def opened(opening: ClockOpening, case: Case, bearer: tuple[str, str], instance: int, office: Office) -> ClockRow:
    """A new clock of the case, owed by the node and unit `bearer`."""
    rule = CLOCKS[ClockCode(opening.code)]
    ordered = case.state is CaseState.REHANDLING_ORDERED
    return redated(
        ClockRow(
            case_no=case.case_no,
            code=opening.code,
            instance=instance,
            round_number=case.round_number + ordered,  # the order opens the next round's clock
            start=opening.start,
            days=opening.days,
            report_due=opening.report_due,
            extension_days=0,
            raw_due=opening.start,
            legal_due=opening.start,
            provisional=False,
            yellow_on=opening.start,
            red_on=opening.start,
            calendar_version="",
            owner=rule.owner.value,
            node=bearer[0],
            unit=bearer[1],
            status=Status.OPEN.value,
            opened_seq=case.seq,
        ),
        office,
    )


def closed(row: ClockRow, *, seq: int, act: str, document: str, day: date) -> ClockRow:
    """The row ended by a document of that day; an index is kept by its raw due day (D-11, D-12)."""
    last = row.raw_due if row.nature is Nature.INDEX else row.legal_due
    return replace(
        row,
        status=Status.CLOSED.value,
        closed_seq=seq,
        closed_act=act,
        closed_by=document,
        closed_on=day,
        kept=day <= last,
    )


def after(rows: tuple[ClockRow, ...], event: e.CaseEvent, case: Case, office: Office) -> tuple[ClockRow, ...]:
    """The clocks of a case after `event`; `case` is the case after it."""
    effects = clock_effects(event)
    head, day, document = event.head, happened_on(event), getattr(event, "document", None)
    number = document.number if document else ""

    def end(row: ClockRow) -> ClockRow:
        return closed(row, seq=head.seq, act=head.act, document=number, day=day)

    def cancel(row: ClockRow) -> ClockRow:
        return replace(row, status=Status.CANCELLED.value, closed_seq=head.seq, closed_act=head.act, closed_on=day)

    rows = _on_open(rows, effects.closes, end)
    rows = _on_open(rows, effects.cancels, cancel)
    if effects.cancels_all:
        rows = _on_open(rows, _codes(rows) - _OUTLIVE_THE_CASE, cancel)
    rows = _with_other_days(rows, effects, office)
    for code in effects.reopens:
        rows = _reopened(rows, code, case.holder)
    for opening in (*effects.opens, *_first_disposal(rows, effects, day)):
        if opening.code == ClockCode.RATE and not _may_be_rated(rows, case):
            continue
        instance = 1 + sum(row.code == opening.code for row in rows)
        rows = (*rows, opened(opening, case, _bearer(opening.code, case, event), instance, office))
    if isinstance(event, e.CaseDelivered | e.CaseReturned):
        rows = _on_open(rows, _FOLLOW_CUSTODY, lambda row: _moved(row, case))
    return rows


def _may_be_rated(rows: tuple[ClockRow, ...], case: Case) -> bool:
    """An organ is rated once in a case, however many answers it serves, and never in a sealed one."""
    rated = any(row.code == ClockCode.RATE and row.status == Status.CLOSED for row in rows)
    return not rated and case.petition_class is not PetitionClass.ACCUSATION


def _codes(rows: tuple[ClockRow, ...]) -> frozenset[str]:
    return frozenset(row.code for row in rows)


def _on_open(
    rows: tuple[ClockRow, ...], codes: tuple[str, ...] | frozenset[str], change: Callable[[ClockRow], ClockRow]
) -> tuple[ClockRow, ...]:
    if not codes:
        return rows
    return tuple(change(row) if row.is_open and row.code in codes else row for row in rows)


def _with_other_days(rows: tuple[ClockRow, ...], effects: ClockEffects, office: Office) -> tuple[ClockRow, ...]:
    """Extensions, and hearings that stop a clock and let it go on."""
    for code, days in effects.extends:
        rows = _on_open(rows, (code,), lambda row, days=days: _extended(row, days, office))  # type: ignore[misc]
    for code, day_on in effects.pauses:
        rows = _on_open(rows, (code,), lambda row, day_on=day_on: replace(row, paused_on=day_on))  # type: ignore[misc]
    for code, *days_heard in effects.resumes:
        rows = _on_open(rows, (code,), lambda row, held=tuple(days_heard): _resumed(row, held, office))  # type: ignore[misc]
    return rows


def _extended(row: ClockRow, days: int, office: Office) -> ClockRow:
    return redated(replace(row, extension_days=row.extension_days + days), office)


def _resumed(row: ClockRow, heard: tuple[date, date], office: Office) -> ClockRow:
    """The clock goes on, and is due later by the days of the hearing."""
    held = f"{row.hearings} {'/'.join(day.isoformat() for day in heard)}".strip()
    return redated(replace(row, hearings=held, paused_on=None), office)


def _reopened(rows: tuple[ClockRow, ...], code: str, holder: str) -> tuple[ClockRow, ...]:
    """Bring back the last closed clock of a kind with its old days (R-23-9), the holder's own before another's."""
    if any(row.is_open and row.code == code for row in rows):
        return rows
    ended = [row for row in rows if row.code == code and row.status == Status.CLOSED]
    if not ended:
        return rows
    found = max(ended, key=lambda row: (row.node == holder, row.instance))
    again = replace(
        found, status=Status.OPEN.value, closed_seq=None, closed_act="", closed_by="", closed_on=None, kept=None
    )
    return tuple(again if row is found else row for row in rows)


def _first_disposal(rows: tuple[ClockRow, ...], effects: ClockEffects, day: date) -> tuple[ClockOpening, ...]:
    """What was brought to an organ itself (T22) and comes back has its fifteen days at the petition department now."""
    never_there = bool(rows) and all(row.code != ClockCode.DISPOSE for row in rows)
    comes = ClockCode.DISPOSE.value in effects.reopens and never_there
    return (ClockOpening(ClockCode.DISPOSE.value, day),) if comes else ()


def _moved(row: ClockRow, case: Case) -> ClockRow:
    return replace(row, node=case.holder, unit=case.unit if row.owner == Owner.UNIT else "")


def _bearer(code: str, case: Case, event: e.CaseEvent) -> tuple[str, str]:
    """Node and unit that owe the clock, or to whom a right of the petitioner belongs."""
    if code == ClockCode.OBJ_DECIDE:
        return case.sender or case.holder, ""
    if code == ClockCode.REPORT_CHK:
        return case.assigned_by or case.holder, ""
    if isinstance(event, e.ReviewRequested | e.FinalReviewRequested):
        return event.reviewing_node or case.holder, ""
    if isinstance(event, d.DisputeReferred | d.DisputeReferredToConference | d.PingPongDetected):
        return event.deciding_node, ""
    if isinstance(event, e.CaseAssigned):
        return event.transfer.to_node, event.transfer.to_unit
    owner = CLOCKS[ClockCode(code)].owner
    return case.holder, case.unit if owner in {Owner.UNIT, Owner.PETITIONER} else ""
