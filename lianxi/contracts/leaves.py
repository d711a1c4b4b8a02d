"""How single values are read from JSON and written to it; both readers of messages use exactly these.

Reading is strict: a number is not a text, ``"true"`` is not true, a day is ``2026-03-02`` and nothing else, an instant
has an offset. What does not fit raises ``Misfit`` with a rule and a Chinese sentence that never repeats the value.
"""

from collections.abc import Callable
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from lianxi.casework.errors import Invalid
from lianxi.contracts.shapes import Kind, Shape, once_per_class

LARGEST_WHOLE = 2**53 - 1
"""The largest whole number that every JSON reader keeps exactly."""


class Misfit(Exception):  # noqa: N818  what the value is, not an error of the program
    """A value does not have the shape of its field."""

    def __init__(self, rule: str, message: str) -> None:
        super().__init__(f"{rule}: {message}")
        self.rule = rule
        self.message = message


Reader = Callable[[Any], Any]
Writer = Callable[[Any], Any]


def read_text(value: Any) -> str:
    """Return a JSON string as it is."""
    if type(value) is not str:
        raise Misfit("text", "应当是文字。")
    return value


def _read_whole(value: Any) -> int:
    if type(value) is not int or not -LARGEST_WHOLE <= value <= LARGEST_WHOLE:
        raise Misfit("whole", "应当是整数。")
    return value


def _read_number(value: Any) -> float:
    if type(value) is not float and (type(value) is not int or abs(value) > LARGEST_WHOLE):
        raise Misfit("number", "应当是数字。")
    return float(value)


def _read_truth(value: Any) -> bool:
    if type(value) is not bool:
        raise Misfit("truth", "应当是 true 或 false。")
    return value


def _read_day(value: Any) -> date:
    if type(value) is str and len(value) == 10 and value[4] == value[7] == "-":  # noqa: PLR2004  YYYY-MM-DD
        try:
            return date.fromisoformat(value)
        except ValueError:
            pass
    raise Misfit("day", "应当是真实存在的日期，形如 2026-03-02。")


def read_instant(value: Any) -> datetime:
    """Return an ISO instant with its offset."""
    if type(value) is str and value[4:5] == value[7:8] == "-" and value[10:11] == "T":
        try:
            instant = datetime.fromisoformat(value)
        except ValueError:
            pass
        else:
            if instant.tzinfo is not None:
                return instant
    raise Misfit("instant", "应当是带时区的时刻，形如 2026-03-02T09:00:00+08:00。")


def _read_texts(value: Any) -> dict[str, str]:
    if type(value) is not dict or any(type(text) is not str for text in value.values()):
        raise Misfit("texts", "应当是名称与文字的对照。")
    return value


def _choice_reader(choices: dict[str, Any]) -> Reader:
    def read(value: Any) -> Any:
        if type(value) is not str or value not in choices:
            raise Misfit("choice", f"应当是下列之一：{'、'.join(choices)}。")
        return choices[value]

    return read


@once_per_class
def _identifier_reader(of: type[Any]) -> Reader:
    parse = lru_cache(maxsize=4096)(of.parse)

    def read(value: Any) -> Any:
        try:
            return parse(read_text(value))
        except Invalid as error:
            raise Misfit(str(error.rule), error.message) from None

    return read


_READERS: dict[Kind, Reader] = {
    Kind.TEXT: read_text,
    Kind.WHOLE: _read_whole,
    Kind.NUMBER: _read_number,
    Kind.TRUTH: _read_truth,
    Kind.DAY: _read_day,
    Kind.INSTANT: read_instant,
    Kind.TEXTS: _read_texts,
}


def leaf_reader(shape: Shape) -> Reader:
    """Return the reader of a single value; None is the business of whoever calls it."""
    if shape.kind is Kind.IDENTIFIER:
        return _identifier_reader(shape.of)
    if shape.kind is Kind.CODE:
        return _choice_reader({choice: shape.of(choice) for choice in shape.choices})
    if shape.kind is Kind.LITERAL:
        return _choice_reader({choice: choice for choice in shape.choices})
    return _READERS[shape.kind]


def _iso(value: Any) -> str:
    return str(value.isoformat())


_WRITERS: dict[Kind, Writer] = {
    Kind.DAY: _iso,
    Kind.INSTANT: _iso,
    Kind.CODE: str,
    Kind.IDENTIFIER: str,
    Kind.TEXTS: dict,
}


def leaf_writer(shape: Shape) -> Writer | None:
    """Return the writer of a single value, or None if JSON holds it as it is."""
    return _WRITERS.get(shape.kind)
