"""The one place that joins supervision's use cases with real tables, calendar, clock, metrics and bus."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Engine, text

from lianxi.bus.messages import Incoming, Outgoing, RawMessage
from lianxi.casework.messages.events import CaseEvent
from lianxi.contracts import envelope
from lianxi.contracts.registry import type_of
from lianxi.law.calendar import Calendar
from lianxi.law.calendar_data import NotedCalendar
from lianxi.runtime.clock import Clock, SystemClock, new_id
from lianxi.runtime.health import HEALTH
from lianxi.runtime.metrics import counter, gauge
from services.supervision.domain.office import Office
from services.supervision.settings import Settings
from services.supervision.storage import SupervisionWork, engine_for

EXCHANGE = "case"
_OLDEST_DUE = gauge(
    "supervision_oldest_due_seconds", "Age of the oldest alert that is due and not raised yet, when a sweep begins."
)
_ALERTS = counter(
    "supervision_alerts_total", "Alerts raised, by kind, clock and owing node.", ("alert", "clock", "node")
)
_OPEN = gauge("supervision_open_clocks", "Running clocks, by clock, owing node and lamp.", ("clock", "node", "lamp"))
_PROVISIONAL_YEAR = gauge(
    "supervision_calendar_provisional", "1 if dates a year ahead rest on a calendar without its official notice."
)


class Meters:
    """What the metrics show; remembers which series it has set, so that a lamp that went out shows nought."""

    def __init__(self) -> None:
        self._shown: set[tuple[str, str, str]] = set()

    def swept(self, oldest: datetime | None, now: datetime, raised: Counter[tuple[str, str, str]]) -> None:
        """Show how late the sweep was and what it raised."""
        _OLDEST_DUE.set(max(0.0, (now - oldest).total_seconds()) if oldest else 0.0)
        for labels, number in raised.items():
            _ALERTS.labels(*labels).inc(number)

    def running(self, clocks: dict[tuple[str, str, str], int]) -> None:
        """Show the running clocks."""
        for labels in self._shown | clocks.keys():
            _OPEN.labels(*labels).set(clocks.get(labels, 0))
        self._shown |= clocks.keys()

    def calendar(self, calendar: Calendar, today: date) -> None:
        """Show whether the coming year's notice is missing."""
        _PROVISIONAL_YEAR.set(calendar.is_provisional(date(today.year + 1, 1, 1)))


@dataclass(frozen=True, slots=True)
class Parts:
    """What the doors of supervision need."""

    open_work: Callable[[], SupervisionWork]
    decode: Callable[[RawMessage], Incoming]
    clock: Clock
    node: str
    office: Callable[[], Office]
    meters: Meters
    close: Callable[[], None]


def build(settings: Settings | None = None, clock: Clock | None = None) -> Parts:
    """Join the parts of this node, named by the environment unless `settings` are given."""
    settings = settings or Settings.from_environment()
    clock = clock or SystemClock(settings.clock_file)
    engine = engine_for(settings.database_url, settings.connections)
    HEALTH.add("supervision-database", lambda: _ask(engine))
    return Parts(
        open_work=lambda: SupervisionWork(engine, writer(settings.node, clock)),
        decode=decode,
        clock=clock,
        node=settings.node,
        office=office_of(settings, NotedCalendar(settings.calendar_directory)),
        meters=Meters(),
        close=engine.dispose,
    )


def office_of(settings: Settings, calendar: NotedCalendar) -> Callable[[], Office]:
    """Return what gives the office with the calendar of the moment."""
    return lambda: Office(settings.node, settings.mark, settings.rules, calendar.current())


def decode(raw: RawMessage) -> Incoming:
    """Read a message from the bus; only case events belong to an ordered stream."""
    opened = envelope.decode(raw.body)
    ordered = isinstance(opened.message, CaseEvent)
    key, seq = (opened.subject, opened.seq) if ordered else (None, None)
    return Incoming(opened.id, opened.type, key, seq, opened.message, raw)


def writer(node: str, clock: Clock) -> Callable[[Any], Outgoing]:
    """Return what turns a notice of this node into a message on the exchange `case`."""

    def write(notice: Any) -> Outgoing:
        identity = new_id()
        return Outgoing(
            id=identity,
            type=type_of(notice),
            exchange=EXCHANGE,
            routing_key=f"supervision.{notice.MESSAGE.name}",
            body=envelope.encode(
                notice, id=identity, node=node, service="supervision", time=clock.now(), subject=notice.case_no
            ),
        )

    return write


def _ask(engine: Engine) -> None:
    with engine.connect() as connection:
        connection.execute(text("SELECT 1"))
