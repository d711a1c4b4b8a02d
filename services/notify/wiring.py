"""The one place that joins notify's use cases with real tables, rules, intake, routing, the mail server and metrics."""

import hashlib
import json
import random
import secrets
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache, partial
from typing import Any

from sqlalchemy import Engine, text

from lianxi import courier
from lianxi.bus.calls import CallFailed, CallRefused, Calls
from lianxi.bus.engine import engine_for
from lianxi.bus.messages import CONTENT_TYPE, Outgoing
from lianxi.casework.errors import Invalid, Retryable
from lianxi.casework.messages.facts import Actor
from lianxi.contracts.schemas import dump
from lianxi.runtime import tracing
from lianxi.runtime.clock import Clock, SystemClock
from lianxi.runtime.crypto import KeyRing
from lianxi.runtime.health import HEALTH
from lianxi.runtime.logging import logger
from lianxi.runtime.metrics import counter, from_nought, gauge
from services.notify.domain.agencies import Agency, AgencyEvent, Answer, Grant, Known, Mode
from services.notify.domain.deliveries import Claimed, Fate, Outage, Result
from services.notify.domain.gateways import Gateway, Said, receipts_in
from services.notify.domain.receipt_questions import Heard
from services.notify.domain.rules import Channel
from services.notify.domain.texts import Office
from services.notify.handlers.agencies import AgencyDesk
from services.notify.handlers.agencies_desk import keys_of
from services.notify.handlers.ask_receipts import Enquiries
from services.notify.handlers.offices import Desk, PostOffice, Reached, Sender
from services.notify.handlers.print_room import Press
from services.notify.handlers.turns import Turns
from services.notify.letters import as_docx, as_html
from services.notify.senders import PrintRoom, SmsGateways, SmtpServer, StatusDesk
from services.notify.senders.agencies import Hands, WebhookSender
from services.notify.senders.signatures import make_key
from services.notify.settings import Settings
from services.notify.storage import NotifyWork
from services.notify.storage.agency_queues import AgencyQueues

CALL_TIMEOUT = 5.0
"""Seconds notify waits for another service; a mail is tried again later."""

WEBHOOK_HANDS = 48
"""Webhooks served at the same time; what is dead holds one hand for some seconds and then waits longer and longer."""

DOUBTFUL_HANDS = 8
"""So many of them may be at webhooks whose last delivery failed."""

KEYS_OPEN = 1024
"""Agencies whose keys stay open in memory, so that not every event opens them anew."""

AGENCY_EXCHANGE = "agency"
NAMES_TIMEOUT = 2.0
NAMES_KEPT = timedelta(hours=1)
NAMES_PAUSE = timedelta(seconds=30)

_DELIVERIES = counter(
    "notify_deliveries_total", "Attempts to deliver, by channel and what came of them.", ("channel", "outcome")
)
_AGENCIES = counter(
    "notify_agency_events_total", "Events for agencies, by way and what came of them.", ("channel", "outcome")
)
_AGENCY_FAILURES = counter(
    "notify_agency_failures_total",
    "Events that an agency did not take; of very many such agencies the later ones together.",
    ("agency",),
    most=16,
)
from_nought(_DELIVERIES, (channel.value for channel in Channel), (fate.value for fate in Fate))
from_nought(_AGENCIES, ("amqp",), ("queued",))
from_nought(_AGENCIES, ("webhook",), ("taken", "failed"))
_WAITING = gauge("notify_waiting", "Messages to petitioners that have not left yet.")
_OLDEST = gauge("notify_oldest_waiting_seconds", "Age of the oldest message that has not left yet.")
_DEAD = gauge("notify_dead", "Messages that were given up and wait for a person.")
_AGENCY_OLDEST = gauge(
    "notify_agency_oldest_seconds", "Age of the oldest event that has not reached an agency which is not paused."
)
_AGENCIES_GIVEN_UP = gauge("notify_agencies_given_up", "Agencies paused because their webhook failed for too long.")
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
        return Reached(**{field: str(told.get(field) or "") for field in ("email", "phone", "name", "query_code")})

    def open(self, case_no: str, actor: Actor) -> tuple[str, str]:
        """Return name and postal address for a letter; intake writes down who saw them and why (MK-8)."""
        body = {"number": case_no, "actor": dump(actor), "reason": "打印信函"}
        try:
            told = self._calls.call("intake", "contact", body, timeout=CALL_TIMEOUT)
        except CallFailed as error:
            raise Retryable("暂时无法取得收信地址，请稍后再打印。", code="intake-unreachable") from error
        except CallRefused:
            return "", ""
        person = told.get("petitioner") or {}
        return str(person.get("name") or ""), str(person.get("address") or "")


