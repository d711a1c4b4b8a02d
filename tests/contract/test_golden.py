"""Every message type has a golden sample, and every sample ever written can still be read."""

import copy
import json

import golden
import pytest

from lianxi.casework import chain
from lianxi.contracts.envelope import Undecodable, UnknownMessage, decode
from lianxi.contracts.registry import MESSAGES
from lianxi.contracts.schemas import dump, load_by_schema
from lianxi.contracts.shapes import fields_of

SAMPLES = sorted(golden.FOLDER.glob("*.json"))
TYPES = sorted(MESSAGES)


def wire(envelope: dict) -> bytes:
    return json.dumps(envelope, ensure_ascii=False).encode()


@pytest.fixture(params=SAMPLES, ids=lambda path: path.stem)
def sample(request) -> dict:
    return json.loads(request.param.read_text(encoding="utf-8"))


def test_every_message_has_a_golden_sample():
    assert list(golden.missing()) == [], "run: python tests/contract/golden.py --write"


def test_every_sample_is_of_a_type_this_version_reads():
    assert {golden.file_of(wire_type) for wire_type in TYPES} >= set(SAMPLES)


def test_a_sample_of_any_age_is_read(sample):
    envelope = decode(wire(sample))

    assert type(envelope.message) is MESSAGES[sample["type"]]
    assert (envelope.node, envelope.service, envelope.name) == ("630104", "routing", envelope.message.MESSAGE.name)
    assert (envelope.seq, envelope.epoch, envelope.subject) == (3, 1, golden.CASE)


def test_a_sample_keeps_every_field_when_it_is_written_again(sample):
    written = dump(decode(wire(sample)).message)

    assert {name: written.get(name) for name in sample["data"]} == sample["data"]


def test_marshmallow_and_the_fast_reader_make_the_same_message(sample):
    assert load_by_schema(MESSAGES[sample["type"]], sample["data"]) == decode(wire(sample)).message


def test_a_case_event_is_sealed_alike_by_its_sender_and_by_its_reader(sample):
    envelope = decode(wire(sample))
    if "head" in sample["data"]:
        sealed = chain.seal(chain.recorded_fields(envelope.name, envelope.data), chain.GENESIS)
        assert chain.seal(chain.event_fields(envelope.message), chain.GENESIS) == sealed


def test_a_newer_minor_version_is_read_by_ignoring_what_is_new(sample):
    newer = copy.deepcopy(sample)
    newer["schemaversion"] = "1.17"
    newer["data"]["a_field_of_tomorrow"] = {"deep": [1, 2]}
    newer["extension"] = "too"

    assert decode(wire(newer)).message == decode(wire(sample)).message
    assert decode(wire(newer)).data["a_field_of_tomorrow"] == {"deep": [1, 2]}


def test_an_unknown_major_version_is_told_apart_and_keeps_its_place(sample):
    major = {**sample, "type": sample["type"].replace(".v1", ".v2"), "schemaversion": "2.0"}

    with pytest.raises(UnknownMessage) as unknown:
        decode(wire(major))

    assert (unknown.value.code, unknown.value.key, unknown.value.seq) == ("unknown-message", golden.CASE, 3)


def test_each_missing_or_wrong_field_is_named(sample):
    for field in fields_of(MESSAGES[sample["type"]]):
        without = {**sample, "data": {name: value for name, value in sample["data"].items() if name != field.name}}
        if field.required:
            with pytest.raises(Undecodable) as refusal:
                decode(wire(without))
            assert (refusal.value.field, refusal.value.rule) == (f"data.{field.name}", "required")
        else:
            assert decode(wire(without))
        with pytest.raises(Undecodable) as refusal:
            decode(wire({**sample, "data": {**sample["data"], field.name: 1.5}}))
        assert str(refusal.value.field).startswith(f"data.{field.name}")


def test_the_writer_of_samples_leaves_old_ones_alone(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(golden, "FOLDER", tmp_path / "golden")

    assert golden.main([]) == 1
    assert golden.main(["--write"]) == 0
    old = golden.file_of(TYPES[0])
    old.write_text("old", encoding="utf-8")
    assert golden.main(["--write"]) == 0
    assert old.read_text(encoding="utf-8") == "old"
    assert golden.main(["--rewrite", TYPES[0]]) == 0
    assert old.read_text(encoding="utf-8") != "old"
    assert "no sample" in capsys.readouterr().out
