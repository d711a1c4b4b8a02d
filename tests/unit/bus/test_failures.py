"""What is written down about an error never repeats what somebody typed."""

import json

import pytest

from lianxi.bus.failures import describe, place_of
from lianxi.bus.retries import FailurePolicy, decide
from lianxi.casework.errors import Invalid, Unknown


def caught(act, kind):
    with pytest.raises(kind) as raised:
        act()
    return raised.value


def test_the_text_of_a_strange_error_is_left_out():
    described = describe(caught(lambda: {}["11010119900307771X"], KeyError))

    assert described["type"] == "KeyError"
    assert "11010119900307771X" not in json.dumps(described)


def test_the_message_of_our_own_error_is_kept_with_rule_and_field():
    described = describe(Invalid("phone", "V-4", "电话号码不正确，请核对。"))

    assert described["message"] == "电话号码不正确，请核对。"
    assert (described["rule"], described["field"], described["code"]) == ("V-4", "phone", "invalid")


def test_what_looks_like_personal_data_in_a_message_is_blotted_out():
    described = describe(Invalid("phone", "V-4", "13812345678 不正确"))

    assert "13812345678" not in json.dumps(described, ensure_ascii=False)


def test_the_place_is_the_deepest_line_of_our_own_code():
    error = caught(lambda: decide(FailurePolicy("x", pauses=(1,)), "not a number", "retryable"), TypeError)

    assert place_of(error).startswith("lianxi.bus.retries:")
    assert place_of(error).endswith(" decide")


def test_an_error_that_was_never_raised_has_no_place():
    assert place_of(ValueError()) == ""


def test_what_a_caller_asked_for_in_vain_is_not_written_down():
    described = describe(Unknown("文书", "张三的电话"))

    assert described["code"] == "unknown"
    assert "张三" not in str(described)
