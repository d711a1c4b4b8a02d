"""Lists as array literals, read back by the server they are written for."""

from datetime import UTC, date, datetime, timedelta, timezone
from enum import StrEnum

import pytest

from lianxi.bus.arrays import SHORT, literal, write_lists_as_literals

pytestmark = pytest.mark.database


class Colour(StrEnum):
    RED = "red"


CHINA = timezone(timedelta(hours=8))
LISTS = [
    ("text", []),
    ("text", ["a", "", None, "NULL", "null", "{", "}", ",", " b ", '"', "\\", "\\n", "'", "%s", "信访", "😀"]),
    ("text", ["line\nbreak", "tab\t", "\x01", "plain"]),
    ("text", ["x" * (SHORT + 1), '"' * (SHORT + 1), "\\" * (SHORT + 1)]),
    ("text", [None, Colour.RED]),
    ("bigint", [1, -(2**62), None]),
    ("boolean", [True, None, False]),
    ("float", [0.5, -1e300, None]),
    ("date", [date(2026, 3, 2), None]),
    ("timestamptz", [datetime(2026, 3, 2, 9, 0, 0, 123456, tzinfo=CHINA), None, datetime(2026, 3, 2, tzinfo=UTC)]),
    ("bytea", [b"", b"\x00\xff\\'\"", None]),
]


@pytest.mark.parametrize(("kind", "values"), LISTS, ids=lambda value: value if isinstance(value, str) else None)
def test_a_list_comes_back_as_it_went(kind, values, database):
    write_lists_as_literals()

    ((back,),) = database.query(f"SELECT %s::{kind}[]", values)

    assert [bytes(value) if isinstance(value, memoryview) else value for value in back] == values


def test_an_element_is_found_in_a_list_without_a_cast(database):
    write_lists_as_literals()

    assert database.query("SELECT 'b' = ANY(%s), 2 <> ALL(%s), 1 = ANY(%s)", ["a", "b"], [1, 2], []) == [
        (True, False, False)
    ]


def test_a_text_with_the_one_character_no_column_takes_is_refused(database):
    write_lists_as_literals()

    with pytest.raises(ValueError, match="NUL"):
        database.query("SELECT %s::text[]", ["\0"])


def test_long_texts_and_bytes_are_left_to_the_driver():
    assert literal(["x" * (SHORT + 1)]) is None
    assert literal([b"x"]) is None
    assert literal(["x", None]) == '{"x",null}'
