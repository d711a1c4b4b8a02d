"""Lists as arguments of statements: one literal for the whole list instead of one for each of its elements.

Everything that is written in batches goes to the database as arrays, a column at a time. psycopg2 writes a list as
`ARRAY['a', 'b', …]`, which the server takes apart as that many expressions, at more cost than storing them; a literal
`'{"a","b"}'` is one constant. Both mean the same wherever the type is known, so each such argument has a cast. Long
texts and bytes stay as they were: there the literal's own escapes would cost more than they save.
"""

import json
import re
from collections.abc import Sequence
from datetime import date
from typing import Any

from psycopg2._psycopg import List
from psycopg2.extensions import QuotedString, connection, register_adapter

SHORT = 200
"""Characters up to which a literal is the quicker form."""
_CONTROL = re.compile(r"[\x00-\x1f]")
"""JSON escapes these in a way of its own; every other character it writes as an array literal does."""


def _day(value: object) -> str:
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(type(value).__name__)


_write = json.JSONEncoder(ensure_ascii=False, check_circular=False, separators=(",", ":"), default=_day).encode


def literal(values: Sequence[Any]) -> str | None:
    """Return the array literal of short, plain values of one kind, None when they are not."""
    first = next((value for value in values if value is not None), None)
    if isinstance(first, bytes | list | tuple | dict):
        return None
    if isinstance(first, str) and any(value and (len(value) > SHORT or _CONTROL.search(value)) for value in values):
        return None
    try:
        written = _write(values)
    except TypeError:
        return None
    return "{" + written[1:-1] + "}"


class ArrayLiteral:
    """How psycopg2 writes a list."""

    def __init__(self, values: list[Any]) -> None:
        self._values = values
        self._connection: connection | None = None

    def prepare(self, database: connection) -> None:
        """Learn the connection, whose encoding counts."""
        self._connection = database

    def getquoted(self) -> bytes:
        """Return the list as it stands in a statement."""
        text = literal(self._values)
        quoted = List(self._values) if text is None else QuotedString(text)
        if self._connection is not None:
            quoted.prepare(self._connection)
        written: bytes = quoted.getquoted()
        return written


def write_lists_as_literals() -> None:
    """Make psycopg2 write lists in this way, in this process."""
    register_adapter(list, ArrayLiteral)
