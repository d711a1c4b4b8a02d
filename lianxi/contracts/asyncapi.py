"""The messages between services and nodes as an AsyncAPI 3.0 document.

``python -m lianxi.contracts.asyncapi`` prints it; ``docs/asyncapi.yaml`` is its committed form and a test holds the two
equal. Everything in it comes from the message classes: names and versions, fields and their docstrings. What agencies
outside get of it is narrower and has a document of its own (``agency_document``).
"""

import inspect
import sys
from collections.abc import Iterable
from types import ModuleType
from typing import Any

import yaml

from lianxi.casework.messages import books, commands, custody, events, materials, members, notices, repeats, replay
from lianxi.casework.messages.catalogue import COMMANDS, EVENTS
from lianxi.contracts.leaves import LARGEST_WHOLE
from lianxi.contracts.registry import MESSAGES, declared_in, type_of, version_of
from lianxi.contracts.shapes import Kind, Shape, fields_of

DOCUMENT_VERSION = "1.0.0"

_CHANNELS: tuple[tuple[str, ModuleType, str | None, str], ...] = (
    ("case-events", events, "case", "What happened to cases, in the order of `caseseq` within each case."),
    ("notices", notices, "case", "What the services of a node tell each other beside the case events."),
    ("custody", custody, "link.out.up", "What travels between a node and its parent or child, in link order."),
    ("books", books, "link.out.up", "The comparison of the books of a node with those of its child."),
    ("materials", materials, "case", "The files of a case; `materials-sent` crosses links, the others stay in a node."),
    ("members", members, "link.out.up", "Which nodes join and leave: told to the nodes above and to the node itself."),
    ("repeats", repeats, "link.out.up", "What a node asks the city about earlier cases of a person, and the answer."),
    ("replay", replay, "link.out.up", "What a node restored from a backup asks its neighbours to give back."),
    ("commands", commands, None, "What may be asked of a case; carried by calls and inside `directive-issued`."),
)

_SIMPLE: dict[Kind, dict[str, Any]] = {
    Kind.TEXT: {"type": "string"},
    Kind.WHOLE: {"type": "integer", "minimum": -LARGEST_WHOLE, "maximum": LARGEST_WHOLE},
    Kind.NUMBER: {"type": "number"},
    Kind.TRUTH: {"type": "boolean"},
    Kind.DAY: {"type": "string", "format": "date"},
    Kind.INSTANT: {"type": "string", "format": "date-time"},
    Kind.TEXTS: {"type": "object", "additionalProperties": {"type": "string"}},
}


def document() -> dict[str, Any]:
    """Return the whole document as JSON values."""
    schemas: dict[str, Any] = {"Envelope": _envelope_schema()}
    for cls in MESSAGES.values():
        _add_schema(cls, schemas)
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Lianxi 联席",
            "version": DOCUMENT_VERSION,
            "description": "Messages between the services and nodes of a city's petition system, as CloudEvents 1.0.",
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": "application/cloudevents+json",
        "channels": {name: _channel(module, exchange, text) for name, module, exchange, text in _CHANNELS},
        "operations": {f"send-{name}": _operation(name) for name, *_ in _CHANNELS},
        "components": {
            "messages": {key_of(cls): _message(cls) for cls in MESSAGES.values()},
            "schemas": schemas,
        },
    }


def as_yaml(made: dict[str, Any] | None = None) -> str:
    """Return the document, or another one, as YAML text."""
    return yaml.dump(
        document() if made is None else made, Dumper=_PlainDumper, allow_unicode=True, sort_keys=False, width=110
    )


