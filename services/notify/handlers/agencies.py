"""Agencies: keep for each what it may hear, and put it into its queue; what webhooks get is in `webhooks`.

Events are kept in the transaction that reads them from the bus, so none is lost and none is kept twice. Queue and
webhook each have a cursor of their own that follows: whatever went wrong, they go on where they were.
"""

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from lianxi.casework.messages.events import CaseEvent
from services.notify.domain.agencies import (
    Agency,
    AgencyCase,
    AgencyEvent,
    Answer,
    Grant,
    Known,
    Scheme,
    after_event,
    hears,
    told,
)
from services.notify.domain.deliveries import Delivery
from services.notify.domain.facts import TEACHING
from services.notify.handlers.offices import Clock
from services.notify.handlers.turns import Ended, Turns

MOST_PUBLISHED = 200
"""Events one queue gets in a transaction; what is left follows in the next."""


class Told(Protocol):
    """A message as it came from the bus."""

    @property
    def body(self) -> Any:
        """The message itself."""
        ...

    @property
    def raw(self) -> Any:
        """The bytes it came in, under `body`."""
        ...


class Agencies(Protocol):
    """The registered agencies, and what is kept for each."""

    def all(self) -> list[Agency]:
        """Return those that were not removed."""
        ...

    def cases(self, numbers: Sequence[str]) -> Mapping[str, AgencyCase]:
        """Return what is known of these cases."""
        ...

    def save_cases(self, cases: Sequence[AgencyCase]) -> None:
        """Write them down."""
        ...

    def add_all(self, owed: Mapping[str, Sequence[AgencyEvent]], now: datetime) -> None:
        """Append for each agency the events that are not there yet."""
        ...

    def behind(self) -> list[Agency]:
        """Return, locked, the agencies whose queue lacks events."""
        ...

    def lacking(self, names: Sequence[str], limit: int) -> Mapping[str, list[AgencyEvent]]:
        """Return what their queues lack, so many events each."""
        ...

    def published(self, cursors: Mapping[str, int]) -> None:
        """Note how far the queues were filled."""
        ...

    def claim(self, lease: str, until: datetime, now: datetime, *, steady: int, doubtful: int) -> list[Agency]:
        """Take agencies whose webhook is due: so many that answered last time, so many that failed."""
        ...

    def unheard(self, names: Sequence[str], limit: int) -> Mapping[str, list[AgencyEvent]]:
        """Return what their webhooks lack, so many events each."""
        ...

    def settle(self, ended: Sequence[Ended]) -> Collection[str]:
        """Write down how far webhooks got; return the agencies that nobody changed meanwhile."""
        ...

    def note(self, name: str, action: str, by: str, details: str, now: datetime) -> None:
        """Write into the book who changed what."""
        ...

    def prune(self, before: datetime) -> int:
        """Delete what is old enough."""
        ...


class Deliveries(Protocol):
    """The inbox of this node's officers."""

    def add(self, deliveries: Sequence[Delivery]) -> None:
        """Write those that are not there yet."""
        ...


class Work(Protocol):
    """One transaction."""

    @property
    def agencies(self) -> Agencies:
        """The agencies."""
        ...

    @property
    def deliveries(self) -> Deliveries:
        """The inbox."""
        ...

    def publish(self, message: Any) -> None:
        """Send once this work is committed."""
        ...

    def after_commit(self, act: Callable[[], object]) -> None:
        """Do this once this work is committed."""
        ...


OpenWork = Callable[[], AbstractContextManager[Work]]


@dataclass(frozen=True, kw_only=True, slots=True)
class AgencyDesk:
    """What serving agencies needs. `start` lets a free hand do a piece of work, and returns False if there is none."""

    node: str
    wall: Clock
    known: Known
    days_kept: int
    queued: Callable[[Grant, AgencyEvent], Any]
    send: Callable[[Agency, AgencyEvent, datetime], Answer]
    start: Callable[[Callable[[], None]], bool]
    turns: Turns
    chance: Callable[[], float]
    check: Callable[[str], None]
    make_key: Callable[[Scheme], tuple[str, str]]
    seal: Callable[[str, str], str]
    open: Callable[[str, str], str]
    note: Callable[[str, str, str], None]


def keep(messages: Sequence[Told], work: Work, desk: AgencyDesk, wake: Callable[[], object]) -> None:
    """Keep for each agency what it may hear of these messages, put it into its queue, and wake who serves webhooks."""
    events = [message for message in messages if isinstance(message.body, CaseEvent)]
    agencies, owed = work.agencies.all() if events else [], dict[str, list[AgencyEvent]]()
    if not agencies:  # but one may be registered some day, and then it must be known whose case it is
        events = [message for message in events if isinstance(message.body, TEACHING)]
    if not events:
        return
    cases = dict(work.agencies.cases([message.body.head.case_no for message in events]))
    changed, copies = {}, _Copies()
    for message in events:
        number = message.body.head.case_no
        before = cases.get(number, AgencyCase(case_no=number))
        after = after_event(before, message.body)
        judged: dict[Any, bool] = {}
        for agency in agencies:
            grant = agency.grant
            if grant.audience not in judged:  # many agencies may hear of the same, and for them it is asked once
                judged[grant.audience] = hears(grant, before, after, message.body)
            if judged[grant.audience]:
                owed.setdefault(grant.name, []).append(copies.of(message, grant.fields))
        if after != before:
            cases[number] = changed[number] = after
    work.agencies.save_cases(list(changed.values()))
    if owed:
        work.agencies.add_all(owed, desk.wall.now())
        fill_queues(work, desk)
        work.after_commit(wake)


class _Copies:
    """Events as agencies may have them; many agencies have the same fields, and for them it is narrowed once."""

    def __init__(self) -> None:
        self._made: dict[tuple[str, tuple[str, ...]], AgencyEvent] = {}

    def of(self, message: Told, granted: tuple[str, ...]) -> AgencyEvent:
        """Return an event in some fields."""
        place = message.body.head.digest, granted
        if place not in self._made:
            shown = told(json.loads(message.raw.body), granted)
            body = json.dumps(shown, ensure_ascii=False, separators=(",", ":"))
            self._made[place] = AgencyEvent(event_id=str(shown["id"]), type=str(shown["type"]), body=body)
        return self._made[place]


def fill_queues(work: Work, desk: AgencyDesk) -> None:
    """Publish what the queues of agencies lack, in the order of their cursors."""
    behind = work.agencies.behind()
    if not behind:
        return
    lacking = work.agencies.lacking([agency.grant.name for agency in behind], MOST_PUBLISHED)
    filled = {}
    for agency in behind:
        events = lacking.get(agency.grant.name, [])
        for event in events:
            work.publish(desk.queued(agency.grant, event))
            desk.note(agency.grant.name, "amqp", "queued")
        # where nothing is left to publish, what was missing has been deleted as too old
        filled[agency.grant.name] = events[-1].cursor if events else agency.last_cursor
    work.agencies.published(filled)


def tidy(work: Work, desk: AgencyDesk) -> None:
    """Delete what was kept long enough."""
    work.agencies.prune(desk.wall.now() - timedelta(days=desk.days_kept))
