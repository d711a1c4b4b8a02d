"""What notify keeps in its own schema: what it remembers of cases, deliveries, who has read what, the bus tables."""

from services.notify.storage.tables import SCHEMA, metadata
from services.notify.storage.work import NotifyWork

__all__ = ["SCHEMA", "NotifyWork", "metadata"]
