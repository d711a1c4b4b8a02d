"""Write many rows in one statement: a column at a time as an array, put together again by `unnest`.

One statement with arrays is several times faster than one row after the other and as readable as either. Tables and
columns come from `tables`, never from input.
"""

from collections.abc import Sequence
from dataclasses import fields
from functools import cache
from typing import Any

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql

from lianxi.bus.engine import run_soon

_DIALECT = postgresql.dialect()  # type: ignore[no-untyped-call]


def upsert(connection: Connection, table: Table, row_class: type, rows: Sequence[Any], **computed: str) -> None:
    """Insert or replace rows of a dataclass with the table's column names; `computed` are SQL expressions beside."""
    if rows:
        names = _names(row_class)
        run_soon(
            connection,
            _statement(table, names, tuple(computed.items())),
            [[getattr(row, name) for row in rows] for name in names],
        )


@cache
def _names(row_class: type) -> tuple[str, ...]:
    return tuple(field.name for field in fields(row_class))


@cache
def _statement(table: Table, names: tuple[str, ...], computed: tuple[tuple[str, str], ...]) -> str:
    keys = [column.name for column in table.primary_key]
    arrays = ", ".join(f"%s::{array_type(table, name)}" for name in names)
    every = [*names, *(name for name, _ in computed)]
    changes = ", ".join(f"{name} = excluded.{name}" for name in every if name not in keys)
    chosen = ", ".join([*(f"new.{name}" for name in names), *(expression for _, expression in computed)])
    return (
        f"INSERT INTO {table.fullname} ({', '.join(every)}) "
        f"SELECT {chosen} FROM unnest({arrays}) AS new ({', '.join(names)}) "
        f"ON CONFLICT ({', '.join(keys)}) DO UPDATE SET {changes}"
    )


def array_type(table: Table, name: str) -> str:
    """Return the array type of a column, as PostgreSQL writes it."""
    return f"{table.columns[name].type.compile(_DIALECT)}[]"