@dataclass(frozen=True, slots=True)
class GatewayReceipts:
    """Reads the receipts of this node's gateways."""

    gateways: tuple[Gateway, ...]

    def read(self, provider: str, headers: dict[str, str], body: str, now: datetime) -> Sequence[Said]:
        """Return what a callback says, if its gateway is known and it is genuine."""
        return receipts_in(self.gateways, provider, headers, body, now)


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
    press: Press
    receipts: GatewayReceipts
    enquiries: Enquiries
    agencies: AgencyDesk
    measure: Callable[[], None]
    look_at_queues: Callable[[], None]
    close: Callable[[], None]


def build(settings: Settings | None = None) -> Parts:
    """Join the parts of this node, named by the environment unless `settings` are given."""
    settings = settings or Settings.from_environment()
    clock, wall = SystemClock(settings.clock_file), SystemClock()
    engine = engine_for(settings.database_url, "notify", settings.connections)
    calls = Calls(settings.amqp_uri, name="notify")
    names = KnownNames(settings.divisions, calls, wall)
    open_work = partial(NotifyWork, engine, _count, partial(_written, settings.node, clock))
    directory = IntakeDirectory(calls)
    pauses = settings.rules.manners.patience.pause_after_outage
    senders = _senders(settings, pauses)
    webhooks = WebhookSender(settings.webhooks_allowed, settings.webhook_ca_file)
    HEALTH.add("notify-database", partial(_ask, engine))
    return Parts(
        open_work=open_work,
        clock=clock,
        desk=Desk(
            rules=settings.rules,
            texts=settings.texts,
            office=Office(settings.node, names, settings.portal_address),
            clock=clock,
            channels=frozenset({Channel.INBOX, *senders}),
        ),
        post=PostOffice(
            senders=senders,
            directory=directory,
            outages={channel: Outage(_pauses(channel, pauses)) for channel in senders},
            wall=wall,
            within=tracing.working,
            note=note,
            addressee=partial(
                addressee_of, KeyRing.from_file(settings.key_ring_file) if settings.key_ring_file else None
            ),
        ),
        press=Press(directory, {"html": as_html, "docx": as_docx}, wall),
        receipts=GatewayReceipts(settings.gateways),
        enquiries=Enquiries(_asked(settings.gateways), wall, note_receipt),
        agencies=_agency_desk(settings, wall, webhooks),
        measure=partial(_measure, open_work, wall, webhooks, has_server=settings.mail is not None),
        look_at_queues=partial(_look_at_queues, open_work, wall, AgencyQueues(settings.amqp_uri)),
        close=partial(_close, engine, calls, webhooks),
    )


def _written(node: str, clock: Clock, message: Any) -> Outgoing:
    return courier.outgoing(message, node=node, service="notify", time=clock.now())


def _agency_desk(settings: Settings, wall: Clock, sender: WebhookSender) -> AgencyDesk:
    ring = KeyRing.from_file(settings.key_ring_file) if settings.key_ring_file else None
    hands = Hands(WEBHOOK_HANDS, _note_broken_hand)

    def seal(plain: str, context: str) -> str:
        if ring is None:
            raise Invalid("webhook", "keys", "本节点没有密钥环，不能登记 Webhook。")
        return ring.seal(plain, context)

    @lru_cache(maxsize=KEYS_OPEN)
    def open_sealed(token: str, context: str) -> str:
        return ring.open(token, context) if ring else "[]"

    def send(agency: Agency, event: AgencyEvent, now: datetime) -> Answer:
        keys = [key for key, _ in keys_of(agency, now, open_sealed)]
        return sender.send(agency.grant.webhook, event, keys, now)

    return AgencyDesk(
        node=settings.node,
        wall=wall,
        known=Known(settings.divisions, settings.categories),
        days_kept=settings.agency_days,
        queued=queued,
        send=send,
        start=hands.start,
        turns=Turns(DOUBTFUL_HANDS),
        chance=random.SystemRandom().random,
        check=sender.check,
        make_key=make_key,
        seal=seal,
        open=open_sealed,
        note=_note_event,
    )


