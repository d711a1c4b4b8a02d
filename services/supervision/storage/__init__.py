"""What supervision keeps in its own schema: the ledger, the clocks, proposed orders, numbers, the bus tables."""

from services.supervision.storage.tables import SCHEMA, metadata
from services.supervision.storage.work import SupervisionWork

__all__ = ["SCHEMA", "SupervisionWork", "metadata"]
