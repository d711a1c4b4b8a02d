"""Events to two hundred agencies: webhooks a second, what one dead agency does to the others, and the lag of queues.

One node with its services and its relay, as a node runs; the webhooks of all agencies are one process beside it. Case
events are published as the relay of a node publishes them. For the rate a pile of them is published at once; for the
others one at a time, in turns with all agencies alive and with one that takes connections and never answers. The same
turns measure, with the dead one, how long an event takes to a program that reads its queue; the dead agency has a
queue, too, and nobody reads it.
"""

import http.client
import json
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from typing import Any

import pika
from standardwebhooks import Webhook

from lianxi.bus.amqp import connect
from lianxi.bus.calls import Calls
from lianxi.courier import outgoing
from lianxi.ops import agency_queue
from lianxi.ops.local.processes import free_ports
from lianxi.ops.local.stack import Stack
from tests.bench.figures import Figure, Row, percentile
from tests.bench.ground import COST, ROOT, Bench, Meter, running, until
from tests.support.builders import CITY, DISTRICT, SHANGHAI, Road

AGENCIES = 200
QUEUES = 40
"""So many of them also read a queue."""
PILE = 8
"""Cases published at once."""
HEARD = 2
"""Events of each that agencies hear."""
PACE = 1.5
"""Seconds between two events of the paced measurement: far less than the rate, or it would measure the pile again."""
TURN = 14
"""Events of a turn of it."""
HANDS = 24
FIELDS = ["category", "place", "claims.number", "transfer.to_node"]


def measure_agencies(bench: Bench) -> list[Row]:
    """Measure a fan-out: rate, effect of a dead agency, lag of the queues."""
    settings = {"LIANXI_WEBHOOK_ALLOW_PRIVATE": "127.0.0.1", "LIANXI_NOTIFY_CONNECTIONS": "12"}
    number = bench.size(AGENCIES, least=20)
    with bench.stack("agencies", [CITY], settings=settings) as stack:
        stack.up(("services", "relay"))
        node = stack.node(CITY)
        with _outside(bench, stack, number) as outside:
            pile = bench.size(PILE, least=2)
            programs = {name: [node.program(name).pid] for name in ("services", "relay")}
            meter = Meter({**programs, "RabbitMQ": [node.broker.pid], "PostgreSQL": [stack.cluster.pid]})
            rates = [outside.rate(pile) for _ in range(bench.repetitions)]
            cost = meter.cost(pile * HEARD * number * bench.repetitions)
            bench.say(f"webhooks: {Figure.of(rates).text} deliveries/s")
            bare = [outside.bare_rate() for _ in range(bench.repetitions)]
            turns = [outside.turn(bench.size(TURN, least=8), dead=dead) for dead in (False, True) * bench.repetitions]
    alive, beside_dead = turns[::2], turns[1::2]
    pairs = zip(alive, beside_dead, strict=True)
    ratios = [percentile(dead.webhooks, 0.99) / percentile(all_alive.webhooks, 0.99) for all_alive, dead in pairs]
    return [
        Row(
            key="agencies-rate",
            what=f"events to {number} agencies at once: webhooks signed, delivered, answered, written down",
            unit="deliveries/s",
            ours=Figure.of(rates),
            bare=Figure.of(bare),
            bare_what=f"{HANDS} threads that sign and post the same bodies from memory",
            target=500,
            note=f"{COST} {cost}",
        ),
        Row(
            key="agencies-dead",
            what=f"one dead agency of {number}: p99 of the others' webhooks as a multiple of p99 with none dead",
            unit="×",
            ours=Figure.of(ratios),
            target=1.05,
            at_most=True,
            note=f"p99 {_p99(alive, 'webhooks')} s with none dead, {_p99(beside_dead, 'webhooks')} s with one",
        ),
        Row(
            key="agencies-queue",
            what=f"event published → read from its queue by {min(QUEUES, number) - 1} agencies, one dead, p99",
            unit="s",
            ours=Figure.of([percentile(turn.queues, 0.99) for turn in beside_dead]),
            target=2.0,
            at_most=True,
            note=f"p99 {_p99(alive, 'queues')} s with none dead",
        ),
    ]


def _p99(turns: Sequence["Turn"], way: str) -> str:
    return Figure.of([percentile(getattr(turn, way), 0.99) for turn in turns]).text


@dataclass
class Turn:
    """Seconds from publishing to arrival, for every event and living agency."""

    webhooks: list[float]
    queues: list[float]


