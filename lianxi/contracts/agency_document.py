"""What agencies outside are sent, as an AsyncAPI 3.0 document: each event with the fields that may arrive in it.

``python -m lianxi.contracts.agency_document`` prints it; ``docs/agency-asyncapi.yaml`` is its committed form. An agency
gets of an event only the fields it was granted, so none is required here, and those nobody outside gets do not stand
here at all. An event travels in three ways: as a structured CloudEvent in a queue or to a webhook (the same message,
with other headers around it), and in binary mode in a queue, where the attributes are headers.
"""

import sys
from typing import Any

from lianxi.casework.agency_fields import AGENCY_EVENTS, NEVER, TEST_EVENT
from lianxi.contracts.asyncapi import DOCUMENT_VERSION, as_yaml, key_of, leaf, text_of
from lianxi.contracts.registry import version_of
from lianxi.contracts.shapes import Kind, Shape, fields_of

QUEUE, WEBHOOK = "queue", "webhook"
TLS_PORT = 5671
_SEND = {"queue": "Events in the queue of an agency.", "webhook": "One POST per event, in order."}
_TEXT = {"type": "string"}
_ATTRIBUTES: dict[str, dict[str, Any]] = {
    "specversion": {"const": "1.0"},
    "id": {"type": "string", "minLength": 1, "description": "The same for ever and by every way."},
    "source": {"type": "string", "pattern": r"^lianxi://[1-9]\d{5}(\d{3})?/[a-z][a-z0-9-]*$"},
    "type": _TEXT,
    "schemaversion": {"type": "string", "description": "major.minor; a newer minor may bring unknown fields."},
    "time": {"type": "string", "format": "date-time"},
    "subject": {"type": "string", "description": "The number of the case; of a test event the name of the agency."},
    "datacontenttype": {"const": "application/json"},
    "caseseq": {"type": "integer", "minimum": 1, "description": "Place in the case's history; may have gaps here."},
    "caseepoch": {"type": "integer", "minimum": 0, "description": "Grows with each change of custody."},
    "traceparent": {"type": "string", "description": "W3C Trace Context, to name when asking about an event."},
    "agencycursor": {"type": "integer", "minimum": 1, "description": "Counts the agency's events without gaps."},
}
_ALWAYS = [name for name in _ATTRIBUTES if name not in {"caseseq", "caseepoch", "traceparent"}]
_OF_A_CASE = ["caseseq", "caseepoch"]


def document() -> dict[str, Any]:
    """Return the whole document as JSON values."""
    schemas: dict[str, Any] = {
        "Event": {
            "type": "object",
            "description": "A CloudEvent 1.0. Where a number was taken out of a text, a mark like ［手机号］ stands.",
            "properties": {**_ATTRIBUTES, "data": {"type": "object"}},
            "required": [*_ALWAYS, "data"],
        },
        "BinaryHeaders": _binary_headers(),
        "AgencyTest": {
            "type": "object",
            "description": "The test event: it is about nothing.",
            "properties": {"agency": {"type": "string", "description": "The name of the agency."}},
            "required": ["agency"],
        },
    }
    messages: dict[str, Any] = {}
    for cls in AGENCY_EVENTS.values():
        _add_schema(cls, schemas)
        _add_messages(messages, key_of(cls), cls.__name__, text_of(cls), version_of(cls))
    _add_messages(messages, TEST_EVENT.removeprefix("lianxi."), "AgencyTest", "A test event.", "1.0")
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Lianxi 联席: events for agencies",
            "version": DOCUMENT_VERSION,
            "description": "What a node sends to an agency outside, by AMQP and by webhook; see docs/agencies.md.",
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": "application/cloudevents+json",
        "servers": _servers(),
        "channels": {QUEUE: _queue(messages), WEBHOOK: _webhook(messages)},
        "operations": {
            f"send-{name}": {"action": "send", "summary": text, "channel": {"$ref": f"#/channels/{name}"}}
            for name, text in _SEND.items()
        },
        "components": {
            "messages": messages,
            "messageTraits": {"structured": _structured_trait(), "binary": {"contentType": "application/json"}},
            "schemas": schemas,
        },
    }


def _servers() -> dict[str, Any]:
    host = {"description": "The host and the port the operator of the node names.", "default": "node.example.org"}
    return {
        "broker": {
            "host": f"{{host}}:{TLS_PORT}",
            "pathname": "/{node}",
            "protocol": "amqps",
            "protocolVersion": "0-9-1",
            "description": "The broker of a node; its certificate is the city's, user and password the agency's.",
            "variables": {"host": host, "node": {"description": "The code of the node.", "default": "630104"}},
            "security": [{"type": "userPassword"}],
        },
        "agency": {
            "host": "{host}",
            "protocol": "https",
            "description": "The server of the agency, under the address it was registered with.",
            "variables": {"host": {"description": "The host of the webhook.", "default": "agency.example.org"}},
        },
    }


