"""One marshmallow schema per message class: the contract, used wherever a stranger may speak.

``load`` and ``dump`` are what the rest of Lianxi calls. ``load`` reads fast and lets the schema decide when something
is amiss; it then raises ``Invalid`` for the first wrong field, with all of them in ``details["errors"]``, each with
its path (``claims.0.number``), its rule and a Chinese sentence. Fields that a message does not have are ignored: a
newer minor version may send them.
"""

from collections.abc import Iterator, Mapping
from typing import Any, TypeVar

from marshmallow import EXCLUDE, Schema, ValidationError, fields, post_load
from marshmallow.exceptions import SCHEMA

from lianxi.casework.errors import Invalid
from lianxi.contracts.compiled import reader_of, writer_of
from lianxi.contracts.leaves import Misfit, leaf_reader, leaf_writer
from lianxi.contracts.shapes import Kind, Shape, fields_of, once_per_class

T = TypeVar("T")

_REQUIRED = "required: 此项为必填项。"
_NULL = "null: 此项不能为空（null）。"
_ERRORS = {"required": _REQUIRED, "null": _NULL}


def load(cls: type[T], data: object, *, within: str = "") -> T:
    """Make a message of JSON values; Invalid names every wrong field, each path under ``within``."""
    try:
        message: T = reader_of(cls)(data)
    except Misfit:
        return load_by_schema(cls, data, within=within)
    return message


def load_by_schema(cls: type[T], data: object, *, within: str = "") -> T:
    """Do what ``load`` does through marshmallow alone."""
    if not isinstance(data, Mapping):
        raise Invalid(within or "message", "record", "应当是一组字段（JSON 对象）。")
    try:
        message: T = schema_of(cls)().load(data)
    except ValidationError as error:
        raise _invalid(error.messages, within) from None
    return message


def dump(message: Any) -> dict[str, Any]:
    """Return the JSON values of a message, its fields in their order."""
    return writer_of(type(message))(message)


def _invalid(messages: Any, within: str) -> Invalid:
    errors = [
        {"field": path, "rule": rule, "message": text}
        for path, wrong in _flat(messages, within)
        for rule, _, text in [wrong.partition(": ")]
    ]
    first = errors[0]
    return Invalid(first["field"], first["rule"], first["message"], errors=errors)


def _flat(messages: Any, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(messages, dict):
        for key, inner in messages.items():
            inside = path if key == SCHEMA else f"{path}.{key}" if path else str(key)
            yield from _flat(inner, inside)
    else:
        for text in messages:
            yield path, text


class MessageSchema(Schema):
    """What the schemas of all messages share: unknown fields are ignored, loading makes the message."""

    message_class: type[Any]

    class Meta:
        """Marshmallow's options."""

        unknown = EXCLUDE

    error_messages = {"type": "record: 应当是一组字段（JSON 对象）。"}  # noqa: RUF012  as marshmallow declares it

    @post_load
    def _make(self, data: dict[str, Any], **_: Any) -> Any:
        return self.message_class(**data)


@once_per_class
def schema_of(cls: type[Any]) -> type[MessageSchema]:
    """Return the schema class of a message or of a record inside one."""
    attributes: dict[str, Any] = {field.name: _field(field.shape, required=field.required) for field in fields_of(cls)}
    return type(f"{cls.__name__}Schema", (MessageSchema,), {**attributes, "message_class": cls, "__doc__": cls.__doc__})


def _field(shape: Shape, *, required: bool) -> fields.Field[Any]:
    options: dict[str, Any] = {
        "required": required,
        "allow_none": shape.optional,
        "error_messages": _ERRORS,
    }
    if shape.kind is Kind.RECORD:
        return fields.Nested(schema_of(shape.of), **options)
    if shape.item is not None:
        return _Tuple(_field(shape.item, required=False), **options)
    return _Leaf(shape, **options)


class _Tuple(fields.List[Any]):
    """A JSON array that becomes a tuple."""

    default_error_messages = {"invalid": "list: 应当是列表。"}  # noqa: RUF012  as marshmallow declares it

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        if type(value) is not list:
            raise self.make_error("invalid")
        return tuple(super()._deserialize(value, attr, data, **kwargs))


class _Leaf(fields.Field[Any]):
    """A single value, read and written as ``leaves`` does."""

    def __init__(self, shape: Shape, **options: Any) -> None:
        super().__init__(**options)
        self.shape = shape
        self._read = leaf_reader(shape)
        self._write = leaf_writer(shape)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:  # noqa: ARG002
        try:
            return self._read(value)
        except Misfit as misfit:
            raise ValidationError(str(misfit)) from None

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> Any:  # noqa: ARG002
        return value if value is None or self._write is None else self._write(value)
