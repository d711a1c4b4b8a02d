"""What a field of a message may hold, read once from the type hints of its dataclass.

A ``Shape`` is what the schema, the fast reader and the published document are all derived from, so the three cannot
disagree. Allowed are text, whole numbers, numbers, true and false, days, instants with an offset, enumerations,
literals, the identifiers of ``lianxi.casework.identifiers`` (which travel as their text), tuples of one kind, text by
text mappings, and other dataclasses. Anything else fails at import, before a message could.
"""

import dataclasses
import types
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

R = TypeVar("R")


def once_per_class(make: Callable[[type[Any]], R]) -> Callable[[type[Any]], R]:
    """Remember what ``make`` returned for a class."""
    made: dict[type[Any], R] = {}

    def remembered(cls: type[Any]) -> R:
        if cls not in made:
            made[cls] = make(cls)
        return made[cls]

    return remembered


class Kind(StrEnum):
    """The kinds of values on the wire."""

    TEXT = "text"
    WHOLE = "whole"
    NUMBER = "number"
    TRUTH = "truth"
    DAY = "day"
    INSTANT = "instant"
    CODE = "code"
    LITERAL = "literal"
    IDENTIFIER = "identifier"
    LIST = "list"
    TEXTS = "texts"
    RECORD = "record"


@dataclass(frozen=True, slots=True)
class Shape:
    """One kind of value. ``of`` is the class behind a code, identifier or record, ``item`` the shape inside a list."""

    kind: Kind
    optional: bool = False
    of: type[Any] = object
    item: "Shape | None" = None
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FieldShape:
    """A field of a message: its name, its shape, and whether a sender must give it."""

    name: str
    shape: Shape
    required: bool


_SIMPLE = {
    str: Kind.TEXT,
    int: Kind.WHOLE,
    float: Kind.NUMBER,
    bool: Kind.TRUTH,
    date: Kind.DAY,
    datetime: Kind.INSTANT,
}


@once_per_class
def fields_of(cls: type[Any]) -> tuple[FieldShape, ...]:
    """Return the fields of a frozen dataclass in their order."""
    if not cls.__dataclass_params__.frozen:
        raise TypeError(f"{cls.__name__} is not frozen, so it cannot be a message")
    hints = get_type_hints(cls)
    return tuple(
        FieldShape(field.name, _shape(hints[field.name], f"{cls.__name__}.{field.name}"), _is_required(field))
        for field in dataclasses.fields(cls)
    )


def _is_required(field: "dataclasses.Field[Any]") -> bool:
    return field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING


def _shape(hint: Any, where: str) -> Shape:
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        inner = [argument for argument in arguments if argument is not types.NoneType]
        if len(inner) == 1:
            return dataclasses.replace(_shape(inner[0], where), optional=True)
    elif origin is Literal and all(isinstance(choice, str) for choice in arguments):
        return Shape(Kind.LITERAL, choices=arguments)
    elif origin is tuple and arguments[1:] == (...,):
        return Shape(Kind.LIST, item=_shape(arguments[0], where))
    elif origin is Mapping and arguments == (str, str):
        return Shape(Kind.TEXTS)
    elif isinstance(hint, type):
        return _class_shape(hint, where)
    raise TypeError(f"{where}: {hint} has no form on the wire")


def _class_shape(cls: type[Any], where: str) -> Shape:
    if cls in _SIMPLE:
        return Shape(_SIMPLE[cls])
    if issubclass(cls, StrEnum):
        return Shape(Kind.CODE, of=cls, choices=tuple(member.value for member in cls))
    if hasattr(cls, "parse"):
        return Shape(Kind.IDENTIFIER, of=cls)
    if dataclasses.is_dataclass(cls):
        return Shape(Kind.RECORD, of=cls)
    raise TypeError(f"{where}: {cls.__name__} has no form on the wire")
