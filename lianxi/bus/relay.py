"""Carries every outbox of a node to the broker: `python -m lianxi.bus.relay`, one process for all services.

Two lanes take turns: while the broker confirms the messages of one, the next are claimed for the other, so at most
`WINDOW` messages are unconfirmed. A lane is a database transaction: it claims rows with FOR UPDATE SKIP LOCKED, waits
for the confirms and marks as sent exactly what was confirmed. A process killed in between leaves the rows as they
were, and they are sent again; whoever receives them knows their ids. What the broker sends back because no queue
wants it is marked unroutable and stays for a person to see; what a broker lost with its disk is sent again. Without
the broker or the database the relay waits and comes back by itself. It imports little, because every township runs one.
"""

import os
import re
import select
import signal
import time
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import click
import psycopg2
from psycopg2.extensions import connection

from lianxi.bus.amqp import BROKEN, Batch, ConfirmingPublisher, Publication
from lianxi.bus.arrays import write_lists_as_literals
from lianxi.bus.driver import KEEPALIVES, FrugalConnection
from lianxi.bus.housekeeping import Housekeeping, Retention
from lianxi.bus.messages import CONTENT_TYPE, EXPIRATION, OUTBOX_CHANNEL, TOGETHER, TRANSIENT
from lianxi.bus.pace import Pace
from lianxi.bus.parcels import PARCEL, Item, grouped, packed
from lianxi.bus.recovery import send_again_if_wiped
from lianxi.bus.telemetry import tell_regularly
from lianxi.runtime import logging as logs
from lianxi.runtime.health import HEALTH
from lianxi.runtime.metrics import counter, from_nought, gauge, histogram, serve_metrics
from lianxi.runtime.settings import read, read_int

WINDOW = 1000
LANES = 2
POLL = 1.0
"""Seconds between two looks at the outboxes when no notification came."""

PACE = Pace(least=0.02, most=0.1, crowded=1)
"""Between a claim and the next one that a notification asks for."""

PAUSE = 0.5
LONGEST_PAUSE = 5.0
SHUN = 30.0
"""Seconds for which messages to an exchange that the broker does not know are left alone, others go on."""

SENT = counter("relay_messages_total", "Messages by outcome: sent, unroutable or refused", ("schema", "outcome"))
CONFIRM_SECONDS = histogram(
    "relay_confirm_seconds",
    "Time from sending a batch to the broker's last confirm of it",
    buckets=(0.01, 0.05, 0.25, 1.0, 5.0),
)
CONNECTED = gauge("relay_connected", "Whether the relay reaches database and broker")

_CLAIM = """
SELECT position, message_id, type, exchange, routing_key, headers, body FROM {schema}.outbox
WHERE sent_at IS NULL AND unroutable_at IS NULL AND position >= %s AND exchange <> ALL(%s)
ORDER BY position LIMIT %s FOR UPDATE SKIP LOCKED
"""
_PLAN = "-c enable_seqscan=off -c enable_bitmapscan=off -c enable_sort=off"
"""An outbox swings between empty and full faster than its statistics; walking the index in order is always right."""

_MARK = "UPDATE {schema}.outbox SET {column} = now() WHERE position = ANY(%s)"
_EXCHANGE = re.compile(r"exchange '([^']+)'")


class BrokerLost(Exception):  # noqa: N818  reads as what happened
    """The publisher broke; its unconfirmed messages will be sent again."""


LOST: tuple[type[BaseException], ...] = (psycopg2.Error, BrokerLost, *BROKEN)
"""What ends a round: the database or the broker is gone, or not ready yet."""


@dataclass(slots=True)
class Lane:
    """One transaction at a time: rows claimed, sent, and waiting for their confirms."""

    database: FrugalConnection
    schema: str = ""
    positions: list[list[int]] = field(default_factory=list)
    """The rows of each message that was sent: of a parcel there are several."""
    batch: Batch | None = None
    sent: float = 0.0


def dsn_of(url: str) -> str:
    """Return a SQLAlchemy address as the driver reads it."""
    return re.sub(r"^postgresql\+\w+://", "postgresql://", url)


