"""What the processes of a node tell of their own health, and the letterbox that carries it up the links.

Every process publishes the few values of `TOLD` every 30 seconds to its node's exchange `tele`. They never share a
queue with a case: `inbox.tele` and `up.tele` keep the newest hundred messages for a minute and drop the rest, messages
are not written to disk, and a shovel of their own carries them to the parent. Losing one costs nothing, because the
next one says it all again. Who reads the letterbox (supervision) checks what neighbours say; here it is bytes.
"""

import json
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from typing import Any

from lianxi.bus.amqp import BROKEN, TRANSIENT, connect, properties
from lianxi.runtime.logging import logger
from lianxi.runtime.metrics import samples
from lianxi.runtime.settings import read, read_int

EXCHANGE, UPWARDS, INBOX = "tele", "link.tele.up", "inbox.tele"
EVERY = 30
LIFETIME_MILLISECONDS = "60000"
LARGEST = 8192
MOST_AT_ONCE = 500


def _furthest(numbers: Iterable[float]) -> float:
    """Return the number that is furthest from nought: a clock may be behind as well."""
    return max(numbers, key=abs)


TOLD: Mapping[str, Callable[[Iterable[float]], float]] = {
    "outbox_depth": sum,
    "outbox_oldest_age_seconds": max,
    "outbox_unroutable": sum,
    "relay_connected": min,
    "bus_parked": sum,
    "bus_retrying": sum,
    "bus_held": sum,
    "bus_connected": min,
    "link_unacked": sum,
    "link_outbox_oldest_unacked_seconds": max,
    "link_inbox_held": sum,
    "link_peer_heartbeat_age_seconds": max,
    "supervision_oldest_due_seconds": max,
    "routing_waiting_cases": sum,
    "routing_waiting_oldest_seconds": max,
    "routing_custody_offers_waiting": sum,
    "routing_rulebook_bad": max,
    "routing_recovering": max,
    "notify_waiting": sum,
    "notify_dead": sum,
    "clock_drift_seconds": _furthest,
}
"""Gauges that go into a snapshot, and how several series, or several processes, become one value."""

_log = logger("lianxi.bus.telemetry")


def values() -> dict[str, float]:
    """Return what this process knows of `TOLD`; what it does not measure is left out."""
    found = samples({*TOLD, "link_outbox_last_seq", "link_outbox_acked_seq"})
    sent, acked = found.pop("link_outbox_last_seq", []), found.pop("link_outbox_acked_seq", [])
    if sent:
        found["link_unacked"] = [max(0.0, sum(sent) - sum(acked))]
    return {name: float(TOLD[name](numbers)) for name, numbers in found.items() if numbers}


def snapshot(node: str, process: str) -> bytes:
    """Return what this process says of itself now."""
    return json.dumps({"node": node, "process": process, "taken_at": time.time(), "values": values()}).encode()


class Letterbox:
    """The snapshots of one node's vhost; connects when it is used and again after a loss."""

    def __init__(self, amqp_uri: str, node: str) -> None:
        self._uri = amqp_uri
        self._key = f"{node}.metrics.snapshot"
        self._connection: Any = None
        self._channel: Any = None

    def post(self, exchange: str, bodies: Iterable[bytes]) -> None:
        """Publish snapshots; a broker that is away loses them."""
        with suppress(*BROKEN):
            channel = self._open()
            facts = properties(delivery_mode=TRANSIENT, expiration=LIFETIME_MILLISECONDS, type="metrics.snapshot")
            for body in bodies:
                channel.basic_publish(exchange, self._key, body, facts)
            return
        self.close()

    def take(self) -> list[tuple[str, bytes]]:
        """Return what has arrived, with the routing keys, oldest first; what is too large is thrown away."""
        found: list[tuple[str, bytes]] = []
        with suppress(*BROKEN):
            channel = self._open()
            while len(found) < MOST_AT_ONCE:
                method, _, body = channel.basic_get(INBOX, auto_ack=True)
                if method is None:
                    return found
                if len(body) <= LARGEST:
                    found.append((method.routing_key, body))
            return found
        self.close()
        return found

    def close(self) -> None:
        """Let the connection go."""
        connection, self._connection, self._channel = self._connection, None, None
        if connection is not None:
            with suppress(*BROKEN):
                connection.close()

    def _open(self) -> Any:
        if self._channel is None or not self._channel.is_open:
            self.close()
            self._connection = connect(self._uri, name="telemetry")
            self._channel = self._connection.channel()
        return self._channel


def tell_regularly(amqp_uri: str, process: str) -> None:
    """Publish this process's snapshot every `LIANXI_SNAPSHOT_SECONDS` from a background thread, until it ends."""
    node, seconds = read("NODE", ""), read_int("SNAPSHOT_SECONDS", EVERY)
    if node:
        arguments = (Letterbox(amqp_uri, node), node, process, seconds)
        threading.Thread(target=_tell, args=arguments, name="telemetry", daemon=True).start()


def _tell(letterbox: Letterbox, node: str, process: str, seconds: int) -> None:
    while True:
        try:
            letterbox.post(EXCHANGE, [snapshot(node, process)])
        except Exception as error:  # noqa: BLE001  (telemetry must never end a process)
            _log.warning("no snapshot", error=type(error).__name__)
        letterbox.close()  # a connection every half minute is cheaper than keeping one alive from a thread that sleeps
        time.sleep(seconds)
