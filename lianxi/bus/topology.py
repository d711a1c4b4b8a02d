"""The exchanges and queues of a node, read from one file and made in two ways: declared, or as broker definitions.

The file (`deploy/xining/bus.yaml`) says which queue listens where; the arguments that make a queue safe are the same
for all and stand here: durable, a single active consumer, and a dead-letter queue of its own for what cannot be
decoded. `Topology.declare` is for tests and small nodes, `as_definitions` for the renderer of a node's broker.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from lianxi.bus.amqp import connect
from lianxi.runtime.settings import read_path

FILE = Path(__file__).parents[2] / "deploy" / "xining" / "bus.yaml"
DEAD = "dead"
DOWN = "link.out.down"


@dataclass(frozen=True, slots=True)
class Exchange:
    """An exchange; what nobody wanted goes to `unrouted` if it names one, else back to the publisher."""

    name: str
    type: str = "topic"
    unrouted: str | None = None

    @property
    def arguments(self) -> dict[str, Any]:
        """Return the broker's arguments."""
        return {"alternate-exchange": self.unrouted} if self.unrouted else {}


@dataclass(frozen=True, slots=True)
class Queue:
    """A queue with its bindings to one exchange."""

    name: str
    source: str
    keys: tuple[str, ...]
    arguments: dict[str, Any] = field(default_factory=dict)


def dead_queue(queue: str) -> str:
    """Return the name of the queue's dead letters."""
    return f"dead.{queue}"


def child_queue(child: str) -> Queue:
    """Return the queue on the parent from which the shovel of `child` takes what is meant for it."""
    return Queue(f"down.{child}", DOWN, (f"{child}.#",))


@dataclass(frozen=True, slots=True)
class Topology:
    """What one vhost holds."""

    exchanges: tuple[Exchange, ...]
    queues: tuple[Queue, ...]

    def with_children(self, children: Iterator[str] | list[str]) -> "Topology":
        """Return the topology of a parent of `children`."""
        return Topology(self.exchanges, (*self.queues, *(child_queue(child) for child in children)))

    def declare(self, uri: str) -> None:
        """Declare everything in the vhost of `uri`; what is there already stays."""
        connection = connect(uri, name="topology")
        try:
            channel = connection.channel()
            for exchange in self.exchanges:
                channel.exchange_declare(exchange.name, exchange.type, durable=True, arguments=exchange.arguments)
            for queue in self.queues:
                channel.queue_declare(queue.name, durable=True, arguments=queue.arguments)
                for key in queue.keys:
                    channel.queue_bind(queue.name, queue.source, key)
        finally:
            connection.close()

    def as_definitions(self, vhost: str) -> dict[str, list[dict[str, Any]]]:
        """Return exchanges, queues and bindings as RabbitMQ's definitions file has them."""
        return {
            "exchanges": [
                {
                    "name": exchange.name,
                    "vhost": vhost,
                    "type": exchange.type,
                    "durable": True,
                    "auto_delete": False,
                    "internal": False,
                    "arguments": exchange.arguments,
                }
                for exchange in self.exchanges
            ],
            "queues": [
                {
                    "name": queue.name,
                    "vhost": vhost,
                    "durable": True,
                    "auto_delete": False,
                    "arguments": queue.arguments,
                }
                for queue in self.queues
            ],
            "bindings": [
                {
                    "source": queue.source,
                    "vhost": vhost,
                    "destination": queue.name,
                    "destination_type": "queue",
                    "routing_key": key,
                    "arguments": {},
                }
                for queue in self.queues
                for key in queue.keys
            ],
        }


def load(path: Path | None = None) -> Topology:
    """Read the topology file: `path`, else the setting `LIANXI_BUS_FILE`, else the one of this repository."""
    described = yaml.safe_load((path or read_path("BUS_FILE", FILE)).read_text(encoding="utf-8"))
    return Topology(
        tuple(
            Exchange(name, facts.get("type", "topic"), facts.get("unrouted"))
            for name, facts in described["exchanges"].items()
        ),
        (
            *(queue for name, facts in described["queues"].items() for queue in consumed(name, facts)),
            *(
                Queue(name, facts["from"], tuple(facts["keys"]), limits(facts))
                for name, facts in described["relayed"].items()
            ),
        ),
    )


def consumed(name: str, facts: dict[str, Any]) -> tuple[Queue, Queue]:
    """Return a queue that a service reads, and its dead letters."""
    arguments = {
        "x-single-active-consumer": True,
        "x-dead-letter-exchange": DEAD,
        "x-dead-letter-routing-key": dead_queue(name),
    }
    return (
        Queue(name, facts["from"], tuple(facts["keys"]), arguments),
        Queue(dead_queue(name), DEAD, (dead_queue(name),)),
    )


def limits(facts: dict[str, Any]) -> dict[str, Any]:
    """Return the arguments of a queue that forgets: `most` messages, for `seconds`; the oldest go first."""
    found: dict[str, Any] = {}
    if "most" in facts:
        found |= {"x-max-length": int(facts["most"]), "x-overflow": "drop-head"}
    if "seconds" in facts:
        found["x-message-ttl"] = int(facts["seconds"]) * 1000
    return found


def declare(uri: str, path: Path | None = None) -> None:
    """Declare the topology file in the vhost of `uri`."""
    load(path).declare(uri)


def as_definitions(vhost: str, path: Path | None = None) -> dict[str, list[dict[str, Any]]]:
    """Return the topology file as a fragment of broker definitions for `vhost`."""
    return load(path).as_definitions(vhost)
