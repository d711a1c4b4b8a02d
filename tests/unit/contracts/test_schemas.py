"""Schemas follow from the message classes, their errors are precise, and the fast reader never disagrees with them."""

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, ClassVar, Literal, Optional

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lianxi.casework.errors import Invalid
from lianxi.casework.identifiers import DivisionCode
from lianxi.casework.messages.facts import CaseState
from lianxi.casework.messages.wire import Message
from lianxi.contracts.leaves import LARGEST_WHOLE
from lianxi.contracts.schemas import dump, load, load_by_schema, schema_of
from lianxi.contracts.shapes import fields_of


@dataclass(frozen=True, kw_only=True, slots=True)
class Part:
    """A record inside."""

    number: int
    state: CaseState | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Everything:
    """A message with every kind of field."""

    MESSAGE: ClassVar[Message] = Message("everything-tried")
    text: str
    whole: int
    number: float
    truth: bool
    day: date
    instant: datetime
    state: CaseState
    way: Literal["up", "down"]
    node: DivisionCode
    part: Part
    parts: tuple[Part, ...]
    words: tuple[str, ...]
    paper: Mapping[str, str] = field(default_factory=dict)
    maybe_day: Optional[date] = None  # noqa: UP045  the older spelling must work as well
    maybe_node: DivisionCode | None = None
    maybe_part: Part | None = None
    maybe_words: tuple[str, ...] | None = None


RIGHT: dict[str, Any] = {
    "text": "反映噪音",
    "whole": 12,
    "number": 1.5,
    "truth": True,
    "day": "2026-03-02",
    "instant": "2026-03-02T09:00:00+08:00",
    "state": "S10",
    "way": "up",
    "node": "630104",
    "part": {"number": 1},
    "parts": [{"number": 1, "state": "S11"}, {"number": 2, "state": None}],
    "words": ["a", "b"],
    "paper": {"reason": "事实清楚"},
    "maybe_day": "2026-03-03",
    "maybe_node": "630104001",
    "maybe_part": {"number": 3},
    "maybe_words": ["c"],
}


def test_a_message_of_every_kind_of_field_is_read_and_written():
    message = load(Everything, RIGHT)

    assert message.day == date(2026, 3, 2)
    assert message.instant.utcoffset().total_seconds() == 8 * 3600
    assert message.state is CaseState.ACCEPTED
    assert message.node == DivisionCode("630104")
    assert message.parts == (Part(number=1, state=CaseState.HANDLING), Part(number=2))
    assert message.words == ("a", "b")
    assert dump(message) == {**RIGHT, "part": {"number": 1, "state": None}, "maybe_part": {"number": 3, "state": None}}
    assert schema_of(Everything)().dump(message) == dump(message)
    assert load_by_schema(Everything, RIGHT) == message


def test_what_may_be_left_out_takes_its_default():
    required = {name: value for name, value in RIGHT.items() if not name.startswith(("maybe", "paper"))}

    message = load(Everything, required)

    assert (message.paper, message.maybe_day, message.maybe_part) == ({}, None, None)
    assert load_by_schema(Everything, required) == message
    assert dump(load(Everything, {**required, "maybe_words": None}))["maybe_words"] is None


WRONG = [
    ("text", 1, "text"),
    ("text", None, "null"),
    ("whole", "12", "whole"),
    ("whole", True, "whole"),
    ("whole", 1.0, "whole"),
    ("whole", LARGEST_WHOLE + 1, "whole"),
    ("number", "1.5", "number"),
    ("number", True, "number"),
    ("number", 10**400, "number"),
    ("truth", "true", "truth"),
    ("truth", 1, "truth"),
    ("day", "2026-02-30", "day"),
    ("day", "20260302", "day"),
    ("day", "2026-W10-1", "day"),
    ("day", "2026-03-02T00:00:00", "day"),
    ("day", 20260302, "day"),
    ("instant", "2026-03-02T09:00:00", "instant"),
    ("instant", "2026-03-02 09:00:00+08:00", "instant"),
    ("instant", "2026-03-02T25:00:00+08:00", "instant"),
    ("instant", 1772413200, "instant"),
    ("state", "S99", "choice"),
    ("state", ["S10"], "choice"),
    ("way", "sideways", "choice"),
    ("node", "63", "DivisionCode"),
    ("node", 630104, "text"),
    ("part", [], "record"),
    ("part", None, "null"),
    ("part.number", "x", "whole"),
    ("parts", "ab", "list"),
    ("parts", {"number": 1}, "list"),
    ("parts.1.state", "S99", "choice"),
    ("parts.0", "x", "record"),
    ("words.1", 2, "text"),
    ("words.0", None, "null"),
    ("paper", {"reason": 1}, "texts"),
    ("paper", [["a", "b"]], "texts"),
    ("maybe_day", "", "day"),
    ("maybe_part.number", None, "null"),
]


