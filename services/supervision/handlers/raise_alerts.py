"""The sweep: raise every alert that is due, oldest first, each exactly once, until none is left.

Rows are taken in batches with their locks, so that several sweepers share the work; an alert, the row's next instant
and the message are one transaction. A batch is raised in the order of time across its clocks, also when a clock that
was fast-forwarded by months is due several times over: warned before breached, and before another's later warning.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from lianxi.casework.messages.notices import (
    ClockBreached,
    ClockEscalated,
    ClockWarned,
    RightLapsed,
    SupervisionProposed,
)
from services.supervision.domain.clocks import ClockRow
from services.supervision.domain.office import Office
from services.supervision.domain.orders import Proposal, ProposalStatus
from services.supervision.domain.rules import Alert
from services.supervision.domain.schedule import Stage, in_order, levels_up

BATCH = 500
Notice = ClockWarned | ClockBreached | ClockEscalated | RightLapsed | SupervisionProposed


class Alerts(Protocol):
    """The clocks by their next alert."""

    def oldest(self, now: datetime) -> datetime | None:
        """Return the oldest instant that is due and not yet raised."""
        ...

    def take(self, now: datetime, limit: int) -> Sequence[ClockRow]:
        """Return and lock due clocks, oldest first, leaving out those another sweeper has locked."""
        ...

    def save(self, rows: Sequence[ClockRow]) -> None:
        """Write what raising has changed."""
        ...


class Proposals(Protocol):
    """Proposed orders, as far as the sweep needs them."""

    def take_numbers(self, node: str, year: int, count: int) -> Sequence[str]:
        """Return so many fresh proposal numbers."""
        ...

    def add(self, proposals: Sequence[Proposal]) -> set[str]:
        """Write them; return the numbers written: a clock is proposed once, whatever happens to it later."""
        ...


class SweepWork(Protocol):
    """The transaction."""

    @property
    def alerts(self) -> Alerts:
        """Clocks by their next alert."""
        ...

    @property
    def proposals(self) -> Proposals:
        """Proposed orders."""
        ...

    def record(self, notices: Iterable[Notice]) -> None:
        """Tell others, in this order, once the transaction is committed."""
        ...


@dataclass(slots=True)
class Swept:
    """What a sweep found and did: the oldest due instant at its start, and how often each alert was raised."""

    oldest: datetime | None = None
    raised: Counter[tuple[str, str, str]] = field(default_factory=Counter)


def raise_alerts(
    open_work: Callable[[], AbstractContextManager[SweepWork]], office: Office, now: datetime, *, batch: int = BATCH
) -> Swept:
    """Raise what is due at `now`; return the counts by alert, clock and owing node."""
    swept = Swept()
    with open_work() as work:
        swept.oldest = work.alerts.oldest(now)
    more = swept.oldest is not None
    while more:
        with open_work() as work:
            taken = work.alerts.take(now, batch)
            # Beyond the last row of a full batch other clocks may be due first: they are taken next.
            last = taken[-1].next_alert_at if len(taken) == batch else None
            alerts, rested = in_order(taken, office, now, last or now)
            work.alerts.save(rested)
            work.record(_told(alerts, work, office, now))
        swept.raised.update((stage.alert.value, row.code, row.node) for row, stage in alerts)
        more = bool(taken)
    return swept


def _told(alerts: Sequence[tuple[ClockRow, Stage]], work: SweepWork, office: Office, now: datetime) -> list[Notice]:
    """Put the alerts into messages, each proposed order behind the breach it is about."""
    proposals = _proposed([row for row, stage in alerts if _proposes(row, stage, office)], work, office, now)
    told: list[Notice] = []
    for row, stage in alerts:
        told.append(_notice(row, stage, now))
        proposal = proposals.get(row.key) if stage.alert is Alert.BREACH else None
        if proposal is not None:
            told.append(
                SupervisionProposed(
                    proposal_no=proposal.proposal_no,
                    case_no=proposal.case_no,
                    clock=proposal.clock,
                    node=proposal.node,
                    unit=proposal.unit,
                    trigger=proposal.trigger,
                    proposed_at=proposal.proposed_at,
                )
            )
    return told


def _proposes(row: ClockRow, stage: Stage, office: Office) -> bool:
    return (
        stage.alert is Alert.BREACH
        and Alert.PROPOSE in office.rules.alerts[row.code]
        and levels_up(office.node, row.node) in office.rules.propose_at
    )


def _proposed(
    late: Sequence[ClockRow], work: SweepWork, office: Office, now: datetime
) -> dict[tuple[str, str, int], Proposal]:
    """Write one proposal for each late clock that never had one; return them by clock."""
    if not late:
        return {}
    numbers = work.proposals.take_numbers(office.node, now.year, len(late))
    proposals = [
        Proposal(
            proposal_no=number,
            case_no=row.case_no,
            clock=row.code,
            instance=row.instance,
            node=row.node,
            unit=row.unit,
            trigger=office.rules.triggers[row.code],
            status=ProposalStatus.PROPOSED.value,
            proposed_at=now,
        )
        for row, number in zip(late, numbers, strict=True)
    ]
    written = work.proposals.add(proposals)
    return {proposal.about: proposal for proposal in proposals if proposal.proposal_no in written}


def _notice(row: ClockRow, stage: Stage, now: datetime) -> Notice:
    if stage.alert is Alert.LAPSE:
        return RightLapsed(case_no=row.case_no, clock=row.code, legal_due=row.legal_due)
    facts: dict[str, Any] = {
        "case_no": row.case_no,
        "clock": row.code,
        "round_number": row.round_number,
        "node": row.node,
        "unit": row.unit,
        "owner": row.owner,
        "raw_due": row.raw_due,
        "legal_due": row.legal_due,
        "provisional": row.provisional,
        "raised_at": now,
    }
    if stage.escalation is not None:
        step = stage.escalation
        return ClockEscalated(**facts, step=step.number, to_role=step.role, days_late=step.days_late)
    return ClockWarned(**facts) if stage.alert is Alert.WARN else ClockBreached(**facts)