def _queue(messages: dict[str, Any]) -> dict[str, Any]:
    queue = {"name": "agency.{agency}", "durable": True, "exclusive": False, "autoDelete": False}
    return {
        "address": "agency.{agency}",
        "description": "The queue of an agency, in the order of `agencycursor`, in the mode it was registered with.",
        "servers": [{"$ref": "#/servers/broker"}],
        "parameters": {"agency": {"description": "The name under which the agency was registered."}},
        "messages": {key: {"$ref": f"#/components/messages/{key}"} for key in messages},
        "bindings": {"amqp": {"is": "queue", "queue": queue, "bindingVersion": "0.3.0"}},
    }


def _webhook(messages: dict[str, Any]) -> dict[str, Any]:
    return {
        "address": None,
        "description": "The address of the agency's webhook; an event comes until it is answered 2xx.",
        "servers": [{"$ref": "#/servers/agency"}],
        "messages": {key: {"$ref": f"#/components/messages/{key}"} for key in messages if not key.endswith(".binary")},
    }


def _structured_trait() -> dict[str, Any]:
    signature = r"^v1a?,[A-Za-z0-9+/=]+( v1a?,[A-Za-z0-9+/=]+)*$"
    headers = {
        "type": "object",
        "properties": {
            "webhook-id": {"type": "string", "pattern": r"^[^.]+$", "description": "The event's id, dots as hyphens."},
            "webhook-timestamp": {"type": "string", "pattern": r"^\d+$"},
            "webhook-signature": {"type": "string", "pattern": signature},
            "traceparent": _TEXT,
        },
        "required": ["webhook-id", "webhook-timestamp", "webhook-signature"],
    }
    return {
        "contentType": "application/cloudevents+json; charset=utf-8",
        "bindings": {"http": {"headers": headers, "bindingVersion": "0.3.0"}},
    }


def _binary_headers() -> dict[str, Any]:
    """The attributes as headers, all of them text; the media type of the data is the message's content type."""
    told = {name: schema for name, schema in _ATTRIBUTES.items() if name != "datacontenttype"}
    whole = {"type": "string", "pattern": r"^\d+$"}
    return {
        "type": "object",
        "description": "The attributes of the event in binary mode, each as text.",
        "properties": {
            f"cloudEvents_{name}": whole if schema.get("type") == "integer" else schema for name, schema in told.items()
        },
        "required": [f"cloudEvents_{name}" for name in _ALWAYS if name in told],
    }


def _add_messages(messages: dict[str, Any], key: str, title: str, text: str, version: str) -> None:
    wire_type, major = f"lianxi.{key}", version.partition(".")[0]
    of_a_case = [] if wire_type == TEST_EVENT else _OF_A_CASE
    own = {
        "type": {"const": wire_type},
        "schemaversion": {"pattern": rf"^{major}\.\d+$", "examples": [version]},
    }
    data = {"$ref": f"#/components/schemas/{title}"}
    told = {"name": wire_type, "title": title, "summary": text.partition("\n")[0]}
    messages[key] = {
        **told,
        "traits": [{"$ref": "#/components/messageTraits/structured"}],
        "payload": _also("Event", {**own, "data": data}, of_a_case),
    }
    headers = {f"cloudEvents_{name}": schema for name, schema in own.items()}
    messages[f"{key}.binary"] = {
        **told,
        "traits": [{"$ref": "#/components/messageTraits/binary"}],
        "headers": _also("BinaryHeaders", headers, [f"cloudEvents_{name}" for name in of_a_case]),
        "payload": data,
    }


def _also(schema: str, properties: dict[str, Any], required: list[str]) -> dict[str, Any]:
    more: dict[str, Any] = {"type": "object", "properties": properties}
    return {"allOf": [{"$ref": f"#/components/schemas/{schema}"}, {**more, "required": required} if required else more]}


def _add_schema(cls: type[Any], schemas: dict[str, Any]) -> None:
    """Add what may arrive of a record: every field an agency can be granted, and none that must be there."""
    if cls.__name__ in schemas:
        return
    schemas[cls.__name__] = {}  # the place in the order; records inside follow
    shown = {field.name: _schema(field.shape, schemas) for field in fields_of(cls) if field.name not in NEVER}
    schemas[cls.__name__] = {"type": "object", "description": text_of(cls), "properties": shown}


def _schema(shape: Shape, schemas: dict[str, Any]) -> dict[str, Any]:
    if shape.kind is Kind.RECORD:
        _add_schema(shape.of, schemas)
        schema: dict[str, Any] = {"$ref": f"#/components/schemas/{shape.of.__name__}"}
    elif shape.item is not None:
        schema = {"type": "array", "items": _schema(shape.item, schemas)}
    else:
        schema = leaf(shape)
    return {"oneOf": [schema, {"type": "null"}]} if shape.optional else schema


if __name__ == "__main__":
    sys.stdout.write(as_yaml(document()))
