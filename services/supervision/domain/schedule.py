"""The alerts a running clock sets off, each at its instant: yellow, red, escalation steps, a right that ran out.

Every node watches the clocks owed by itself and by the nodes below it, and none other; `levels_up` is how far above
the owing node it stands, which decides the escalation steps that are its own. All instants follow from days stored in
the row, so that raising an alert needs neither calendar nor law and cannot fail on one row.
"""

import heapq
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache

from lianxi.casework.identifiers import DivisionCode
from lianxi.casework.values import replace
from lianxi.law.receipts import SHANGHAI
from services.supervision.domain.clocks import ClockRow
from services.supervision.domain.office import Office
from services.supervision.domain.rules import Alert, Escalation


@dataclass(frozen=True, slots=True)
class Stage:
    """One alert of a clock: what, when, and which escalation step if it is one."""

    alert: Alert
    at: datetime
    escalation: Escalation | None = None


def begins(day: date) -> datetime:
    """The instant at which a day begins in Asia/Shanghai."""
    return datetime.combine(day, time(), SHANGHAI)


@lru_cache(maxsize=1024)
def levels_up(node: str, owing: str) -> int | None:
    """How many levels `node` stands above `owing`; None when it does not watch it."""
    watcher = DivisionCode.parse(node)
    found: DivisionCode | None = DivisionCode.parse(owing)
    levels = 0
    while found is not None and found != watcher:
        found, levels = found.parent, levels + 1
    return None if found is None else levels


def stages(row: ClockRow, office: Office) -> tuple[Stage, ...]:
    """Everything this node raises about the clock, in order of time."""
    distance, alerts = levels_up(office.node, row.node), office.rules.alerts[row.code]
    if distance is None or not alerts:
        return ()
    red = begins(row.red_on)
    plan = []
    if Alert.WARN in alerts:
        plan.append(Stage(Alert.WARN, begins(row.yellow_on)))
    if Alert.BREACH in alerts:
        plan.append(Stage(Alert.BREACH, red))
    if Alert.LAPSE in alerts and distance == 0:
        plan.append(Stage(Alert.LAPSE, red))
    if Alert.ESCALATE in alerts:
        own = (step for step in office.rules.escalations if step.levels_up == distance)
        plan += [Stage(Alert.ESCALATE, red + timedelta(days=step.days_late), step) for step in own]
    return tuple(plan)


def scheduled(row: ClockRow, office: Office, now: datetime) -> ClockRow:
    """The row with its next alert, after it was opened, moved, extended, closed or brought back.

    An alert that was raised stays raised, unless its instant has moved into the future: a clock that was yellow and
    got an extension will be yellow again. While a hearing keeps a clock standing still, nothing is raised.
    """
    if not row.runs:
        return row if row.next_alert_at is None else replace(row, next_alert_at=None)
    plan = stages(row, office)
    raised = min(row.step, len(plan))
    step = next((number for number, stage in enumerate(plan[:raised]) if stage.at > now), raised)
    next_alert_at = plan[step].at if step < len(plan) else None
    if (step, next_alert_at) == (row.step, row.next_alert_at):
        return row
    return replace(row, step=step, next_alert_at=next_alert_at)


def raised(row: ClockRow, office: Office, now: datetime) -> tuple[ClockRow, Stage | None]:
    """The row after its next alert was raised, and that alert; None when changed settings know no further one."""
    plan = stages(row, office)
    if row.step >= len(plan):
        return replace(row, next_alert_at=None), None
    stage = plan[row.step]
    step = row.step + 1
    return replace(
        row,
        step=step,
        next_alert_at=plan[step].at if step < len(plan) else None,
        warned_at=now if stage.alert is Alert.WARN else row.warned_at,
        breached_at=now if stage.alert is Alert.BREACH else row.breached_at,
    ), stage


def in_order(
    due: Iterable[ClockRow], office: Office, now: datetime, horizon: datetime
) -> tuple[list[tuple[ClockRow, Stage]], list[ClockRow]]:
    """Raise everything up to `horizon` on these clocks, in the order of time across them all.

    A clock that was overslept is due several times over; its later alerts take their place among those of the others.
    Returns each alert with its clock as it was then, and the clocks as they are afterwards.
    """
    alerts: list[tuple[ClockRow, Stage]] = []
    rested: list[ClockRow] = []
    heap = [(row.next_alert_at, row.key, row) for row in due]
    heapq.heapify(heap)
    while heap:
        _, key, row = heapq.heappop(heap)
        row, stage = raised(row, office, now)
        if stage is not None:
            alerts.append((row, stage))
        if row.next_alert_at is not None and row.next_alert_at <= horizon:
            heapq.heappush(heap, (row.next_alert_at, key, row))
        else:
            rested.append(row)
    return alerts, rested
