"""How the queues of agencies stand on the broker: how deep the deepest is, and since when nobody reads one that waits.

An agency that is told by AMQP reads when it likes, and this node can only look: a queue in which events wait while no
program is connected is remembered from the first look on, so a restart of notify begins the reckoning anew. When the
broker is away nothing is learned and what was shown stays.
"""

from collections.abc import Iterable
from datetime import datetime

from lianxi.bus.inspection import QueueSeen, standing_of
from lianxi.runtime.metrics import gauge

_DEEPEST = gauge("notify_agency_queue_ready", "Events in the fullest queue of an agency")
_UNREAD = gauge(
    "notify_agency_queue_unread_seconds",
    "Since when events wait in an agency's queue and no program of it is connected, of all queues the longest",
)


class AgencyQueues:
    """Looks at the queues of a node's agencies."""

    def __init__(self, uri: str) -> None:
        self._uri = uri
        self._unread: dict[str, datetime] = {}

    def look(self, agencies: Iterable[str], now: datetime) -> None:
        """Look at the queue of each agency and show the worst."""
        seen = standing_of(self._uri, [queue_of(agency) for agency in agencies])
        if seen is not None:
            self.learn(seen, now)

    def learn(self, seen: dict[str, QueueSeen], now: datetime) -> None:
        """Show what was seen."""
        unread = [name for name, queue in seen.items() if queue.ready and not queue.consumers]
        self._unread = {name: self._unread.get(name, now) for name in unread}
        _DEEPEST.set(max((queue.ready for queue in seen.values()), default=0))
        _UNREAD.set(max(((now - since).total_seconds() for since in self._unread.values()), default=0.0))


def queue_of(agency: str) -> str:
    """Return the name of an agency's queue; `lianxi agency add` makes it."""
    return f"agency.{agency}"
