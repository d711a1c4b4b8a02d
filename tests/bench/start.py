"""Row 10: from nothing to three nodes ready for work, as `make demo` begins; and the same servers without the nodes."""

import time

from lianxi.ops.local.broker import Broker
from lianxi.ops.local.cluster import Cluster
from tests.bench.figures import Figure, Row
from tests.bench.ground import Bench

NODES = ("630100", "630104", "630104001")


def measure_start(bench: Bench) -> list[Row]:
    """Seconds until three nodes with all their processes are ready, from an empty directory."""
    ours, bare = [], []
    for turn in range(bench.repetitions):
        with bench.stack("start", NODES) as stack:
            began = time.perf_counter()
            stack.up()
            ours.append(time.perf_counter() - began)
        bare.append(_servers(bench))
        bench.say(f"start {turn + 1}: {ours[-1]:.1f} s, servers alone {bare[-1]:.1f} s")
    return [
        Row(
            key="start",
            what="three nodes of the demonstration up and ready, from an empty directory",
            unit="s",
            ours=Figure.of(ours),
            bare=Figure.of(bare),
            bare_what="RabbitMQ and an empty PostgreSQL alone, one after the other",
            target=60.0,
            at_most=True,
        )
    ]


def _servers(bench: Bench) -> float:
    broker, cluster = Broker(bench.state / "alone" / "broker"), Cluster(bench.state / "alone" / "cluster")
    began = time.perf_counter()
    try:
        broker.start()
        cluster.start()
        return time.perf_counter() - began
    finally:
        broker.remove()
        cluster.remove()
