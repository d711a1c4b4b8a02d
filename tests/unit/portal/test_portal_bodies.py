"""JSON is taken at its word, complaints are Chinese and never repeat what was sent."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from marshmallow import Schema
from werkzeug.test import EnvironBuilder
from werkzeug.wrappers import Request

from lianxi.casework.errors import GuardRefused
from lianxi.casework.identifiers import DivisionCode
from services.portal.schemas.fields import Coded, Day, Moment, OneOf, Paper, QueryNumber, Text, WholeNumber, YesNo
from services.portal.schemas.filing import Petition
from services.portal.schemas.problems import InvalidFields, checked, problem_for, problem_of
from services.portal.schemas.requests import Malformed, NotJson, json_body


class Everything(Schema):
    text = Text(longest=5)
    long = Text(longest=50, multiline=True)
    day = Day()
    moment = Moment()
    number = WholeNumber(1, 9)
    asked = QueryNumber(1, 200)
    yes = YesNo()
    word = OneOf(("a", "b"))
    place = Coded(DivisionCode.parse)
    paper = Paper()


def complaints(schema, body):
    try:
        checked(schema, body)
    except InvalidFields as refusal:
        return refusal.errors
    return []


def refused(body):
    with pytest.raises(InvalidFields) as refusal:
        checked(Everything(), body)
    return {error["field"]: error["rule"] for error in refusal.value.errors}


@pytest.mark.parametrize(
    ("field", "value", "rule"),
    [
        ("text", 5, "text"),
        ("text", "", "required"),
        ("text", "六个字的文本", "length"),
        ("text", "a\x00b", "characters"),
        ("text", "a\nb", "characters"),
        ("text", "a\ud800", "characters"),
        ("text", "a\u202eb", "characters"),
        ("text", None, "required"),
        ("long", ["a"], "text"),
        ("day", "2026-02-30", "date"),
        ("day", "2026-3-2", "date"),
        ("day", 20260302, "date"),
        ("moment", "2026-03-02T09:00:00", "date-time"),
        ("moment", "yesterday", "date-time"),
        ("moment", 5, "date-time"),
        ("number", "5", "number"),
        ("number", True, "number"),
        ("number", 5.0, "number"),
        ("number", 10, "range"),
        ("number", -(10**30), "range"),
        ("asked", "5x", "number"),
        ("asked", "201", "range"),
        ("yes", "true", "boolean"),
        ("yes", 1, "boolean"),
        ("word", "c", "choice"),
        ("word", {"a": 1}, "choice"),
        ("place", "630104'; DROP TABLE x", "DivisionCode"),
        ("place", 630104, "text"),
        ("paper", [], "object"),
        ("paper", {"a": 5}, "text"),
        ("paper", {f"k{number}": "x" for number in range(31)}, "length"),
        ("unheard_of", 1, "unknown-field"),
    ],
)
def test_what_a_field_cannot_be_is_refused_with_its_rule(field, value, rule):
    found = refused({field: value})

    assert rule in found.values()
    assert next(iter(found)).split(".")[0] == field


def test_what_is_right_becomes_plain_json_in_its_one_spelling():
    body = {"text": " a\u200b ", "day": "2026-03-02", "moment": "2026-03-02T09:00:00+08:00", "number": 3, "yes": False}

    read = checked(Everything(), {**body, "place": "630104000", "word": "b", "asked": "7", "long": "a\r\nb"})

    assert read == {**body, "text": "a", "place": "630104", "word": "b", "asked": 7, "long": "a\nb"}


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(), lambda x: st.lists(x) | st.dictionaries(st.text(), x)
    )
)
def test_whatever_json_is_sent_is_read_or_refused(value):
    for body in (value, {"text": value, "paper": value, "petitioner": value, "subject": value}):
        for schema in (Everything(), Petition()):
            assert all(entry["rule"] and entry["message"] for entry in complaints(schema, body))


def test_a_complaint_is_chinese_and_never_repeats_what_was_sent():
    with pytest.raises(InvalidFields) as refusal:
        checked(
            Petition(), {"subject": "x" * 300, "text": 630102199001011234, "petitioner": {"phone": ["13997000000"]}}
        )

    told = str(problem_of(refusal.value))
    assert "13997000000" not in told
    assert "630102199001011234" not in told
    assert all("\u4e00" <= entry["message"][0] <= "\u9fff" for entry in refusal.value.errors)


def a_request(body, content_type="application/json"):
    return Request(EnvironBuilder(method="POST", data=body, content_type=content_type).get_environ())


class TestReadingTheBody:
    @pytest.mark.parametrize(
        "body",
        [
            b"",
            b"{",
            b"{'a': 1}",
            b'{"a": NaN}',
            b'{"a": Infinity}',
            b'{"a": 1, "a": 2}',
            b'{"a": "\xff"}',
            b"\xff\xfe{\x00}\x00",
            b"[" * 100_000,
            b'{"a": ' * 5000,
            b'{"a": ' + b"9" * 10_000 + b"}",
        ],
        ids=range(11),
    )
    def test_what_is_no_json_is_refused(self, body):
        with pytest.raises(Malformed):
            json_body(a_request(body))

    @pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", "", "application/xml"])
    def test_what_does_not_say_that_it_is_json_is_refused(self, content_type):
        with pytest.raises(NotJson):
            json_body(a_request(b"{}", content_type))

    def test_json_is_read(self):
        assert json_body(a_request('{"标题": "供暖"}'.encode(), "application/json; charset=utf-8")) == {"标题": "供暖"}


class TestProblems:
    def test_a_refused_guard_tells_transition_guard_and_reason(self):
        problem, _ = problem_for(GuardRefused("T16", "within_objection_limit", "异议应在5个工作日内提出。"))

        assert (problem["status"], problem["transition"], problem["guard"]) == (409, "T16", "within_objection_limit")
        assert problem["detail"] == "异议应在5个工作日内提出。"

    def test_an_error_nobody_expected_shows_nothing_of_itself(self):
        problem, _ = problem_for(RuntimeError("secret: 马秀兰"))

        assert problem["status"] == 500
        assert "马秀兰" not in str(problem)
