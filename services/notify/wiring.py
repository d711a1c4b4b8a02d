"""The one place that joins notify's use cases with real tables, rules, intake, routing, the mail server and metrics."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any

from sqlalchemy import Engine, text

from lianxi.bus.calls import CallFailed, CallRefused, Calls
from lianxi.bus.engine import engine_for
from lianxi.runtime.clock import Clock, SystemClock
from lianxi.runtime.health import HEALTH
from lianxi.runtime.logging import logger
from lianxi.runtime.metrics import counter, gauge
from services.notify.domain.deliveries import Claimed, Fate, Outage, Result
from services.notify.domain.rules import Channel
from services.notify.domain.texts import Office
from services.notify.handlers.ports import Desk, PostOffice, Reached
from services.notify.senders import SmtpServer
from services.notify.settings import Settings
from services.notify.storage import NotifyWork

CALL_TIMEOUT = 5.0
"""Seconds notify waits for another service; a mail is tried again later."""

NAMES_TIMEOUT = 2.0
NAMES_KEPT = timedelta(hours=1)
NAMES_PAUSE = timedelta(seconds=30)

_DELIVERIES = counter(
    "notify_deliveries_total", "Attempts to deliver, by channel and what came of them.", ("channel", "outcome")
)
_WAITING = gauge("notify_waiting", "Mails that have not arrived yet.")
_OLDEST = gauge("notify_oldest_waiting_seconds", "Age of the oldest mail that has not arrived yet.")
_DEAD = gauge("notify_dead", "Mails that were given up and wait for a person.")
_SERVER = gauge("notify_mail_server_configured", "1 if this node has a mail server.")


class IntakeDirectory:
    """Asks intake how a petitioner is reached, at the moment a mail leaves."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    def reach(self, case_no: str) -> Reached | Result:
        """Return address and query code; they are in no table and no log of notify."""
        try:
            told = self._calls.call("intake", "petitioner_reach", {"case_no": case_no}, timeout=CALL_TIMEOUT)
        except CallFailed:
            return Result(Fate.LATER, "intake-unreachable")
        except CallRefused:
            return Result(Fate.LATER, "petitioner-unknown")  # the dossier may still be on its way to intake
        return Reached(email=str(told.get("email") or ""), query_code=str(told.get("query_code") or ""))


class KnownNames:
    """Names of divisions from the list of places, of organs from routing; what was asked once is kept for an hour."""

    def __init__(self, divisions: Mapping[str, str], calls: Calls, clock: Clock) -> None:
        self._divisions = divisions
        self._calls = calls
        self._clock = clock
        self._units: dict[str, dict[str, str]] = {}
        self._ask_again: dict[str, Any] = {}

    def division(self, code: str) -> str:
        """Return the name of a division; an unknown code is its own name."""
        return self._divisions.get(code, code)

    def unit(self, code: str) -> str:
        """Return the name of an organ, "" if routing cannot tell it now."""
        node = code.partition(".")[0]
        if node and self._clock.now() >= self._ask_again.get(node, self._clock.now()):
            self._ask(node)
        return self._units.get(node, {}).get(code, "")

    def _ask(self, node: str) -> None:
        try:
            told = self._calls.call("routing", "units", {"node": node}, timeout=NAMES_TIMEOUT)
        except CallRefused:
            self._ask_again[node] = self._clock.now() + NAMES_PAUSE
            return
        self._units[node] = {str(row["code"]): str(row["name"]) for row in told.get("rows", ())}
        self._ask_again[node] = self._clock.now() + NAMES_KEPT


@dataclass(frozen=True, slots=True)
class Parts:
    """What the doors of notify need."""

    open_work: Callable[[], NotifyWork]
    clock: Clock
    desk: Desk
    post: PostOffice
    measure: Callable[[], None]
    close: Callable[[], None]


def build(settings: Settings | None = None) -> Parts:
    """Join the parts of this node, named by the environment unless `settings` are given."""
    settings = settings or Settings.from_environment()
    clock, wall = SystemClock(settings.clock_file), SystemClock()
    engine = engine_for(settings.database_url, "notify", settings.connections)
    calls = Calls(settings.amqp_uri, name="notify")
    names = KnownNames(settings.divisions, calls, wall)
    open_work = partial(NotifyWork, engine, _count)
    HEALTH.add("notify-database", partial(_ask, engine))
    return Parts(
        open_work=open_work,
        clock=clock,
        desk=Desk(
            rules=settings.rules,
            texts=settings.texts,
            office=Office(settings.node, names, settings.portal_address),
            clock=clock,
        ),
        post=PostOffice(
            server=SmtpServer(settings.mail, settings.node) if settings.mail else None,
            directory=IntakeDirectory(calls),
            patience=settings.rules.patience,
            outage=Outage(settings.rules.patience.pause_after_outage),
            wall=wall,
            note=note,
        ),
        measure=partial(_measure, open_work, wall, has_server=settings.mail is not None),
        close=partial(_close, engine, calls),
    )


def note(claimed: Claimed, result: Result) -> None:
    """Count an attempt and write one line about it: ids and codes, never an address."""
    _DELIVERIES.labels(Channel.MAIL.value, result.fate.value).inc()
    logger("services.notify").info(
        "mail",
        delivery=claimed.id,
        rule=claimed.rule,
        case=claimed.case_no,
        attempt=claimed.attempts,
        outcome=result.fate.value,
        reason=result.reason,
    )


def _count(added: Counter[str]) -> None:
    if added[Channel.INBOX.value]:
        _DELIVERIES.labels(Channel.INBOX.value, Fate.TAKEN.value).inc(added[Channel.INBOX.value])


def _measure(open_work: Callable[[], NotifyWork], wall: Clock, *, has_server: bool) -> None:
    with open_work() as work:
        waiting, oldest, dead = work.deliveries.standing()
    _WAITING.set(waiting)
    _OLDEST.set(max(0.0, (wall.now() - oldest).total_seconds()) if oldest else 0.0)
    _DEAD.set(dead)
    _SERVER.set(has_server)


def _ask(engine: Engine) -> None:
    with engine.connect() as connection:
        connection.execute(text("SELECT 1"))


def _close(engine: Engine, calls: Calls) -> None:
    calls.close()
    engine.dispose()
