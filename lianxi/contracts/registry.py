"""Which message class stands behind which type of the wire, and back.

A type is ``lianxi.<name>.v<major>``; the minor version travels beside it. A newer minor is read by ignoring what is not
known, another major is another type. Everything in the message modules that carries a ``MESSAGE`` is registered, and
its schema and readers are made here, at import, so that a message that cannot travel stops the program at its start.
"""

import re
from collections.abc import Iterator, Mapping
from types import ModuleType
from typing import Any

from lianxi.casework.messages import books, custody, materials, members, notices, repeats, replay
from lianxi.casework.messages.catalogue import CASE_MODULES
from lianxi.casework.messages.wire import Message
from lianxi.contracts.compiled import reader_of, writer_of
from lianxi.contracts.schemas import schema_of

MODULES: tuple[ModuleType, ...] = (*CASE_MODULES, notices, custody, books, materials, members, repeats, replay)
"""The modules that hold messages, in the order in which documents list them."""

_TYPE = re.compile(r"lianxi\.([a-z0-9]+(?:-[a-z0-9]+)*)\.v([1-9]\d*)", re.ASCII)


def type_of(message: Any) -> str:
    """Return the wire type of a message or of its class."""
    declared: Message = message.MESSAGE
    return f"lianxi.{declared.name}.v{declared.major}"


def version_of(message: Any) -> str:
    """Return the version of a message or of its class, ``major.minor``."""
    declared: Message = message.MESSAGE
    return f"{declared.major}.{declared.minor}"


def name_in(type_text: str) -> tuple[str, int] | None:
    """Return name and major of a wire type, or None if it is none of Lianxi's."""
    match = _TYPE.fullmatch(type_text)
    return (match[1], int(match[2])) if match else None


def declared_in(module: ModuleType) -> Iterator[type[Any]]:
    """Yield the message classes a module defines, in the order of their definition."""
    for value in vars(module).values():
        if isinstance(value, type) and value.__module__ == module.__name__ and "MESSAGE" in vars(value):
            yield value


def _registered() -> dict[str, type[Any]]:
    known: dict[str, type[Any]] = {}
    for cls in (cls for module in MODULES for cls in declared_in(module)):
        wire_type = type_of(cls)
        if wire_type in known or name_in(wire_type) is None:
            raise TypeError(f"{cls.__name__}: the type {wire_type} is taken or malformed")
        schema_of(cls)
        reader_of(cls)
        writer_of(cls)
        known[wire_type] = cls
    return known


MESSAGES: Mapping[str, type[Any]] = _registered()
"""Every message class by its wire type."""
