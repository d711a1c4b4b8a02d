"""The body of each act, derived from the command class of the rule book: one definition, no second one to forget.

What nobody types (`NOT_ASKED`) cannot be sent: the case number comes from the address, the actor from the sign-in, the
expected version from If-Match, the rest from the node.
"""

import dataclasses
import types
import typing
from datetime import date
from enum import StrEnum
from functools import cache
from typing import Any

from marshmallow import Schema, fields, validate

from lianxi.casework.identifiers import DivisionCode, UnitCode
from lianxi.casework.messages.catalogue import COMMANDS
from services.portal.domain.acts import NOT_ASKED
from services.portal.domain.forms import FormField, paper_of
from services.portal.schemas.fields import Coded, Day, OneOf, Paper, Text, WholeNumber, YesNo

_MOST_ENTRIES = 50
_SPECIAL: dict[str, Any] = {
    "to_node": lambda **more: Coded(DivisionCode.parse, **more),
    "to_unit": lambda **more: Coded(lambda text: text and UnitCode.parse(text, "to_unit"), **more),
    "paper": Paper,
    "days": lambda **more: WholeNumber(1, 366, **more),
    "rehandle_days": lambda **more: WholeNumber(1, 366, **more),
    "number": lambda **more: WholeNumber(1, 50, **more),
}


@cache
def act_schema(command: str) -> type[Schema]:
    """Return the schema of the body of a command, by the command's name."""
    cls: Any = COMMANDS[command]
    return _schema(cls, f"{cls.__name__}Body", "、".join(_in_words(field) for field in paper_of(command)))


def _in_words(field: FormField) -> str:
    return f"{field.name.removeprefix('paper.')}（{field.label}{'，必填' if field.required else ''}）"


@cache
def _schema(cls: type[Any], name: str, paper: str = "") -> type[Schema]:
    hints = typing.get_type_hints(cls)
    made = {
        field.name: _field(field.name, hints[field.name], required=_is_required(field))
        for field in dataclasses.fields(cls)
        if field.name not in NOT_ASKED
    }
    if paper:
        made["paper"].metadata = {"description": f"文书各栏：{paper}"}
    document = (cls.__doc__ or "").split("\n")[0]
    schema: type[Schema] = Schema.from_dict(made, name=name)
    schema.__doc__ = document
    return schema


def _is_required(field: dataclasses.Field[Any]) -> bool:
    return field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING


def _field(name: str, hint: Any, *, required: bool) -> fields.Field[Any]:
    more: dict[str, Any] = {"required": required}
    inner = [part for part in typing.get_args(hint) if part is not types.NoneType]
    if isinstance(hint, types.UnionType):
        hint, more["allow_none"] = inner[0], True
    if name in _SPECIAL:
        special: fields.Field[Any] = _SPECIAL[name](**more)
        return special
    if typing.get_origin(hint) is tuple:
        entries = _field("", inner[0], required=True)
        return fields.List(entries, validate=validate.Length(max=_MOST_ENTRIES), **more)
    return _plain(hint, more)


def _plain(hint: Any, more: dict[str, Any]) -> fields.Field[Any]:
    if hint is bool:
        return YesNo(**more)
    if hint is int:
        return WholeNumber(0, 9999, **more)
    if hint is date:
        return Day(**more)
    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        return fields.Nested(_schema(hint, hint.__name__), **more)
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return OneOf(tuple(hint), **more)
    if hint is str:
        return Text(blank=not more["required"], **more)
    raise TypeError(f"no field for {hint!r}: say how it is written in JSON")
