"""The same work with bare tools: pika and psycopg2, a batch at a time, without any of the guarantees around it.

`publish` keeps a window of unconfirmed messages on a SelectConnection. `consume` takes batches of 200, remembers the
ids, inserts one row each and acknowledges the batch. `insert` only inserts rows, many in a statement; `load` those of
a CSV file. Run as programs, because the product's processes are programs: `python -m tests.bench.bare publish URI …`.
"""

import csv
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pika
import psycopg2
from psycopg2.extras import execute_values

WINDOW = 1000
BATCH = 200
PREFETCH = 400
EVENT_BYTES = 256


def event(number: int, keys: int) -> tuple[str, bytes]:
    """Return id and body of an event of about 256 bytes: some cases, each with numbers from 1."""
    identity = f"event-{number:08d}"
    body = {"id": identity, "key": f"case-{number % keys}", "seq": number // keys + 1, "pad": ""}
    body["pad"] = "x" * (EVENT_BYTES - len(json.dumps(body)))
    return identity, json.dumps(body).encode()


class Publisher:
    """Publishes events with at most `WINDOW` of them unconfirmed."""

    def __init__(self, uri: str, exchange: str, routing_key: str, count: int, make: Callable[[int], Any]) -> None:
        self._where = (exchange, routing_key)
        self._count, self._make = count, make
        self._sent = 0
        self._open: set[int] = set()
        self._lowest = 1
        self._began = self.seconds = 0.0
        self._channel: Any = None
        self._connection = pika.SelectConnection(pika.URLParameters(uri), on_open_callback=self._on_open)

    def run(self) -> float:
        """Publish everything and return the seconds from the first message to the last confirm."""
        self._connection.ioloop.start()
        return self.seconds

    def _on_open(self, connection: Any) -> None:
        connection.channel(on_open_callback=self._on_channel)

    def _on_channel(self, channel: Any) -> None:
        self._channel = channel
        channel.confirm_delivery(self._on_confirm, callback=self._begin)

    def _begin(self, _frame: Any) -> None:
        self._began = time.perf_counter()
        self._fill()

    def _fill(self) -> None:
        while self._sent < self._count and len(self._open) < WINDOW:
            identity, body = self._make(self._sent)
            facts = pika.BasicProperties(message_id=identity, delivery_mode=2, content_type="application/json")
            self._channel.basic_publish(*self._where, body, facts, mandatory=True)
            self._sent += 1
            self._open.add(self._sent)

    def _on_confirm(self, frame: Any) -> None:
        method = frame.method
        first = self._lowest if method.multiple else method.delivery_tag
        self._open.difference_update(range(first, method.delivery_tag + 1))
        if method.multiple:
            self._lowest = method.delivery_tag + 1
        if not self._open and self._sent == self._count:
            self.seconds = time.perf_counter() - self._began
            self._connection.close()
            self._connection.ioloop.stop()
        else:
            self._fill()


def consume(uri: str, dsn: str, queue: str, count: int) -> float:
    """Take `count` messages from a queue into `bare.seen` and `bare.applied`; return messages a second."""
    connection = pika.BlockingConnection(pika.URLParameters(uri))
    channel = connection.channel()
    channel.basic_qos(prefetch_count=PREFETCH)
    database = psycopg2.connect(dsn)
    batch: list[tuple[str, bytes]] = []
    began = 0.0
    for taken, (method, facts, body) in enumerate(channel.consume(queue), start=1):
        began = began or time.perf_counter()
        batch.append((facts.message_id, body))
        if len(batch) == BATCH or taken == count:
            apply(database, batch)
            channel.basic_ack(method.delivery_tag, multiple=True)
            batch = []
        if taken == count:
            break
    seconds = time.perf_counter() - began
    connection.close()
    database.close()
    return count / seconds


def apply(database: Any, batch: list[tuple[str, bytes]]) -> None:
    """Write one batch: what was seen, and a row for each that was new."""
    with database, database.cursor() as cursor:
        execute_values(
            cursor,
            "INSERT INTO bare.seen (id) VALUES %s ON CONFLICT DO NOTHING RETURNING id",
            [(identity,) for identity, _ in batch],
            page_size=BATCH,
        )
        new = {row[0] for row in cursor.fetchall()}
        rows = [(identity, json.loads(body), body) for identity, body in batch if identity in new]
        execute_values(
            cursor,
            "INSERT INTO bare.applied (id, key, seq, body) VALUES %s",
            [(identity, fact.get("key", ""), fact.get("seq", 0), body) for identity, fact, body in rows],
            page_size=BATCH,
        )


def insert(dsn: str, count: int) -> float:
    """Insert rows, a batch in a statement and a transaction; return rows a second."""
    database = psycopg2.connect(dsn)
    rows = [(identity, "case", 1, body) for identity, body in (event(number, 500) for number in range(count))]
    began = time.perf_counter()
    for start in range(0, count, BATCH):
        with database, database.cursor() as cursor:
            statement = "INSERT INTO bare.applied (id, key, seq, body) VALUES %s"
            execute_values(cursor, statement, rows[start : start + BATCH], page_size=BATCH)
    seconds = time.perf_counter() - began
    database.close()
    return count / seconds


def load(dsn: str, path: str) -> float:
    """Insert the rows of a CSV file as they are; return rows a second."""
    began = time.perf_counter()
    database = psycopg2.connect(dsn)
    with Path(path).open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))[1:]
    for start in range(0, len(rows), BATCH):
        with database, database.cursor() as cursor:
            taken = [(row[0], row[1], 1, " ".join(row[2:]).encode()) for row in rows[start : start + BATCH]]
            execute_values(cursor, "INSERT INTO bare.applied (id, key, seq, body) VALUES %s", taken, page_size=BATCH)
    database.close()
    return len(rows) / (time.perf_counter() - began)


TABLES = (
    "CREATE SCHEMA IF NOT EXISTS bare",
    "CREATE TABLE IF NOT EXISTS bare.seen (id text PRIMARY KEY)",
    "CREATE TABLE IF NOT EXISTS bare.applied (place bigserial PRIMARY KEY, id text, key text, seq bigint, body bytea)",
)


def main(arguments: list[str]) -> None:
    """Do one of the four and print the rate as JSON."""
    what, *rest = arguments
    if what == "publish":
        uri, exchange, routing_key, count, keys = rest
        publisher = Publisher(uri, exchange, routing_key, int(count), lambda number: event(number, int(keys)))
        rate = int(count) / publisher.run()
    elif what == "consume":
        uri, dsn, queue, count = rest
        rate = consume(uri, dsn, queue, int(count))
    elif what == "load":
        rate = load(*rest)
    else:
        dsn, count = rest
        rate = insert(dsn, int(count))
    sys.stdout.write(json.dumps({"rate": rate}))


if __name__ == "__main__":
    main(sys.argv[1:])
