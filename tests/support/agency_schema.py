"""Holds what an agency got against the document agencies read, strictly: what the document does not name is a fault."""

from collections.abc import Mapping
from typing import Any

import jsonschema


def faults(
    document: Mapping[str, Any], wire_type: str, payload: Any, headers: Mapping[str, Any] | None = None
) -> list[str]:
    """Return what in a message is not as published; with headers it is one in binary mode."""
    key = wire_type.removeprefix("lianxi.")
    schemas = {name: _closed(schema) for name, schema in document["components"]["schemas"].items()}
    parts = [(key, "payload", payload)]
    if headers is not None:
        parts = [(f"{key}.binary", "payload", payload), (f"{key}.binary", "headers", headers)]
    found = []
    for name, part, value in parts:
        schema = {**document["components"]["messages"][name][part], "components": {"schemas": schemas}}
        found += [f"{part}: {error.message}" for error in jsonschema.Draft202012Validator(schema).iter_errors(value)]
    return found


def binary_form(event: Mapping[str, Any]) -> tuple[dict[str, str], Any]:
    """Return headers and body of an event in binary mode."""
    headers = {name: str(value) for name, value in event.items() if name not in {"data", "datacontenttype"}}
    return {f"cloudEvents_{name}": value for name, value in headers.items()}, event["data"]


def _closed(schema: Mapping[str, Any]) -> dict[str, Any]:
    return {**schema, "additionalProperties": False} if "properties" in schema else dict(schema)