def with_value(path: str, value: Any) -> dict[str, Any]:
    changed = {name: inner.copy() if isinstance(inner, dict | list) else inner for name, inner in RIGHT.items()}
    changed["parts"] = [entry.copy() for entry in RIGHT["parts"]]
    place: Any = changed
    *steps, last = [int(step) if step.isdigit() else step for step in path.split(".")]
    for step in steps:
        place = place[step]
    place[last] = value
    return changed


@pytest.mark.parametrize(("path", "value", "rule"), WRONG)
def test_a_wrong_value_is_refused_with_its_path_and_rule_and_without_itself(path, value, rule):
    with pytest.raises(Invalid) as refusal:
        load(Everything, with_value(path, value))

    assert (refusal.value.field, refusal.value.rule) == (path, rule)
    assert refusal.value.details["errors"] == [{"field": path, "rule": rule, "message": refusal.value.message}]


def test_every_wrong_field_is_listed():
    with pytest.raises(Invalid) as refusal:
        load(Everything, {"text": 1, "part": {}}, within="data")

    rules = {error["field"]: error["rule"] for error in refusal.value.details["errors"]}
    assert rules["data.text"] == "text"
    assert rules["data.part.number"] == "required"
    assert rules["data.whole"] == "required"
    assert len(rules) == 12


@pytest.mark.parametrize("data", [None, [], "text", 1, [RIGHT]])
def test_what_is_no_object_is_refused(data):
    with pytest.raises(Invalid) as refusal:
        load(Everything, data)

    assert (refusal.value.field, refusal.value.rule) == ("message", "record")


def test_unknown_fields_are_ignored():
    assert load(Everything, {**RIGHT, "new": 1, "part": {"number": 1, "new": {}}}) == load(Everything, RIGHT)


ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(max_size=8)
    | st.sampled_from(["2026-03-02", "2026-03-02T09:00:00Z", "S10", "630104", "up"]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["number", "state", "x"]), inner, max_size=3)
    ),
    max_leaves=4,
)


def outcome(loader, data):
    try:
        return loader(Everything, data)
    except Invalid as refusal:
        return refusal.details["errors"]


@settings(max_examples=400, deadline=None)
@given(st.dictionaries(st.sampled_from([*RIGHT, "new"]), ANYTHING, max_size=4), st.randoms(use_true_random=False))
def test_the_fast_reader_and_marshmallow_never_disagree(changes, rng: random.Random):
    data = {**RIGHT, **changes}
    for name in rng.sample(sorted(data), rng.choice([0, 0, 1, 2])):
        del data[name]

    assert outcome(load, data) == outcome(load_by_schema, data)


def test_only_frozen_classes_of_known_kinds_of_fields_are_messages():
    @dataclass
    class Changeable:
        text: str

    with pytest.raises(TypeError, match="frozen"):
        fields_of(Changeable)


@pytest.mark.parametrize(
    "hint",
    [str | int, list[str], tuple[str, int], dict[str, str], Mapping[str, int], object, Literal[1], set, Any],
    ids=str,
)
def test_a_field_that_cannot_travel_stops_the_program_at_its_start(hint):
    cls = dataclass(frozen=True)(type("Strange", (), {"__annotations__": {"value": hint}}))

    with pytest.raises(TypeError, match=r"Strange\.value"):
        fields_of(cls)