def queued(grant: Grant, event: AgencyEvent) -> Outgoing:
    """Return an event as the AMQP binding of CloudEvents has it, for the queue of one agency."""
    envelope = event.envelope
    if grant.mode is Mode.STRUCTURED:
        headers, body = {CONTENT_TYPE: "application/cloudevents+json; charset=utf-8"}, envelope
    else:
        attributes = json.loads(envelope)
        body = json.dumps(attributes.pop("data"), ensure_ascii=False)
        headers = {CONTENT_TYPE: attributes.pop("datacontenttype")}
        headers |= {f"cloudEvents_{name}": str(value) for name, value in attributes.items()}
    return Outgoing(event.event_id, event.type, AGENCY_EXCHANGE, grant.name, body.encode(), headers)


def _note_event(agency: str, way: str, outcome: str) -> None:
    _AGENCIES.labels(way, outcome).inc()
    if outcome == "failed":
        _AGENCY_FAILURES.labels(agency).inc()


def _note_broken_hand(error: Exception) -> None:
    logger("services.notify").error("webhook hand broke", error=type(error).__name__)


def _senders(settings: Settings, pauses: tuple[int, ...]) -> dict[Channel, Sender]:
    """Return what this node can send by; letters it can always print."""
    senders: dict[Channel, Sender] = {Channel.LETTER: PrintRoom()}
    if settings.mail:
        senders[Channel.MAIL] = SmtpServer(settings.mail, settings.node)
    if settings.gateways:
        senders[Channel.SMS] = SmsGateways(settings.gateways, pauses)
    return senders


def _asked(gateways: Sequence[Gateway]) -> dict[str, StatusDesk]:
    """Return the gateways that are asked for their receipts."""
    return {gateway.name: StatusDesk(gateway.status) for gateway in gateways if gateway.status}


def _pauses(channel: Channel, pauses: tuple[int, ...]) -> tuple[int, ...]:
    """Each gateway keeps its own pauses; the channel as a whole looks again after the shortest."""
    return pauses[:1] if channel is Channel.SMS else pauses


_NO_KEYS = secrets.token_bytes(32)


def addressee_of(keys: KeyRing | None, channel: str, address: str) -> str:
    """Return what stands for an address in tables; without keys (a trial) nobody can tell it after this process."""
    canonical = address.strip().lower()
    if keys is None:
        return hashlib.blake2b(f"{channel}:{canonical}".encode(), key=_NO_KEYS, digest_size=16).hexdigest()
    return keys.keyed_hash(canonical, f"notify.addressee.{channel}")[:32]


def note(claimed: Claimed, result: Result) -> None:
    """Count an attempt and write one line about it: ids and codes, never an address."""
    _DELIVERIES.labels(claimed.channel.value, result.fate.value).inc()
    logger("services.notify").info(
        "notice",
        channel=claimed.channel.value,
        provider=result.provider,
        delivery=claimed.id,
        rule=claimed.rule,
        case=claimed.case_no,
        attempt=claimed.attempts,
        outcome=result.fate.value,
        reason=result.reason,
    )


def note_receipt(provider: str, delivery: str, heard: Heard) -> None:
    """Write one line about a question for a receipt: an id and what was heard."""
    logger("services.notify").info("receipt asked for", provider=provider, delivery=delivery, outcome=heard.value)


def _count(added: Counter[str]) -> None:
    if added[Channel.INBOX.value]:
        _DELIVERIES.labels(Channel.INBOX.value, Fate.TAKEN.value).inc(added[Channel.INBOX.value])


def _measure(open_work: Callable[[], NotifyWork], wall: Clock, webhooks: WebhookSender, *, has_server: bool) -> None:
    webhooks.close_idle()
    with open_work() as work:
        waiting, oldest, dead = work.deliveries.standing()
        unheard, given_up = work.agencies.standing()
    _WAITING.set(waiting)
    _OLDEST.set(max(0.0, (wall.now() - oldest).total_seconds()) if oldest else 0.0)
    _DEAD.set(dead)
    _AGENCY_OLDEST.set(max(0.0, (wall.now() - unheard).total_seconds()) if unheard else 0.0)
    _AGENCIES_GIVEN_UP.set(given_up)
    _SERVER.set(has_server)


def _look_at_queues(open_work: Callable[[], NotifyWork], wall: Clock, queues: AgencyQueues) -> None:
    with open_work() as work:
        names = [agency.grant.name for agency in work.agencies.all() if agency.grant.amqp]
    queues.look(names, wall.now())


def _ask(engine: Engine) -> None:
    with engine.connect() as connection:
        connection.execute(text("SELECT 1"))


def _close(engine: Engine, calls: Calls, webhooks: WebhookSender) -> None:
    webhooks.close()
    calls.close()
    engine.dispose()
