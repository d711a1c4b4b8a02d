"""The last snapshot of every process of every node of the subtree; it outlives a restart, as a silent node must."""

import json
from collections.abc import Iterable, Sequence

from sqlalchemy import Connection

from services.supervision.domain.snapshots import Snapshot

_ALL = "SELECT node, process, taken_at, received_at, told FROM supervision.node_snapshot"
_KEEP = """
INSERT INTO supervision.node_snapshot (node, process, taken_at, received_at, told) VALUES (%s, %s, %s, %s, %s)
ON CONFLICT (node, process) DO UPDATE
SET taken_at = excluded.taken_at, received_at = excluded.received_at, told = excluded.told
"""


class SqlSnapshots:
    """Snapshots on one connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def all(self) -> Sequence[Snapshot]:
        """Return the last one of each process."""
        return [Snapshot(*row) for row in self._connection.exec_driver_sql(_ALL)]

    def keep(self, snapshots: Iterable[Snapshot]) -> None:
        """Keep each in the place of the one before."""
        for said in snapshots:
            row = (said.node, said.process, said.taken_at, said.received_at, json.dumps(dict(said.values)))
            self._connection.exec_driver_sql(_KEEP, row)
