"""Events to two hundred agencies: webhooks a second, what one dead agency does to the others, and the lag of queues.

One node with its relay, notify in a process of its own and the other services in another, so that each one's processor
time can be told; the webhooks of all agencies are one process beside them, on an address of loopback each. Case events
are published as the relay of a node publishes them. For the rate a pile of them is published at once; for the others
one at a time, in short turns with all agencies alive (A) and with one that takes requests and never answers (B), in
the order A B B A A B B A, so that what else the machine does falls on both alike. The same turns measure how long an
event takes to a program that reads its queue; the dead agency has a queue, too, and nobody reads it.
"""

import http.client
import json
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from statistics import median
from typing import Any

import pika
import requests
from standardwebhooks import Webhook

from lianxi.bus.amqp import connect
from lianxi.bus.calls import Calls
from lianxi.courier import outgoing
from lianxi.ops import agency_queue
from lianxi.ops.local.processes import free_ports
from lianxi.ops.local.stack import LocalNode, Stack
from tests.bench.agencies_receiver import host_of
from tests.bench.figures import Figure, Row, percentile
from tests.bench.ground import COST, ROOT, Bench, Meter, NotFinished, running, until
from tests.support.builders import CITY, DISTRICT, SHANGHAI, Road

AGENCIES = 200
QUEUES = 40
"""So many of them also read a queue."""
PILE = 16
"""Cases published at once."""
HEARD = 2
"""Events of each that agencies hear."""
PACE = 0.7
"""Seconds between two events of the paced measurement: far less than the rate, or it would measure the pile again."""
TURN = 6
"""Events of a turn of it."""
ORDER = (False, True, True, False, False, True, True, False)
"""Whether one agency is dead, in the turns of a repetition."""
HANDS = 24
FIELDS = ["category", "place", "claims.number", "transfer.to_node"]
OTHERS = "intake,routing,supervision"


def measure_agencies(bench: Bench) -> list[Row]:
    """Measure a fan-out: rate, effect of a dead agency, lag of the queues."""
    number = bench.size(AGENCIES, least=20)
    hosts = ",".join(host_of(place) for place in range(number))
    with bench.stack("agencies", [CITY], settings={"LIANXI_WEBHOOK_ALLOW_PRIVATE": hosts}) as stack:
        stack.up(("relay",))
        with _outside(bench, stack, number) as (outside, programs):
            pile = bench.size(PILE, least=2)
            node = stack.node(CITY)
            meter = Meter({**programs, "RabbitMQ": [node.broker.pid], "PostgreSQL": [stack.cluster.pid]})
            rates = [outside.rate(pile) for _ in range(bench.repetitions)]
            cost = meter.cost(pile * HEARD * number * bench.repetitions)
            bench.say(f"webhooks: {Figure.of(rates).text} deliveries/s")
            bare = [outside.bare_rate() for _ in range(bench.repetitions)]
            events = bench.size(TURN, least=4)
            rounds = [[outside.turn(events, dead=dead) for dead in ORDER] for _ in range(bench.repetitions)]
    alive, beside_dead = _sorted_by_death(rounds)
    ratios = [dead.typical / all_alive.typical for all_alive, dead in zip(alive, beside_dead, strict=True)]
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
            what=f"one dead agency of {number}: p99 of an event to the others, median of the events, as a multiple of"
            " the same with none dead",
            unit="×",
            ours=Figure.of(ratios),
            target=1.05,
            at_most=True,
            note=f"p99 of all deliveries {_p99(alive, 'webhooks')} s with none dead,"
            f" {_p99(beside_dead, 'webhooks')} s with one",
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


def _sorted_by_death(rounds: Sequence[Sequence["Turn"]]) -> tuple[list["Turn"], list["Turn"]]:
    """Return for each repetition what was measured with none dead, and what with one."""
    both: tuple[list[Turn], list[Turn]] = [], []
    for turns in rounds:
        for dead in (False, True):
            same = [turn for turn, died in zip(turns, ORDER, strict=True) if died is dead]
            queues = [seconds for turn in same for seconds in turn.queues]
            both[dead].append(Turn({event: found for turn in same for event, found in turn.by_event.items()}, queues))
    return both


def _p99(turns: Sequence["Turn"], way: str) -> str:
    return Figure.of([percentile(getattr(turn, way), 0.99) for turn in turns]).text