class _PlainDumper(yaml.SafeDumper):
    """Writes everything out: a reader of YAML should not have to follow anchors."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002
        return True


def _channel(module: ModuleType, exchange: str | None, description: str) -> dict[str, Any]:
    keys = [key_of(cls) for cls in _messages_of(module)]
    channel: dict[str, Any] = {
        "address": None,
        "description": description,
        "messages": {key: {"$ref": f"#/components/messages/{key}"} for key in keys},
    }
    if exchange is not None:
        binding = {"is": "routingKey", "exchange": {"name": exchange, "type": "topic", "durable": True}}
        channel["bindings"] = {"amqp": {**binding, "bindingVersion": "0.3.0"}}
    return channel


def _messages_of(module: ModuleType) -> Iterable[type[Any]]:
    """The messages of a channel; those about a case stand in several modules."""
    if module is events:
        return EVENTS.values()
    return COMMANDS.values() if module is commands else declared_in(module)


def _operation(channel: str) -> dict[str, Any]:
    return {"action": "send", "channel": {"$ref": f"#/channels/{channel}"}}


def key_of(cls: type[Any]) -> str:
    """Return the name of a message in the document: ``case-transferred.v1``."""
    return type_of(cls).removeprefix("lianxi.")


def text_of(cls: type[Any]) -> str:
    """Return the docstring of a class."""
    return inspect.cleandoc(cls.__doc__ or "")


def _message(cls: type[Any]) -> dict[str, Any]:
    major = cls.MESSAGE.major
    own = {
        "type": {"const": type_of(cls)},
        "schemaversion": {"pattern": rf"^{major}\.\d+$", "examples": [version_of(cls)]},
        "data": {"$ref": f"#/components/schemas/{cls.__name__}"},
    }
    return {
        "name": type_of(cls),
        "title": cls.__name__,
        "summary": text_of(cls).partition("\n")[0],
        "payload": {
            "allOf": [{"$ref": "#/components/schemas/Envelope"}, {"type": "object", "properties": own}],
        },
    }


def _add_schema(cls: type[Any], schemas: dict[str, Any]) -> None:
    if cls.__name__ in schemas:
        return
    schemas[cls.__name__] = {}  # the place in the order; records inside follow
    properties = {field.name: _schema(field.shape, schemas) for field in fields_of(cls)}
    required = [field.name for field in fields_of(cls) if field.required]
    schemas[cls.__name__] = {
        "type": "object",
        "description": text_of(cls),
        "properties": properties,
        **({"required": required} if required else {}),
    }


def _schema(shape: Shape, schemas: dict[str, Any]) -> dict[str, Any]:
    schema = _present(shape, schemas)
    if not shape.optional:
        return schema
    return {"oneOf": [schema, {"type": "null"}]}


def _present(shape: Shape, schemas: dict[str, Any]) -> dict[str, Any]:
    if shape.kind is Kind.RECORD:
        _add_schema(shape.of, schemas)
        return {"$ref": f"#/components/schemas/{shape.of.__name__}"}
    if shape.item is not None:
        return {"type": "array", "items": _schema(shape.item, schemas)}
    return leaf(shape)


def leaf(shape: Shape) -> dict[str, Any]:
    """Return the schema of a value that holds no others."""
    if shape.kind is Kind.IDENTIFIER:
        return {"type": "string", "description": text_of(shape.of).partition("\n")[0]}
    if shape.choices:
        return {"type": "string", "enum": list(shape.choices)}
    return dict(_SIMPLE[shape.kind])


def _envelope_schema() -> dict[str, Any]:
    return {
        "type": "object",
        "description": "CloudEvents 1.0 with the place of a case event in the order of its case.",
        "properties": {
            "specversion": {"const": "1.0"},
            "id": {"type": "string", "minLength": 1, "description": "Unique for ever; a repeated id is a repeat."},
            "source": {"type": "string", "pattern": r"^lianxi://[1-9]\d{5}(\d{3})?/[a-z][a-z0-9-]*$"},
            "type": {"type": "string"},
            "schemaversion": {
                "type": "string",
                "description": "major.minor; unknown fields of a newer minor are ignored.",
            },
            "time": {"type": "string", "format": "date-time"},
            "subject": {"type": "string", "description": "What it is about, as a rule the case number."},
            "datacontenttype": {"const": "application/json"},
            "caseseq": {"type": "integer", "minimum": 0, "description": "Place in the case's history, from 1."},
            "caseepoch": {"type": "integer", "minimum": 0, "description": "Grows with each change of custody."},
            "traceparent": {"type": "string", "description": "W3C Trace Context of the request it follows from."},
            "data": {"type": "object"},
        },
        "required": ["specversion", "id", "source", "type", "schemaversion", "time", "data"],
    }


if __name__ == "__main__":
    sys.stdout.write(as_yaml())
