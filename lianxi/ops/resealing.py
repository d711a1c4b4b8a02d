"""Sealing every stored value anew with the key in use: in small batches, beside the running services, restartable.

Nothing is remembered about how far it came: a value names its key, so whatever still names another one is what is
left to do, also after the process was killed. A value is replaced only if it is still the one that was opened; what
a service wrote meanwhile is met again in the next pass. It ends with a pass that finds nothing.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Engine

from lianxi.ops.sealed_columns import SEALED, TRANSPORT, SealedColumn, columns_of
from lianxi.runtime.crypto import CannotOpen, KeyRing

MOST_PASSES = 20


@dataclass(slots=True)
class Progress:
    """What was done so far: values by column, and values that no key of the ring opens."""

    done: dict[str, int] = field(default_factory=dict)
    lost: dict[str, int] = field(default_factory=dict)

    @property
    def total(self) -> int:
        """How many values were sealed anew."""
        return sum(self.done.values())


def reseal(
    engines: Mapping[str, Engine], ring: KeyRing, *, batch: int, told: Callable[[str, int], None] = lambda *_: None
) -> Progress:
    """Seal what is not sealed with the keys in use anew; `told` hears of each batch: the column, and how many."""
    progress = Progress()
    for column in SEALED:
        engine = engines.get(column.schema)
        types = _types(engine, column) if engine else {}
        if engine is None or column.column not in types:
            continue
        renewal = _Renewal(engine, column, types, ring)
        for _ in range(MOST_PASSES):
            if not renewal.run(batch, progress, told):
                break
    return progress


def _types(engine: Engine, column: SealedColumn) -> dict[str, str]:
    with engine.connect() as connection:
        return columns_of(connection, column.schema).get(column.table, {})


class _Renewal:
    """The values of one column on their way to the key in use."""

    def __init__(self, engine: Engine, column: SealedColumn, types: Mapping[str, str], ring: KeyRing) -> None:
        self._engine = engine
        self._column = column
        self._types = types
        self._ring = ring

    def run(self, batch: int, progress: Progress, told: Callable[[str, int], None]) -> int:
        """Go through the table once in the order of its key; return how many values were met that need it."""
        place, met = self._column.place, 0
        progress.lost.pop(place, None)
        for rows in self._stale(batch):
            renewed = self._renewed(rows)
            done = self._replace(renewed)
            progress.done[place] = progress.done.get(place, 0) + done
            if lost := len(rows) - len(renewed):
                progress.lost[place] = progress.lost.get(place, 0) + lost
            met += len(renewed)
            told(place, done)
        return met

    def _stale(self, batch: int) -> Iterator[list[dict[str, Any]]]:
        """Give the rows whose value names another key than the one in use, a batch at a time."""
        column = self._column
        key = ", ".join(f'"{name}"' for name in column.key)
        holes = ", ".join(["%s"] * len(column.key))
        query = (
            f'SELECT {key}, {column.value} AS sealed FROM "{column.schema}"."{column.table}" '
            f"WHERE {column.value} LIKE '%%:%%' AND NOT starts_with({column.value}, %s)"
        )
        after: tuple[Any, ...] = ()
        while True:
            later = f" AND ({key}) > ({holes})" if after else ""
            with self._engine.connect() as connection:
                found = connection.exec_driver_sql(
                    f"{query}{later} ORDER BY {key} LIMIT %s", (f"{self._in_use()}:", *after, batch)
                )
                rows = [dict(row) for row in found.mappings()]
            if not rows:
                return
            after = tuple(rows[-1][name] for name in column.key)
            yield rows

    def _in_use(self) -> str:
        content = self._ring.content
        return content.transport.current if self._column.kind == TRANSPORT else content.current

    def _renewed(self, rows: Sequence[dict[str, Any]]) -> list[tuple[dict[str, Any], str]]:
        """Return the rows that open, each with its new value."""
        ring = self._ring
        travels = self._column.kind == TRANSPORT
        opened, sealed = (ring.open_from_transport, ring.seal_for_transport) if travels else (ring.open, ring.seal)
        renewed = []
        for row in rows:
            context = self._column.context_of(row)
            try:
                renewed.append((row, sealed(opened(row["sealed"], context), context)))
            except CannotOpen:
                continue
        return renewed

    def _replace(self, renewed: Sequence[tuple[dict[str, Any], str]]) -> int:
        """Write the new values, each only where the old one still stands; return how many were written."""
        if not renewed:
            return 0
        column = self._column
        arrays = [[row[name] for row, _ in renewed] for name in column.key]
        arrays += [[row["sealed"] for row, _ in renewed], [after for _, after in renewed]]
        types = [*(self._types[name] for name in column.key), "text", "text"]
        holes = ", ".join(f"%s::{kind}[]" for kind in types)
        names = ", ".join(f'"{name}"' for name in (*column.key, "before", "after"))
        matches = " AND ".join(f'kept."{name}" = new."{name}"' for name in column.key)
        value = f"kept.{column.value}"
        assigned = "new.after"
        if column.entry:
            assigned = f"jsonb_set(kept.\"{column.column}\", '{{{column.entry}}}', to_jsonb(new.after))"
        statement = (
            f'UPDATE "{column.schema}"."{column.table}" AS kept SET "{column.column}" = {assigned} '
            f"FROM unnest({holes}) AS new ({names}) WHERE {matches} AND {value} = new.before"
        )
        with self._engine.begin() as connection:
            return int(connection.exec_driver_sql(statement, tuple(arrays)).rowcount)
