"""The metrics of the bus: what each queue, service and call did, in few series.

Every queue and every service of a node is a label here, so histograms are kept by service only and have few steps:
a node has a dozen queues and eighty methods, and the log has a line for each batch and each call anyway.
"""

from lianxi.runtime.metrics import counter, from_nought, gauge, histogram

_QUEUE = ("service", "queue")
MESSAGE_OUTCOMES = ("applied", "duplicate", "held", "retrying", "parked", "dead_lettered")
BATCH_OUTCOMES = ("applied", "failed", "repeat")
CALL_OUTCOMES = ("answered", "refused", "retryable", "broken")

HANDLE_SECONDS = histogram(
    "bus_handle_seconds",
    "Time from taking a batch to its commit",
    ("service",),
    buckets=(0.05, 0.25, 1.0, 5.0),
)
BATCHES = counter(
    "bus_batches_total", "Batches by outcome: applied, failed in part, or to be repeated", ("service", "outcome")
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
    "bus_rpc_seconds", "Time a service took to answer a call", ("service",), buckets=(0.05, 0.25, 1.0, 5.0)
)
CALLS = counter(
    "bus_calls_total",
    "Calls to a service by outcome, as the caller or the callee has it",
    ("service", "side", "outcome"),
)


def reads(service: str, queue: str) -> None:
    """Show a queue from the start."""
    from_nought(MESSAGES, (service,), (queue,), MESSAGE_OUTCOMES)
    from_nought(BATCHES, (service,), BATCH_OUTCOMES)
    from_nought(HANDLE_SECONDS, (service,))


def answers(service: str) -> None:
    """Show a service that can be called from the start."""
    from_nought(RPC_SECONDS, (service,))
    from_nought(CALLS, (service,), ("callee",), CALL_OUTCOMES)


def asks(service: str) -> None:
    """Show a service that is called from here, before its first answer."""
    from_nought(CALLS, (service,), ("caller",), (*CALL_OUTCOMES, "timed_out"))
