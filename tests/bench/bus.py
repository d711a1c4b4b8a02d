"""Rows 1 and 2, the bus alone: a relay that empties a full outbox, a consumer that works off a full queue.

The events have 256 bytes and belong to 500 cases, in order. The consumer is a real service process under either
runner; each event goes through the inbox and the order of its case and becomes a row. The bare tools do the same
number of broker and database round trips with the same bodies, without order, retries or parking.
"""

import json
import time
from typing import Any

from lianxi.ops.local.processes import answers, free_ports
from tests.bench.bare import TABLES as BARE_TABLES
from tests.bench.bare import event
from tests.bench.figures import Figure, Row
from tests.bench.ground import COST, Bench, Meter, Place, output_of, rows_per_second, running, until
from tests.bench.tally import KEYS, QUEUE, ROUTING_KEY, SCHEMA, TABLE, TOPOLOGY

EVENTS = 20_000
RUNNERS = {"nameko": "tests/bench/tally_nameko.py", "threads": "tests/bench/tally_threads.py"}
_APPLIED = "SELECT count(*) FROM tally.applied"
_WAITING = "SELECT EXISTS (SELECT 1 FROM tally.outbox WHERE sent_at IS NULL)"
_FILL = (
    "INSERT INTO tally.outbox (message_id, type, exchange, routing_key, headers, body) SELECT id, 'tallied.v1', 'case',"
    f" '{ROUTING_KEY}', '{{}}', body FROM unnest(%s::text[], %s::bytea[]) WITH ORDINALITY AS e (id, body, place)"
    " ORDER BY place"
)


def measure_relay(bench: Bench) -> list[Row]:
    """Messages a second from a full outbox to the broker and confirmed."""
    count = bench.size(EVENTS, least=2000)
    with bench.place() as place:
        TOPOLOGY.declare(place.vhost.uri)
        place.make_tables(SCHEMA)
        ours, bare, cost = [], [], ""
        for turn in range(bench.repetitions):
            rate, cost = _relay(place, count)
            ours.append(rate)
            _empty(place)
            bare.append(_publish(place, count))
            _empty(place)
            bench.say(f"relay {turn + 1}: {ours[-1]:,.0f}/s, bare publisher {bare[-1]:,.0f}/s")
    return [
        Row(
            key="relay",
            what="relay: from a full outbox, confirmed by the broker and marked",
            unit="messages/s",
            ours=Figure.of(ours),
            bare=Figure.of(bare),
            bare_what="pika SelectConnection, 1000 unconfirmed, from memory",
            target=8000,
            note=f"{COST} {cost}",
        )
    ]


def measure_consumer(bench: Bench) -> list[Row]:
    """Events a second from a full queue through inbox, order and one business row, under both runners."""
    count = bench.size(EVENTS, least=2000)
    ours: dict[str, list[float]] = {name: [] for name in RUNNERS}
    bare, inserts, cost = [], [], {}
    with bench.place() as place:
        TOPOLOGY.declare(place.vhost.uri)
        place.make_tables(SCHEMA, TABLE)
        place.run(*BARE_TABLES)
        for turn in range(bench.repetitions):
            for name in RUNNERS:
                rate, cost[name] = _consume(place, name, count)
                ours[name].append(rate)
            bare.append(_consume_barely(place, count))
            inserts.append(_bare("insert", place.database.dsn, str(count)))
            bench.say(f"consumer {turn + 1}: {_shown(ours)}, bare {bare[-1]:,.0f}/s, only rows {inserts[-1]:,.0f}/s")
    rows = [
        Row(
            key=f"consumer-{name}",
            what=f"consumer under {name}: inbox, order of the case, one row each",
            unit="events/s",
            ours=Figure.of(figures),
            bare=Figure.of(bare),
            bare_what="pika BlockingConnection and psycopg2, batches of 200: inbox and row",
            target=8000,
            note=f"{COST} {cost[name]}",
        )
        for name, figures in ours.items()
    ]
    return [*rows, _inserting(inserts)]


def _inserting(figures: list[float]) -> Row:
    return Row(
        key="insert",
        what="for comparison: multi-row insert through psycopg2, 200 rows a commit",
        unit="rows/s",
        ours=Figure.of(figures),
    )


def _shown(figures: dict[str, list[float]]) -> str:
    return ", ".join(f"{name} {values[-1]:,.0f}/s" for name, values in figures.items())


def _relay(place: Place, count: int) -> tuple[float, str]:
    """Start a relay, let it find `count` new rows at once, and wait until none is left; return rate and cost."""
    place.run("TRUNCATE tally.outbox")
    (port,) = free_ports(1)
    settings = {
        "LIANXI_DATABASE_URL": place.database.url,
        "LIANXI_AMQP_URI": place.vhost.uri,
        "LIANXI_SCHEMAS": SCHEMA,
        "LIANXI_METRICS_PORT": str(port),
    }
    ids, bodies = zip(*(event(number, KEYS) for number in range(count)), strict=True)
    with running(["-m", "lianxi.bus.relay"], place.logs / "relay.log", **settings) as relay:
        until(lambda: answers(port), "the relay came up", within=60)
        with place.database.connect() as connection, connection.cursor() as cursor:
            connection.autocommit = False
            cursor.execute(_FILL, (list(ids), list(bodies)))
            cursor.execute("SELECT pg_notify('lianxi_outbox', 'tally')")
            connection.commit()
            began, meter = time.perf_counter(), _meter(place, "relay", relay.pid)
            connection.autocommit = True
            until(lambda: not _first(cursor, _WAITING), "the outbox was emptied", every=0.05)
            return count / (time.perf_counter() - began), meter.cost(count)


def _meter(place: Place, name: str, pid: int) -> Meter:
    parts = {name: (pid,), "RabbitMQ": (place.vhost.broker.pid,), "PostgreSQL": (place.database.cluster.pid,)}
    return Meter(parts)


def _first(cursor: Any, statement: str) -> Any:
    cursor.execute(statement)
    return cursor.fetchone()[0]


def _publish(place: Place, count: int) -> float:
    return _bare("publish", place.vhost.uri, "case", ROUTING_KEY, str(count), str(KEYS))


def _consume(place: Place, runner: str, count: int) -> tuple[float, str]:
    """Fill the queue, start the service, and wait until every event is a row; return rate and cost."""
    place.run("TRUNCATE tally.applied, tally.inbox, tally.stream_position")
    _publish(place, count)
    environment = {"TALLY_DATABASE_URL": place.database.url}
    with running([RUNNERS[runner], place.vhost.uri], place.logs / f"{runner}.log", **environment) as service:
        first = until(lambda: place.ask(_APPLIED), "the first event was applied", every=0.05)
        meter = _meter(place, "service", service.pid)
        until(lambda: place.ask(_APPLIED) == count, "every event was applied", every=0.3)
        cost = meter.cost(max(count - first, 1))
    return rows_per_second(place.database.dsn, "tally.applied"), cost


def _consume_barely(place: Place, count: int) -> float:
    place.run("TRUNCATE bare.seen, bare.applied")
    _publish(place, count)
    return _bare("consume", place.vhost.uri, place.database.dsn, QUEUE, str(count))


def _bare(what: str, *arguments: str) -> float:
    rate: float = json.loads(output_of(["-m", "tests.bench.bare", what, *arguments]))["rate"]
    return rate


def _empty(place: Place) -> None:
    """Throw away what was published."""
    place.vhost.management.delete(f"queues/{place.vhost.name}/{QUEUE}/contents")
