"""Changes of organs on their way to the neighbours and from them, in PostgreSQL.

The order of recording is the order of telling: for each neighbour there is a place up to which it was told, also what
came from another neighbour. A change that is known already is not recorded again, however often it is told. What was
said of an organ names who leads it, so it is sealed on the road.
"""

import json
from collections.abc import Iterable

from sqlalchemy import Connection, func, select
from sqlalchemy.dialects.postgresql import insert

from lianxi.casework.messages.custody import ToldChange
from lianxi.runtime.clock import SHANGHAI
from lianxi.runtime.crypto import KeyRing
from services.routing.storage.records import opened
from services.routing.storage.tables import desk

AT_ONCE = 100
_change, _told = desk.unit_change, desk.unit_change_told


class SqlUnitNews:
    """The tables unit_change and unit_change_told, on one connection."""

    def __init__(self, connection: Connection, keys: KeyRing) -> None:
        self._connection = connection
        self._keys = keys

    def untold(self, peer: str) -> tuple[tuple[ToldChange, ...], int]:
        """Return the next changes a neighbour has not been told, and the number of the last one looked at."""
        place = select(_told.c.last).where(_told.c.peer == peer)
        last: int = self._connection.execute(place).scalar() or 0
        query = select(_change).where(_change.c.id > last).order_by(_change.c.id).limit(AT_ONCE)
        rows = self._connection.execute(query).all()
        changes = tuple(
            ToldChange(
                uid=row.uid,
                unit=row.unit,
                valid_from=row.valid_from,
                valid_to=row.valid_to,
                recorded_at=row.recorded_at.astimezone(SHANGHAI),
                content_sealed=self._keys.seal_for_transport(
                    json.dumps({"facts": row.facts, "reason": row.reason, "by": row.recorded_by}, ensure_ascii=False),
                    f"unit/{row.uid}",
                ),
            )
            for row in rows
            if row.came_from != peer
        )
        return changes, rows[-1].id if rows else last

    def told(self, peer: str, last: int) -> None:
        """Note up to which change a neighbour was told."""
        statement = insert(_told).values(peer=peer, last=last)
        later = func.greatest(_told.c.last, statement.excluded.last)
        self._connection.execute(statement.on_conflict_do_update(index_elements=["peer"], set_={"last": later}))

    def take(self, changes: Iterable[ToldChange], came_from: str) -> None:
        """Record what a neighbour told, or gave back: then it came from nobody. Raises Invalid if it does not open."""
        for change in changes:
            content = json.loads(opened(self._keys, change.content_sealed, f"unit/{change.uid}"))
            row = {
                "unit": change.unit,
                "valid_from": change.valid_from,
                "valid_to": change.valid_to,
                "facts": content["facts"],
                "reason": content["reason"],
                "recorded_by": content["by"],
                "recorded_at": change.recorded_at,
                "uid": change.uid,
                "came_from": came_from,
            }
            self._connection.execute(insert(_change).values(row).on_conflict_do_nothing(index_elements=["uid"]))