@dataclass
class Turn:
    """Seconds from publishing to arrival, for every event and living agency."""

    by_event: dict[str, list[float]]
    queues: list[float]

    @property
    def webhooks(self) -> list[float]:
        """The seconds of all events."""
        return [seconds for found in self.by_event.values() for seconds in found]

    @property
    def typical(self) -> float:
        """The p99 of an event, in the middle of all events."""
        return median(percentile(found, 0.99) for found in self.by_event.values())


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
        if not dead:
            self._let_the_first_catch_up()
        self._ask("GET", "/told")
        self.read.clear()
        sent: dict[str, float] = {}
        while len(sent) < events:
            received, *heard = self._a_case()
            self._publish([received])
            for event in heard:
                at = time.monotonic()
                sent |= dict.fromkeys(self._publish([event]), at)
                time.sleep(max(0.0, PACE - (time.monotonic() - at)))
        told = self._all_told(len(sent) * (len(self.names) - dead))
        until(lambda: len(self.read) >= len(sent) * (len(self.queues) - 1), "not every queue was read", within=60)
        by_event: dict[str, list[float]] = {}
        for name, identity, at in told:
            if name != self.names[0]:
                by_event.setdefault(identity, []).append(at - sent[identity])
        return Turn(by_event, [at - sent[identity] for _, identity, at in list(self.read)])

    def _let_the_first_catch_up(self) -> None:
        """Begin anew with the agency that was dead, and wait until it has everything."""
        with closing(Calls(self.uri, name="bench")) as calls:

            def through() -> bool:
                (row,) = calls.call("notify", "agencies", {"name": self.names[0]}, timeout=30)["rows"]
                return bool(row["webhook_cursor"] == row["last_cursor"])

            body = {"name": self.names[0], "action": "resume", "by": "bench"}
            calls.call("notify", "change_agency", body, timeout=30)
            until(through, "the agency that was dead does not come to now", within=120, every=0.2)

    def bare_rate(self) -> float:
        """Sign and post from memory what a pile would be."""
        key, body = "whsec_" + "bGlhbnhp" * 5, json.dumps({"data": "x" * 400})
        share = len(self.names) * 10 // HANDS

        def post() -> None:
            connection = http.client.HTTPConnection("127.0.0.1", self.port)
            for number in range(share):
                moment = datetime.now(SHANGHAI)  # noqa: TID251  (the bare tool signs by the real clock)
                signature = Webhook(key).sign(f"bare-{number}", moment, body)
                connection.request("POST", "/bare", body, {"webhook-id": "bare", "webhook-signature": signature})
                connection.getresponse().read()
            connection.close()

        hands = [threading.Thread(target=post) for _ in range(HANDS)]
        began = time.monotonic()
        for hand in hands:
            hand.start()
        for hand in hands:
            hand.join()
        took = time.monotonic() - began
        self._ask("GET", "/told")
        return share * HANDS / took

    def register(self, stack: Stack, names: Sequence[str]) -> None:
        """Register the agencies, some with a queue."""
        api = stack.node(CITY).broker.management
        calls = Calls(self.uri, name="bench")
        for place, name in enumerate(names):
            queue = len(self.queues) < QUEUES
            grant = {"name": name, "divisions": [CITY], "fields": FIELDS, "amqp": queue}
            body = {"grant": {**grant, "webhook": f"http://{host_of(place)}:{self.port}/{name}"}, "by": "bench"}
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

        try:
            until(whole, "webhooks", within=120, every=0.25)
        except NotFinished:
            raise NotFinished(f"{len(told)} of {expected} webhooks; {self._standing()}") from None
        return told

    def _standing(self) -> str:
        """Say how far the agencies are that lack something."""
        with closing(Calls(self.uri, name="bench")) as calls:
            rows = calls.call("notify", "agencies", {}, timeout=30)["rows"]
        behind = [row for row in rows if row["webhook_cursor"] < row["last_cursor"]]
        reasons = Counter(f"{row['reason'] or 'no failure'} ({row['failures']})" for row in behind)
        newest = max(row["last_cursor"] for row in rows)
        return f"{len(behind)} agencies behind cursor {newest}: {dict(reasons)}"

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
def _outside(bench: Bench, stack: Stack, number: int) -> Iterator[tuple[Outside, dict[str, list[int | None]]]]:
    """Give the agencies, and the processes whose processor time counts."""
    (port,) = free_ports(1)
    script = str(ROOT / "tests" / "bench" / "agencies_receiver.py")
    ended = threading.Event()
    node = stack.node(CITY)
    with (
        running([script, str(port), str(number)], bench.state / "logs" / "receiver.log") as receivers,
        _services(bench, node, "notify") as notify,
        _services(bench, node, OTHERS) as others,
    ):
        outside = Outside(node.amqp_uri, port, [], {})
        until(lambda: _answers(outside), "the receiver did not start", within=30)
        outside.register(stack, [f"agency-{place:03d}" for place in range(number)])
        bench.say(f"{number} agencies registered, {len(outside.queues)} with a queue")
        reader = threading.Thread(target=outside.read_queues, args=(ended,))
        reader.start()
        parts = {"notify": notify.pid, "receivers": receivers.pid, "other services": others.pid}
        try:
            yield outside, {**{name: [pid] for name, pid in parts.items()}, "relay": [node.program("relay").pid]}
        finally:
            ended.set()
            reader.join(10)


@contextmanager
def _services(bench: Bench, node: LocalNode, names: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run some services of the node in a process of their own."""
    (port,) = free_ports(1)
    environment = {**node.program("services").environment, "LIANXI_METRICS_PORT": str(port)}
    command = ["-m", "lianxi.runtime.run", "--services", names]

    def ready() -> bool:
        with suppress(OSError):
            return bool(requests.get(f"http://127.0.0.1:{port}/ready", timeout=2.0).ok)
        return False

    with running(command, bench.state / "logs" / f"{names}.log", **environment) as process:
        until(ready, f"{names} did not start", within=60)
        yield process


def _answers(outside: Outside) -> bool:
    try:
        outside._ask("POST", "/alive")
    except OSError:
        return False
    return True
