"""The envelope takes what is sound and says of everything else what is wrong with it, without falling over."""

import contextlib
import importlib
import json
import pkgutil
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lianxi.casework import messages
from lianxi.casework.messages.notices import RightLapsed
from lianxi.casework.messages.wire import Message
from lianxi.contracts import registry
from lianxi.contracts.envelope import Undecodable, UnknownMessage, decode, encode
from lianxi.contracts.registry import MESSAGES, declared_in, name_in, type_of, version_of
from lianxi.contracts.schemas import load

AT = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
MESSAGE = load(RightLapsed, {"case_no": "63010400020260302W00012", "clock": "ASK_REVIEW", "legal_due": "2026-04-01"})


def an_envelope(**changes) -> dict:
    raw = encode(MESSAGE, id="019c", node="630104", service="supervision", time=AT, subject="x", seq=4, epoch=2)
    envelope = {**json.loads(raw), **changes}
    return {name: value for name, value in envelope.items() if value is not ...}


def refused(raw: bytes) -> Undecodable:
    with pytest.raises(Undecodable) as refusal:
        decode(raw)
    return refusal.value


def test_an_envelope_is_cloudevents_and_comes_back_whole():
    envelope = decode(json.dumps(an_envelope()).encode())

    assert an_envelope()["specversion"] == "1.0"
    assert (envelope.id, envelope.type, envelope.time) == ("019c", "lianxi.right-lapsed.v1", AT)
    assert (envelope.source, envelope.node, envelope.service) == (
        "lianxi://630104/supervision",
        "630104",
        "supervision",
    )
    assert (envelope.subject, envelope.seq, envelope.epoch, envelope.name) == ("x", 4, 2, "right-lapsed")
    assert envelope.message == MESSAGE


def test_place_and_subject_may_be_absent():
    raw = encode(MESSAGE, id="1", node="630104", service="supervision", time=AT, subject="")

    assert "caseseq" not in json.loads(raw)
    assert decode(raw).seq is None
    assert decode(json.dumps(an_envelope(subject=..., caseseq=..., caseepoch=None)).encode()).subject == ""


def test_chinese_is_written_as_it_is():
    assert "信访" in encode(MESSAGE, id="1", node="630104", service="x", time=AT, subject="信访").decode()


def test_an_instant_without_offset_is_not_sent():
    with pytest.raises(ValueError, match="offset"):
        encode(MESSAGE, id="1", node="630104", service="x", time=datetime(2026, 3, 2), subject="")  # noqa: DTZ001


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"specversion": "0.3"}, "specversion"),
        ({"id": ""}, "id"),
        ({"id": 7}, "id"),
        ({"id": ...}, "id"),
        ({"source": "lianxi://63010/x"}, "source"),
        ({"source": "http://evil"}, "source"),
        ({"type": None}, "type"),
        ({"type": "com.example.other"}, "type"),
        ({"type": "lianxi.right-lapsed.v01"}, "type"),
        ({"schemaversion": "2.0"}, "schemaversion"),
        ({"schemaversion": "1"}, "schemaversion"),
        ({"schemaversion": ...}, "schemaversion"),
        ({"time": "yesterday"}, "time"),
        ({"time": "2026-03-02T09:00:00"}, "time"),
        ({"subject": 1}, "subject"),
        ({"caseseq": -1}, "caseseq"),
        ({"caseseq": "4"}, "caseseq"),
        ({"caseepoch": True}, "caseepoch"),
        ({"data": None}, "data"),
        ({"data": []}, "data"),
        ({"data": {}}, "data.case_no"),
        ({"data": {"case_no": "x", "clock": "y", "legal_due": "2026-02-30"}}, "data.legal_due"),
    ],
)
def test_what_is_wrong_with_an_envelope_is_named(changes, field):
    refusal = refused(json.dumps(an_envelope(**changes)).encode())

    assert (refusal.code, refusal.field) == ("undecodable", field)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\xff\xfe",
        b"not json",
        b"[]",
        b'"text"',
        b"null",
        b"{",
        b'{"a": NaN}',
        b"[" * 100_000,
        b'{"a":' * 100_000,
        json.dumps({"x": 1}).encode("utf-16"),
        b'{"n":' + b"9" * 5_000 + b"}",
    ],
    ids=lambda raw: repr(raw[:12]),
)
def test_bytes_that_are_no_envelope_are_undecodable(raw):
    assert refused(raw).code == "undecodable"


@pytest.mark.parametrize("hidden", ["\x00", "\ud800"])
@pytest.mark.parametrize("where", [{"subject": "{}"}, {"data": {"deep": ["{}"]}}, {"data": {"{}": 1}}])
def test_half_characters_and_nul_are_refused_wherever_they_hide(hidden, where):
    raw = json.dumps(an_envelope(**where)).replace("{}", json.dumps(hidden)[1:-1]).encode()

    assert "无法保存" in refused(raw).message


def test_a_text_that_only_looks_like_an_escape_is_read():
    envelope = decode(json.dumps(an_envelope(subject="写作 \\u0000 的文字")).encode())

    assert envelope.subject == "写作 \\u0000 的文字"


def test_a_message_of_a_type_to_come_is_unknown_not_undecodable():
    with pytest.raises(UnknownMessage) as unknown:
        decode(json.dumps(an_envelope(type="lianxi.invented-later.v1", subject=...)).encode())

    assert (unknown.value.type, unknown.value.key, unknown.value.seq) == ("lianxi.invented-later.v1", None, 4)


@settings(max_examples=300, deadline=None)
@given(
    st.dictionaries(
        st.sampled_from([*an_envelope(), "x"]), st.none() | st.integers() | st.text(max_size=9) | st.lists(st.none())
    )
)
def test_whatever_an_envelope_holds_it_is_read_or_refused(changes):
    with contextlib.suppress(Undecodable, UnknownMessage):
        decode(json.dumps(an_envelope(**changes)).encode())


@given(st.binary(max_size=200))
def test_whatever_bytes_come_they_are_read_or_refused(raw):
    with pytest.raises((Undecodable, UnknownMessage)):
        decode(raw)


def test_types_and_versions_come_from_the_class():
    assert type_of(RightLapsed) == type_of(MESSAGE) == "lianxi.right-lapsed.v1"
    assert version_of(RightLapsed) == "1.0"
    assert name_in("lianxi.right-lapsed.v12") == ("right-lapsed", 12)
    assert name_in("lianxi.Right.v1") is None


def test_every_message_class_of_casework_is_registered():
    modules = [
        importlib.import_module(info.name)
        for info in pkgutil.iter_modules(messages.__path__, "lianxi.casework.messages.")
    ]

    assert {cls for module in modules for cls in declared_in(module)} == set(MESSAGES.values())


def test_a_type_taken_twice_or_malformed_stops_the_program_at_its_start(monkeypatch):
    monkeypatch.setattr(registry, "MODULES", (*registry.MODULES, registry.MODULES[0]))
    with pytest.raises(TypeError, match="taken or malformed"):
        registry._registered()

    monkeypatch.setattr(RightLapsed, "MESSAGE", Message("Right Lapsed"))
    monkeypatch.setattr(registry, "MODULES", (registry.notices,))
    with pytest.raises(TypeError, match="taken or malformed"):
        registry._registered()
