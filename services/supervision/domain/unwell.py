"""Which parts of a node's machinery do not work, judged by what the node last said of itself.

Nobody can ask a node behind NAT; its snapshots are all there is. So the limits of the alerts for nodes that can be
asked stand here once more, and a parent counts the parts that are beyond them. What a node does not say although every
node measures it is not working either: the process that would know is not there.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

OUTBOX_SECONDS, SWEEP_SECONDS, LINK_SECONDS = 300.0, 60.0, 600.0


@dataclass(frozen=True, slots=True)
class _Part:
    """One part: what tells of it, when that is bad, and whether every node tells it."""

    told: str
    bad: Callable[[float], bool]
    always: bool = True


PARTS: Mapping[str, _Part] = {
    "relay": _Part("relay_connected", lambda connected: connected < 1),
    "consumers": _Part("bus_connected", lambda connected: connected < 1),
    "outbox": _Part("outbox_oldest_age_seconds", lambda age: age > OUTBOX_SECONDS),
    "sweep": _Part("supervision_oldest_due_seconds", lambda age: age > SWEEP_SECONDS),
    "link": _Part("link_outbox_oldest_unacked_seconds", lambda age: age > LINK_SECONDS, always=False),
}


def unwell(told: Mapping[str, float]) -> tuple[str, ...]:
    """Return the parts that do not work, of what a node tells of itself."""
    return tuple(
        name for name, part in PARTS.items() if (part.bad(told[part.told]) if part.told in told else part.always)
    )
