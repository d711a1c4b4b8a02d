"""The metrics of the bus: what each queue, call and outbox did, with bounded labels."""

from lianxi.runtime.metrics import counter, gauge, histogram

_QUEUE = ("service", "queue")

HANDLE_SECONDS = histogram(
    "bus_handle_seconds", "Time from taking a batch to its commit, by outcome", (*_QUEUE, "outcome")
)
BATCH_SIZE = histogram(
    "bus_batch_size", "Messages per batch", _QUEUE, buckets=(1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000)
)
MESSAGES = counter(
    "bus_messages_total",
    "Messages by outcome: applied, duplicate, held, retrying, parked or dead_lettered",
    (*_QUEUE, "outcome"),
)
PARKED = gauge("bus_parked", "Messages that wait for a person", _QUEUE)
RETRYING = gauge("bus_retrying", "Messages that wait for their next attempt", _QUEUE)
HELD = gauge("bus_held", "Messages that wait for an earlier one of their stream", _QUEUE)
CONNECTED = gauge("bus_connected", "Whether the consumer of a queue is connected to the broker", _QUEUE)
RPC_SECONDS = histogram(
    "bus_rpc_seconds", "Time a call took, at the caller or at the callee", ("service", "method", "side", "outcome")
)
