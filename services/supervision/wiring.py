"""The one place that joins supervision's use cases with real tables, calendar, clock, metrics and bus."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Engine, text

from lianxi.bus.engine import engine_for
from lianxi.courier import outgoing
from lianxi.law.calendar import Calendar
from lianxi.law.calendar_data import NotedCalendar
from lianxi.runtime.clock import Clock, SystemClock
from lianxi.runtime.crypto import KeyRing
from lianxi.runtime.health import HEALTH
from lianxi.runtime.metrics import counter, gauge
from services.supervision.domain.office import Office
from services.supervision.settings import Settings
from services.supervision.storage import SCHEMA, SupervisionWork

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
    clock: Clock
    node: str
    office: Callable[[], Office]
    meters: Meters
    close: Callable[[], None]


def build(settings: Settings | None = None, clock: Clock | None = None) -> Parts:
    """Join the parts of this node, named by the environment unless `settings` are given."""
    settings = settings or Settings.from_environment()
    clock = clock or SystemClock(settings.clock_file)
    # lists show instants as the database gives them, so it gives them on the clock of Shanghai
    engine = engine_for(settings.database_url, SCHEMA, settings.connections, time_zone="Asia/Shanghai")
    ring = KeyRing.from_file(settings.key_ring_file)
    HEALTH.add("supervision-database", lambda: _ask(engine))
    return Parts(
        open_work=lambda: SupervisionWork(
            engine, lambda notice: outgoing(notice, node=settings.node, service=SCHEMA, time=clock.now()), ring
        ),
        clock=clock,
        node=settings.node,
        office=office_of(settings, NotedCalendar(settings.calendar_directory)),
        meters=Meters(),
        close=engine.dispose,
    )


def office_of(settings: Settings, calendar: NotedCalendar) -> Callable[[], Office]:
    """Return what gives the office with the calendar of the moment."""
    return lambda: Office(settings.node, settings.mark, settings.rules, calendar.current())


def _ask(engine: Engine) -> None:
    with engine.connect() as connection:
        connection.execute(text("SELECT 1"))
