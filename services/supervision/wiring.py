"""The one place that joins supervision's use cases with real tables, calendar, clock, metrics and bus."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from sqlalchemy import Engine, text

from lianxi.bus.calls import Calls
from lianxi.bus.engine import engine_for
from lianxi.bus.telemetry import Letterbox
from lianxi.courier import outgoing
from lianxi.law.calendar_data import NotedCalendar
from lianxi.runtime.clock import Clock, SystemClock
from lianxi.runtime.crypto import KeyRing
from lianxi.runtime.health import HEALTH
from services.supervision.domain.office import Office
from services.supervision.settings import Settings
from services.supervision.storage import SCHEMA, SupervisionWork
from services.supervision.storage.joined_nodes import JoinedNodes
from services.supervision.storage.meters import Meters
from services.supervision.storage.shown_nodes import ShownNodes


@dataclass(frozen=True, slots=True)
class Parts:
    """What the doors of supervision need."""

    open_work: Callable[[], SupervisionWork]
    clock: Clock
    node: str
    office: Callable[[], Office]
    meters: Meters
    nodes: ShownNodes
    letterbox: Letterbox | None
    joined: JoinedNodes
    close: Callable[[], None]


def build(settings: Settings | None = None, clock: Clock | None = None) -> Parts:
    """Join the parts of this node, named by the environment unless `settings` are given."""
    settings = settings or Settings.from_environment()
    clock = clock or SystemClock(settings.clock_file)
    # lists show instants as the database gives them, so it gives them on the clock of Shanghai
    engine = engine_for(settings.database_url, SCHEMA, settings.connections, time_zone="Asia/Shanghai")
    ring = KeyRing.from_file(settings.key_ring_file)
    calls = Calls(settings.amqp_uri, name="supervision") if settings.amqp_uri else None
    HEALTH.add("supervision-database", lambda: _ask(engine))
    return Parts(
        open_work=lambda: SupervisionWork(
            engine, lambda notice: outgoing(notice, node=settings.node, service=SCHEMA, time=clock.now()), ring
        ),
        clock=clock,
        node=settings.node,
        office=office_of(settings, NotedCalendar(settings.calendar_directory)),
        meters=Meters(settings.node),
        nodes=ShownNodes(settings.subtree, own=settings.node),
        letterbox=Letterbox(settings.amqp_uri, settings.node) if settings.amqp_uri else None,
        joined=JoinedNodes(settings.node, settings.subtree, partial(_members, calls) if calls else None),
        close=engine.dispose,
    )


def office_of(settings: Settings, calendar: NotedCalendar) -> Callable[[], Office]:
    """Return what gives the office with the calendar of the moment."""
    return lambda: Office(settings.node, settings.mark, settings.rules, calendar.current())


def _members(calls: Calls) -> dict[str, Any]:
    return calls.call("routing", "members", {}, timeout=5.0)


def _ask(engine: Engine) -> None:
    with engine.connect() as connection:
        connection.execute(text("SELECT 1"))