class Relay:
    """Relays the outboxes of `schemas` until `stop`."""

    def __init__(self, database_url: str, amqp_uri: str, schemas: list[str], retention: Retention) -> None:
        write_lists_as_literals()
        self._dsn = dsn_of(database_url)
        self._amqp_uri = amqp_uri
        self._schemas = deque(schemas)
        self._kept_hours = retention.sent_hours
        self._housekeeping = Housekeeping(schemas, retention)
        from_nought(SENT, schemas, ("sent", "unroutable", "refused"))
        self._shunned: dict[str, float] = {}
        # Where to look first, so that a backlog is not searched from its sent beginning each time. A transaction that
        # commits late has lower numbers, so once a poll, and when nothing is found, the search starts anew.
        self._begin: dict[str, int] = {}
        self._began = 0.0
        self._next_claim = 0.0
        # Where there may be something to send: where a notification said so, and once a poll everywhere.
        self._waiting = set(schemas)
        self._wakened, self._waker = os.pipe()
        self._stopping = False
        self.connected = False
        self._log = logs.logger("lianxi.bus.relay")

    def stop(self) -> None:
        """End after what is in flight; may be called from a signal handler."""
        self._stopping = True
        os.write(self._waker, b"x")

    def run(self) -> None:
        """Relay until stopped, through every loss of broker and database."""
        pause = PAUSE
        while not self._stopping:
            try:
                with self._connected() as (listener, lanes, publisher):
                    self._note(connected=True)
                    self._log.info("relaying", schemas=list(self._schemas))
                    pause = PAUSE
                    self._relay(listener, lanes, publisher)
            except LOST as error:
                self._note(connected=False)
                reason = str(error) if isinstance(error, BrokerLost) else type(error).__name__
                self._log.warning("waiting", reason=reason, seconds=pause)
                select.select([self._wakened], [], [], pause)
                pause = min(pause * 2, LONGEST_PAUSE)

    def _note(self, *, connected: bool) -> None:
        self.connected = connected
        CONNECTED.set(connected)

    @contextmanager
    def _connected(self) -> Iterator[tuple[connection, list[Lane], ConfirmingPublisher]]:
        opened: list[connection] = []
        publisher: ConfirmingPublisher | None = None
        try:
            opened.append(self._open_database(connection))
            opened[0].autocommit = True
            opened.extend(self._open_database(FrugalConnection) for _ in range(LANES))
            with opened[0].cursor() as cursor:
                cursor.execute(f"LISTEN {OUTBOX_CHANNEL}")
            publisher = ConfirmingPublisher(self._amqp_uri, name="relay")
            if not publisher.wait_until_open(10.0):
                raise BrokerLost(publisher.failure or "no answer")
            again = send_again_if_wiped(self._amqp_uri, opened[0], self._schemas, self._kept_hours)
            if again:
                self._log.error("the broker lost its disk, sending again", messages=again)
            yield opened[0], [Lane(each) for each in opened[1:] if isinstance(each, FrugalConnection)], publisher
        finally:
            if publisher is not None:
                publisher.close()
            for each in opened:
                with suppress(psycopg2.Error):
                    each.close()

    def _open_database(self, factory: type[connection]) -> connection:
        opened: connection = psycopg2.connect(
            self._dsn,
            application_name="lianxi relay",
            options=_PLAN,
            connect_timeout=5,
            client_encoding="utf8",
            connection_factory=factory,
            **KEEPALIVES,
        )
        return opened

    def _relay(self, listener: connection, idle: list[Lane], publisher: ConfirmingPublisher) -> None:
        """Keep as many lanes busy as there is work for; finish them in the order in which they began."""
        busy: deque[Lane] = deque()
        self._waiting.update(self._schemas)
        while not (self._stopping and not busy):
            self._housekeeping.run(listener)
            if publisher.failure is not None:
                self._give_up(busy, publisher.failure)
            self._hear(listener)
            if idle and not self._stopping and self._claim(idle[-1], publisher):
                busy.append(idle.pop())
            elif busy:
                lane = busy[0]
                if self._wait_for(lane, publisher):
                    self._mark(lane)
                    idle.append(busy.popleft())
            else:
                self._sleep(listener)

    def _claim(self, lane: Lane, publisher: ConfirmingPublisher) -> bool:
        """Claim rows of the next schema that has any and send them."""
        now = time.monotonic()
        if now - self._began >= POLL:
            self._began = now
            self._begin.clear()
            self._waiting.update(self._schemas)
        self._shunned = {exchange: until for exchange, until in self._shunned.items() if until > now}
        for _ in range(len(self._schemas)):
            schema = self._schemas[0]
            self._schemas.rotate(-1)
            if schema not in self._waiting:
                continue
            with lane.database.cursor() as cursor:
                begin = self._begin.get(schema, 0)
                cursor.execute(_CLAIM.format(schema=schema), (begin, list(self._shunned), WINDOW // LANES))
                rows = cursor.fetchall()
            if rows:
                self._next_claim = max(self._next_claim, time.monotonic() + PACE.after(len(rows)))
                lane.schema = schema
                self._begin[schema] = rows[0][0]
                lane.positions, publications = _publications(rows)
                lane.sent = time.monotonic()
                lane.batch = publisher.send(publications)
                return True
            lane.database.rollback()
            self._waiting.discard(schema)
            self._begin.pop(schema, None)
        return False

    def _wait_for(self, lane: Lane, publisher: ConfirmingPublisher) -> bool:
        """Return whether the lane is through; a broker that is out of memory may let it wait."""
        through = lane.batch is None or lane.batch.done.wait(POLL)
        if self._stopping and not through and publisher.failure is None:
            publisher.close()
        return through and publisher.failure is None

    def _mark(self, lane: Lane) -> None:
        """Write down what the broker did with the lane's rows and let them go."""
        batch, lane.batch = lane.batch, None
        if batch is None:
            return
        CONFIRM_SECONDS.observe(time.monotonic() - lane.sent)
        for column, outcome, indexes in (
            ("sent_at", "sent", batch.confirmed),
            ("unroutable_at", "unroutable", batch.returned),
        ):
            if indexes:
                positions = [position for index in indexes for position in lane.positions[index]]
                lane.database.soon(_MARK.format(schema=lane.schema, column=column), (positions,))
                SENT.labels(lane.schema, outcome).inc(len(positions))
        lane.database.commit()
        if batch.returned:
            self._log.error("unroutable", schema=lane.schema, messages=len(batch.returned))
        if batch.refused:
            SENT.labels(lane.schema, "refused").inc(len(batch.refused))
            self._log.error("refused by the broker", schema=lane.schema, messages=len(batch.refused))
            select.select([self._wakened], [], [], PAUSE)

    def _give_up(self, busy: deque[Lane], failure: str) -> None:
        """Save what was confirmed before the publisher broke."""
        for lane in busy:
            self._mark(lane)
        unknown = _EXCHANGE.search(failure)
        if unknown:
            self._shunned[unknown[1]] = time.monotonic() + SHUN
            self._log.error("exchange unknown or closed to this user", exchange=unknown[1])
        raise BrokerLost(failure)

    def _sleep(self, listener: connection) -> None:
        """Wait for a notification, for `stop`, or for the next poll, and keep the claims apart."""
        select.select([listener.fileno(), self._wakened], [], [], POLL)
        rest = self._next_claim - time.monotonic()
        if rest > 0:
            select.select([self._wakened], [], [], rest)

    def _hear(self, listener: connection) -> None:
        """Note which schemas the notifications name."""
        listener.poll()
        self._waiting.update(notice.payload for notice in listener.notifies)
        listener.notifies.clear()


def _publications(rows: Sequence[tuple[Any, ...]]) -> tuple[list[list[int]], list[Publication]]:
    """Return rows as the publisher takes them, in their order, and for each publication the positions of its rows."""
    positions: list[list[int]] = []
    publications: list[Publication] = []
    number = 0
    for items in grouped([_item(row) for row in rows]):
        positions.append([row[0] for row in rows[number : number + len(items)]])
        publications.append(_parcel(items) if len(items) > 1 else _publication(items[0]))
        number += len(items)
    return positions, publications


def _item(row: tuple[Any, ...]) -> Item:
    _, message_id, kind, exchange, routing_key, headers, body = row
    together = headers.pop(TOGETHER, None)
    return Item(exchange, routing_key, bytes(body), message_id, kind, headers, together)


def _parcel(items: Sequence[Item]) -> Publication:
    first = items[0]
    return Publication(first.exchange, first.together or "", packed(items), first.id, PARCEL, {})


def _publication(item: Item) -> Publication:
    """Return a message as the publisher takes it; what a sender said about its keeping becomes a property."""
    headers = dict(item.headers)
    expiration = headers.pop(EXPIRATION, None)
    transient = headers.pop(TRANSIENT, "true") == "false"
    content_type = headers.pop(CONTENT_TYPE, "application/json")
    return Publication(
        item.exchange, item.routing_key, item.body, item.id, item.type, headers, expiration, not transient, content_type
    )


@click.command()
@click.option("--database-url", default=None, help="SQLAlchemy address; default LIANXI_DATABASE_URL or …_FILE.")
@click.option("--amqp-uri", default=None, help="Broker; default LIANXI_AMQP_URI or …_FILE.")
@click.option("--schemas", default=None, help="Names, separated by commas; default LIANXI_SCHEMAS.")
@click.option(
    "--metrics-port", type=int, default=None, help="Port of /metrics; default LIANXI_METRICS_PORT, 0 takes a free one."
)
def main(database_url: str | None, amqp_uri: str | None, schemas: str | None, metrics_port: int | None) -> None:
    """Carry the outboxes of a node's services to its broker until a signal arrives."""
    logs.configure(level=read("LOG_LEVEL", "INFO"), node=read("NODE", ""), process="relay")
    names = schemas or read("SCHEMAS", "intake,routing,supervision,notify")
    kept = Retention()
    relay = Relay(
        database_url or read("DATABASE_URL", secret=True),
        amqp_uri or read("AMQP_URI", secret=True),
        [name.strip() for name in names.split(",") if name.strip()],
        Retention(
            sent_hours=read_int("OUTBOX_RETENTION_HOURS", kept.sent_hours),
            seen_days=read_int("INBOX_RETENTION_DAYS", kept.seen_days),
            answer_days=read_int("ANSWER_RETENTION_DAYS", kept.answer_days),
            prune_seconds=read_int("PRUNE_SECONDS", kept.prune_seconds),
        ),
    )
    HEALTH.add("relay", lambda: None if relay.connected else "not connected")
    serve_metrics(read_int("METRICS_PORT", 0) if metrics_port is None else metrics_port)
    tell_regularly(amqp_uri or read("AMQP_URI", secret=True), "relay")
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: relay.stop())
    relay.run()


if __name__ == "__main__":
    main()
