"""The published document is up to date, complete, and describes what is really sent."""

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import golden
import jsonschema
import pytest
import yaml

from lianxi.casework.identifiers import DivisionCode, UnitCode
from lianxi.contracts import asyncapi
from lianxi.contracts.registry import MESSAGES

COMMITTED = Path(__file__).parents[2] / "docs" / "asyncapi.yaml"
DOCUMENT = asyncapi.document()
OFFICIAL = Path(__file__).parent / "asyncapi" / "3.0.0.json"


def test_the_committed_document_is_not_stale():
    made = asyncapi.as_yaml()

    assert COMMITTED.read_text(encoding="utf-8") == made, (
        "run: python -m lianxi.contracts.asyncapi > docs/asyncapi.yaml"
    )
    assert yaml.safe_load(made) == json.loads(json.dumps(DOCUMENT))


def test_the_program_prints_the_document():
    printed = subprocess.run(
        [sys.executable, "-m", "lianxi.contracts.asyncapi"], capture_output=True, check=True, cwd=COMMITTED.parents[1]
    ).stdout

    assert yaml.safe_load(printed)["asyncapi"] == "3.0.0"


def test_the_document_is_asyncapi_as_its_makers_define_it_and_a_misspelt_one_is_not():
    official = jsonschema.Draft7Validator(json.loads(OFFICIAL.read_text(encoding="utf-8")))
    published = json.loads(json.dumps(DOCUMENT))
    channel = published["channels"]["case-events"]
    misspelt = {**published, "channels": {"case-events": {**channel, "location": "case"}}}

    assert [(list(error.absolute_path), error.message) for error in official.iter_errors(published)] == []
    assert list(official.iter_errors(misspelt))


def test_an_identifier_is_published_as_text():
    @dataclass(frozen=True)
    class Placed:
        """Somewhere."""

        node: DivisionCode
        unit: UnitCode | None

    schemas: dict = {}
    asyncapi._add_schema(Placed, schemas)

    assert schemas["Placed"]["properties"]["node"]["type"] == "string"
    assert schemas["Placed"]["properties"]["unit"]["oneOf"][1] == {"type": "null"}
    assert schemas["Placed"]["required"] == ["node", "unit"]


def test_every_message_stands_in_exactly_one_channel():
    listed = [key for channel in DOCUMENT["channels"].values() for key in channel["messages"]]

    assert sorted(listed) == sorted(wire_type.removeprefix("lianxi.") for wire_type in MESSAGES)


def test_every_message_and_every_schema_says_what_it_is():
    assert all(message["summary"] for message in DOCUMENT["components"]["messages"].values())
    assert all(schema["description"] for schema in DOCUMENT["components"]["schemas"].values())


def test_every_reference_resolves():
    def references(value):
        if isinstance(value, dict):
            yield from ([value["$ref"]] if "$ref" in value else [])
            for inner in value.values():
                yield from references(inner)
        elif isinstance(value, list):
            for inner in value:
                yield from references(inner)

    for reference in references(DOCUMENT):
        place = DOCUMENT
        for step in reference.removeprefix("#/").split("/"):
            place = place[step]
        assert place


@pytest.mark.parametrize("wire_type", sorted(MESSAGES))
def test_a_golden_sample_fits_the_published_schema_and_a_broken_one_does_not(wire_type):
    message = DOCUMENT["components"]["messages"][wire_type.removeprefix("lianxi.")]
    validator = jsonschema.Draft202012Validator({**message["payload"], "components": DOCUMENT["components"]})
    sample = json.loads(golden.file_of(wire_type).read_text(encoding="utf-8"))

    assert list(validator.iter_errors(sample)) == []
    assert list(validator.iter_errors({**sample, "type": "lianxi.other.v1"}))
    assert list(validator.iter_errors({**sample, "data": dict.fromkeys(sample["data"], 1.5)}))
