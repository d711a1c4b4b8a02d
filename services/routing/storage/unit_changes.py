"""The dated changes of the directory of organs in PostgreSQL: rows are added and never updated."""

from sqlalchemy import Connection, Engine, func, insert, select
from sqlalchemy.exc import DBAPIError

from lianxi.bus.engine import engine_for
from services.routing.domain.unit_changes import UnitChange
from services.routing.storage.tables import SCHEMA, desk


class SqlUnitChanges:
    """`UnitChanges` on one connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, change: UnitChange) -> int:
        """Keep a change and return the number it gets."""
        row = {
            "unit": change.unit,
            "valid_from": change.valid_from,
            "valid_to": change.valid_to,
            "facts": dict(change.facts),
            "reason": change.reason,
            "recorded_by": change.recorded_by,
            "recorded_at": change.recorded_at,
        }
        statement = insert(desk.unit_change).values(row).returning(desk.unit_change.c.id)
        number: int = self._connection.execute(statement).scalar_one()
        return number

    def of(self, unit: str = "") -> tuple[UnitChange, ...]:
        """Return the changes of an organ, or of all, in the order in which they were recorded."""
        query = select(desk.unit_change).order_by(desk.unit_change.c.id)
        if unit:
            query = query.where(desk.unit_change.c.unit == unit)
        return tuple(
            UnitChange(
                number=row.id,
                unit=row.unit,
                valid_from=row.valid_from,
                valid_to=row.valid_to,
                facts=row.facts,
                reason=row.reason,
                recorded_by=row.recorded_by,
                recorded_at=row.recorded_at,
            )
            for row in self._connection.execute(query)
        )


def changes_on_record(database_url: str) -> tuple[UnitChange, ...]:
    """Return every change a node has recorded; for a command that looks in from outside."""
    engine = engine_for(database_url, SCHEMA, 1)
    try:
        with engine.connect() as connection:
            return SqlUnitChanges(connection).of()
    finally:
        engine.dispose()


class Amendments:
    """The changes as a running node sees them: `newest` is asked often, the rows only when it has moved.

    While the database is away the changes known last stand, so that a node that can do nothing else still knows its
    organs.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._newest = 0
        self._rows: tuple[UnitChange, ...] = ()

    def newest(self) -> int:
        """Return the number of the change recorded last."""
        try:
            with self._engine.connect() as connection:
                self._newest = connection.execute(select(func.max(desk.unit_change.c.id))).scalar_one() or 0
        except DBAPIError:
            return self._newest
        return self._newest

    def rows(self) -> tuple[UnitChange, ...]:
        """Return all changes."""
        try:
            with self._engine.connect() as connection:
                self._rows = SqlUnitChanges(connection).of()
        except DBAPIError:
            return self._rows
        return self._rows
