"""The document agencies read is up to date, official, and describes every event as it is left of its golden sample."""

import json
import re
from pathlib import Path

import golden
import jsonschema
import pytest

from lianxi.casework.agency_fields import AGENCY_EVENTS, AGENCY_FIELDS, NEVER, TEST_EVENT
from lianxi.contracts import agency_document
from lianxi.contracts.asyncapi import as_yaml
from lianxi.contracts.registry import type_of
from services.notify.domain.agencies import told
from tests.support.agency_schema import binary_form, faults

DOCUMENT = agency_document.document()
COMMITTED = Path(__file__).parents[2] / "docs" / "agency-asyncapi.yaml"
OFFICIAL = Path(__file__).parent / "asyncapi" / "3.0.0.json"
TYPES = sorted(type_of(cls) for cls in AGENCY_EVENTS.values())
GRANTS = {
    "every field": sorted(AGENCY_FIELDS),
    "parts of records": sorted(path for path in AGENCY_FIELDS if "." in path),
    "one field": ["accepted_on"],
}


def arrived(wire_type, granted):
    """The golden sample of an event as an agency gets it."""
    sample = json.loads(golden.file_of(wire_type).read_text(encoding="utf-8"))
    return {**told(sample, granted), "agencycursor": 1}


def test_the_committed_document_is_not_stale():
    made = as_yaml(DOCUMENT)

    assert COMMITTED.read_text(encoding="utf-8") == made, (
        "run: python -m lianxi.contracts.agency_document > docs/agency-asyncapi.yaml"
    )


def test_the_document_is_asyncapi_as_its_makers_define_it_and_a_misspelt_one_is_not():
    official = jsonschema.Draft7Validator(json.loads(OFFICIAL.read_text(encoding="utf-8")))
    published = json.loads(json.dumps(DOCUMENT))
    misspelt = {**published, "servers": {"broker": {**published["servers"]["broker"], "hostname": "x"}}}

    assert [(list(error.absolute_path), error.message) for error in official.iter_errors(published)] == []
    assert list(official.iter_errors(misspelt))


def test_every_event_but_the_receipt_stands_in_it_in_both_modes_with_the_test_event():
    wanted = {wire_type.removeprefix("lianxi.") for wire_type in (*TYPES, TEST_EVENT)}

    assert set(DOCUMENT["channels"]["webhook"]["messages"]) == wanted
    assert set(DOCUMENT["channels"]["queue"]["messages"]) == wanted | {f"{key}.binary" for key in wanted}
    assert "lianxi.case-received.v1" not in TYPES


def test_no_field_that_nobody_outside_gets_stands_in_it_and_every_reference_resolves():
    text = as_yaml(DOCUMENT)

    assert [name for name in NEVER if re.search(rf"^\s+(- )?{name}:", text, re.MULTILINE)] == []
    for kind, name in re.findall(r"#/components/(\w+)/([\w.-]+)", text):
        assert name in DOCUMENT["components"][kind]


@pytest.mark.parametrize("wire_type", TYPES)
@pytest.mark.parametrize("granted", GRANTS)
def test_an_event_fits_the_document_in_both_modes_and_one_with_more_does_not(wire_type, granted):
    event = arrived(wire_type, GRANTS[granted])
    headers, data = binary_form(event)

    assert faults(DOCUMENT, wire_type, event) == []
    assert faults(DOCUMENT, wire_type, data, headers) == []
    assert faults(DOCUMENT, wire_type, {**event, "data": {**data, "head": {}}})
    assert faults(DOCUMENT, wire_type, {**event, "type": "lianxi.other.v1"})
    assert faults(DOCUMENT, wire_type, data, {**headers, "cloudEvents_agencycursor": 1})


def test_a_field_that_arrives_nowhere_would_be_found():
    everything = {wire_type: arrived(wire_type, GRANTS["every field"])["data"] for wire_type in TYPES}
    schemas = DOCUMENT["components"]["schemas"]

    published = {
        wire_type: set(schemas[cls.__name__]["properties"])
        for wire_type, cls in ((type_of(cls), cls) for cls in AGENCY_EVENTS.values())
    }
    assert {wire_type: set(data) for wire_type, data in everything.items()} == published