@dataclass
class Outside:
    """The agencies, and the hand that publishes events."""

    uri: str
    port: int
    names: list[str]
    queues: dict[str, str]
    read: list[tuple[str, str, float]] = field(default_factory=list)
    cases: Iterator[int] = field(default_factory=lambda: count(1))

    def rate(self, cases: int) -> float:
        """Publish a pile and return how many deliveries a second there were until all had everything."""
        events = [event for _ in range(cases) for event in self._a_case()]
        began = time.monotonic()
        heard = self._publish(events)
        told = self._all_told(len(heard) * len(self.names))
        return len(told) / (max(at for _, _, at in told) - began)

    def turn(self, events: int, *, dead: bool) -> Turn:
        """Publish one event after the other; return how long each took to the agencies that live."""
        self._ask("POST", f"/dead/{self.names[0]}" if dead else "/alive")
        living = len(self.names) - dead
        self.read.clear()
        sent: dict[str, float] = {}
        while len(sent) < events:
            received, *heard = self._a_case()
            self._publish([received])
            for event in heard:
                at = time.monotonic()
                sent |= dict.fromkeys(self._publish([event]), at)
                time.sleep(max(0.0, PACE - (time.monotonic() - at)))
        told = self._all_told(len(sent) * living)
        until(lambda: len(self.read) >= len(sent) * (len(self.queues) - 1), "not every queue was read", within=60)
        others = [entry for entry in told if entry[0] != self.names[0]]
        return Turn(*([at - sent[identity] for _, identity, at in way] for way in (others, list(self.read))))

    def bare_rate(self) -> float:
        """Sign and post from memory what a pile would be."""
        key, body = "whsec_" + "bGlhbnhp" * 5, json.dumps({"data": "x" * 400})
        share = len(self.names) * 10 // HANDS

        def post() -> None:
            for number in range(share):
                moment = datetime.now(SHANGHAI)  # noqa: TID251  (the bare tool signs by the real clock)
                signature = Webhook(key).sign(f"bare-{number}", moment, body)
                connection = http.client.HTTPConnection("127.0.0.1", self.port)
                connection.request("POST", "/bare", body, {"webhook-id": "bare", "webhook-signature": signature})
                connection.getresponse().read()
                connection.close()

        hands = [threading.Thread(target=post) for _ in range(HANDS)]
        began = time.monotonic()
        for hand in hands:
            hand.start()
        for hand in hands:
            hand.join()
        self._ask("GET", "/told")
        return share * HANDS / (time.monotonic() - began)

    def register(self, stack: Stack, names: Sequence[str]) -> None:
        """Register the agencies, some with a queue."""
        api = stack.node(CITY).broker.management
        calls = Calls(self.uri, name="bench")
        for name in names:
            queue = len(self.queues) < QUEUES
            grant = {"name": name, "divisions": [CITY], "fields": FIELDS, "amqp": queue}
            body = {"grant": {**grant, "webhook": f"http://127.0.0.1:{self.port}/{name}"}, "by": "bench"}
            calls.call("notify", "add_agency", body, timeout=30)
            if queue:
                agency_queue.make(api, CITY, name, 8)
                self.queues[agency_queue.user_of(name)] = name
            self.names.append(name)
        calls.close()

    def read_queues(self, ended: threading.Event) -> None:
        """Read every queue but the first, whose agency is dead for half of the time."""
        connection = connect(self.uri, name="bench")
        channel = connection.channel()
        channel.basic_qos(prefetch_count=50)
        for queue in list(self.queues)[1:]:
            channel.basic_consume(queue, self._take)
        while not ended.is_set():
            connection.process_data_events(time_limit=0.1)
        connection.close()

    def _take(self, channel: Any, method: Any, properties: Any, _body: bytes) -> None:
        self.read.append((method.routing_key, properties.message_id, time.monotonic()))
        channel.basic_ack(method.delivery_tag)

    def _a_case(self) -> list[Any]:
        number = f"630100{20260302}W{next(self.cases):05d}"
        return Road(number).received().registered().transferred(CITY, DISTRICT).events

    def _publish(self, events: Sequence[Any]) -> list[str]:
        """Publish case events; return the ids of those that agencies hear."""
        connection = connect(self.uri, name="bench")
        channel = connection.channel()
        channel.confirm_delivery()
        for event in events:
            sent = outgoing(event, node=CITY, service="routing", time=datetime(2026, 3, 2, 10, tzinfo=SHANGHAI))
            facts = pika.BasicProperties(
                message_id=sent.id,
                type=sent.type,
                delivery_mode=2,
                headers=sent.headers,
                content_type="application/json",
            )
            channel.basic_publish(sent.exchange, sent.routing_key, sent.body, facts)
        connection.close()
        return [sent_id(event) for event in events if event.MESSAGE.name != "case-received"]

    def _all_told(self, expected: int) -> list[tuple[str, str, float]]:
        told: list[tuple[str, str, float]] = []

        def whole() -> bool:
            told.extend((name, identity.replace("-", "."), at) for name, identity, at in self._ask("GET", "/told"))
            return len(told) >= expected

        until(whole, f"{len(told)} of {expected} webhooks", within=120, every=0.25)
        return told

    def _ask(self, method: str, path: str) -> Any:
        connection = http.client.HTTPConnection("127.0.0.1", self.port)
        connection.request(method, path)
        body = connection.getresponse().read()
        connection.close()
        return json.loads(body) if body else None


def sent_id(event: Any) -> str:
    """Return the id of a case event on the wire, which agencies see."""
    return f"{event.head.case_no}.{event.head.seq}.{event.head.digest[:12]}"


@contextmanager
def _outside(bench: Bench, stack: Stack, number: int) -> Iterator[Outside]:
    (port,) = free_ports(1)
    script = str(ROOT / "tests" / "bench" / "agencies_receiver.py")
    ended = threading.Event()
    with running([script, str(port)], bench.state / "logs" / "receiver.log"):
        outside = Outside(stack.node(CITY).amqp_uri, port, [], {})
        until(lambda: _answers(outside), "the receiver did not start", within=30)
        outside.register(stack, [f"agency-{place:03d}" for place in range(number)])
        bench.say(f"{number} agencies registered, {len(outside.queues)} with a queue")
        reader = threading.Thread(target=outside.read_queues, args=(ended,))
        reader.start()
        try:
            yield outside
        finally:
            ended.set()
            reader.join(10)


def _answers(outside: Outside) -> bool:
    try:
        outside._ask("POST", "/alive")
    except OSError:
        return False
    return True
