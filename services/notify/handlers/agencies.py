"""Agencies: keep for each what it may hear, put it into its queue, bring it to its webhook, let it read from a cursor.

Events are kept in the transaction that reads them from the bus, so none is lost and none is kept twice. Queue and
webhook each have a cursor of their own that follows: whatever went wrong, they go on where they were. A webhook gets
its events one after the other. A number of hands take the agencies that are due, one each, until none is left: a dead
agency holds one hand for some seconds and delays nobody else.
"""

import json
import secrets
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Protocol

from lianxi.casework.messages.events import CaseEvent
from services.notify.domain.agencies import (
    GONE,
    Agency,
    AgencyCase,
    AgencyEvent,
    AgencyState,
    Answer,
    Grant,
    Scheme,
    after_event,
    hears,
    next_attempt,
    told,
)
from services.notify.domain.deliveries import Delivery, delivery_id
from services.notify.domain.facts import TEACHING
from services.notify.domain.rules import Channel
from services.notify.handlers.offices import Clock

LEASE = timedelta(minutes=10)
AT_ONCE = 20
"""Events a webhook gets before the next agency has its turn; what was taken is written down after them."""
MOST_PUBLISHED = 200
"""Events one queue gets in a transaction; what is left follows in the next."""
PAUSED = "agency-paused"


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

    def after(self, name: str, cursor: int, limit: int) -> list[AgencyEvent]:
        """Return the events behind a cursor."""
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

    def claim(self, lease: str, until: datetime, now: datetime, limit: int) -> list[Agency]:
        """Take agencies whose webhook is due."""
        ...

    def settle(self, after: Agency, lease: str) -> bool:
        """Write down how far a webhook got."""
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


OpenWork = Callable[[], AbstractContextManager[Work]]


@dataclass(frozen=True, kw_only=True, slots=True)
class AgencyDesk:
    """What serving agencies needs. `start` lets a piece of work run beside the others, if there is a hand free."""

    node: str
    wall: Clock
    days_kept: int
    queued: Callable[[Grant, AgencyEvent], Any]
    send: Callable[[Agency, AgencyEvent, datetime], Answer]
    start: Callable[[Callable[[], None]], None]
    hands: Callable[[], int]
    chance: Callable[[], float]
    check: Callable[[str], None]
    make_key: Callable[[Scheme], tuple[str, str]]
    seal: Callable[[str, str], str]
    open: Callable[[str, str], str]
    note: Callable[[str, str, str], None]


def keep(messages: Sequence[Told], work: Work, desk: AgencyDesk) -> None:
    """Keep for each agency what it may hear of these messages, and put it into its queue."""
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
        for agency in agencies:
            if hears(agency.grant, before, after, message.body):
                owed.setdefault(agency.grant.name, []).append(copies.of(message, agency.grant.fields))
        if after != before:
            cases[number] = changed[number] = after
    work.agencies.save_cases(list(changed.values()))
    if owed:
        work.agencies.add_all(owed, desk.wall.now())
        fill_queues(work, desk)


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


def bring(open_work: OpenWork, desk: AgencyDesk) -> None:
    """Put every free hand to work, as long as some webhook is due."""
    for _ in range(desk.hands()):
        first = _next(open_work, desk)
        if first is None:
            return
        desk.start(partial(_work_on, first, open_work, desk))


@dataclass(frozen=True, slots=True)
class _Turn:
    """An agency that nobody else serves while the lease runs, and the events it gets next."""

    agency: Agency
    lease: str
    events: Sequence[AgencyEvent]


def _work_on(turn: _Turn | None, open_work: OpenWork, desk: AgencyDesk) -> None:
    """Serve one agency after the other until none is due."""
    while turn is not None:
        after = _serve(turn, desk)
        turn = _next(open_work, desk, after, turn.lease)


def _next(open_work: OpenWork, desk: AgencyDesk, served: Agency | None = None, ended: str = "") -> _Turn | None:
    """Write down how far an agency got, if one was served, and take the next that is due."""
    now, lease = desk.wall.now(), secrets.token_hex(8)
    with open_work() as work:
        if served and work.agencies.settle(served, ended) and served.state is AgencyState.PAUSED:
            _tell_of_pause(served, work, desk)
        for agency in work.agencies.claim(lease, now + LEASE, now, 1):
            return _Turn(agency, lease, work.agencies.after(agency.grant.name, agency.webhook_cursor, AT_ONCE))
    return None


def _serve(turn: _Turn, desk: AgencyDesk) -> Agency:
    """Send one webhook its next events until one is not taken; return how far it got."""
    agency, events = turn.agency, turn.events
    after = replace(agency, failures=0, reason="", due_at=desk.wall.now())
    if not events:  # deleted as too old before they could be brought
        after = replace(after, webhook_cursor=agency.last_cursor)
    for event in events:
        answer = desk.send(agency, event, desk.wall.now())
        desk.note(agency.grant.name, "webhook", "taken" if answer.taken else "failed")
        if not answer.taken:
            first = after.webhook_cursor == agency.webhook_cursor
            after = _failed(after, answer, agency.failures + 1 if first else 1, desk)
            break
        after = replace(after, webhook_cursor=event.cursor)
    return after


def _failed(agency: Agency, answer: Answer, failures: int, desk: AgencyDesk) -> Agency:
    now = desk.wall.now()
    due = None if answer.status == GONE else next_attempt(failures, now, desk.chance(), answer.retry_after)
    state = AgencyState.ACTIVE if due else AgencyState.PAUSED
    return replace(agency, failures=failures, due_at=due or now, state=state, reason=answer.reason)


def _tell_of_pause(agency: Agency, work: Work, desk: AgencyDesk) -> None:
    """Write down that an agency was given up for now, and tell those who answer for this node."""
    name, now = agency.grant.name, desk.wall.now()
    work.agencies.note(name, "paused", "system", agency.reason, now)
    facts = {"agency": name, "reason": agency.reason, "failures": str(agency.failures)}
    event = f"{PAUSED}:{name}:{now.isoformat()}"
    work.deliveries.add(
        [
            Delivery(
                id=delivery_id(event, PAUSED, role),
                event_id=event,
                rule=PAUSED,
                kind=PAUSED,
                case_no="",
                channel=Channel.INBOX,
                node=desk.node,
                role=role,
                unit="",
                template=PAUSED,
                facts=facts,
                happened_at=now,
                created_at=now,
            )
            for role in ("D", "DL")
        ]
    )


def tidy(work: Work, desk: AgencyDesk) -> None:
    """Delete what was kept long enough."""
    work.agencies.prune(desk.wall.now() - timedelta(days=desk.days_kept))
