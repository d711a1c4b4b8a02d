"""`lianxi sort` answers every line of a batch in order, and one petition in words."""

import json

import pytest
from click.testing import CliRunner

from lianxi.ops.sort import command
from tests.unit.routing.sorting_desk import STREET

ANSWER = {
    "id",
    "category",
    "confidence",
    "runner_up",
    "place",
    "class",
    "route",
    "unit",
    "settled",
    "why",
    "assisting",
    "urgent",
}
RUBBISH = {"subject": "虎台街道垃圾成堆", "text": "垃圾没有清运，环境卫生差"}


def run(*arguments, lines=()):
    encoded = b"".join(line if isinstance(line, bytes) else json.dumps(line).encode() + b"\n" for line in lines)
    return CliRunner().invoke(command, arguments, input=encoded)


def answers(*lines, arguments=()):
    result = run("--batch", *arguments, lines=lines)
    assert result.exit_code == 0
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_a_line_is_answered_with_the_whole_finding():
    (found,) = answers({"id": "a", **RUBBISH})

    assert set(found) == ANSWER
    assert found["id"] == "a"
    assert found["category"] == ["城乡建设", "城市建设和市政管理", "环境卫生"]
    assert found["place"] == [STREET]
    assert (found["class"], found["route"], found["unit"], found["settled"]) == ("C", "RT6", "630104", True)
    assert any("按属地管理" in reason for reason in found["why"])


def test_a_batch_is_answered_in_order_and_bad_lines_with_their_error():
    found = answers(
        {"id": 1, **RUBBISH},
        b"\n",
        b"{not json\n",
        {"id": 2},
        {"id": 3, "text": 7},
        {"id": 4, "txt": ""},
        {"text": "x"},
        {"id": True, "text": "x"},
        b"[]\n",
        {"id": 5, "text": "停水", "division": "63"},
        {"id": 6, **RUBBISH},
    )

    assert [line["id"] for line in found] == [1, None, 2, 3, 4, None, None, None, 5, 6]
    assert [(line["error"]["rule"], line["error"]["field"]) for line in found[1:-1]] == [
        ("IN-1", "line"),
        ("IN-7", "text"),
        ("IN-6", "text"),
        ("IN-5", "txt"),
        ("IN-2", "id"),
        ("IN-2", "id"),
        ("IN-1", "line"),
        ("DivisionCode", "division"),
    ]


def test_a_batch_counts_the_refused_lines():
    assert "共2行，其中1行" in run("--batch", lines=[{"id": 1}, {"id": 2, **RUBBISH}]).stderr


def test_a_line_too_long_is_refused_and_the_next_one_answered():
    found = answers(b'{"id":1,"text":"' + b"x" * 2_000_000 + b'"}\n', {"id": 2, **RUBBISH})

    assert found[0]["error"]["rule"] == "IN-1"
    assert found[1]["id"] == 2


def test_the_place_of_the_problem_comes_first():
    (found,) = answers({"id": 1, "text": "城西区停水，虎台街道最久", "division": "630104"})

    assert found["place"] == ["630104", STREET]


def test_no_place_named_gives_no_place():
    assert answers({"id": 1, "text": "停水三天"})[0]["place"] == []


@pytest.mark.parametrize("address", ["630123", "湟源县某村"])
def test_the_address_settles_a_name_of_two_places(address):
    assert answers({"id": 1, "text": "城关镇停水", "address": address})[0]["place"] == ["630123100"]


def test_candidates_of_an_open_place_are_all_given():
    assert answers({"id": 1, "text": "城关镇停水"})[0]["place"] == ["630121101", "630123100"]


def test_a_node_sorts_by_its_own_level():
    (found,) = answers({"id": 1, **RUBBISH}, arguments=("--node", "630104"))

    assert found["unit"] == f"{STREET}.office"


def test_one_petition_is_answered_in_words():
    result = run("--subject", RUBBISH["subject"], "--text", RUBBISH["text"])

    assert result.exit_code == 0
    assert "城乡建设/城市建设和市政管理/环境卫生" in result.stdout
    assert "城西区虎台街道" in result.stdout


def test_words_say_what_is_left_open():
    result = run("--text", "打扰了")

    assert "未识别" in result.stdout
    assert "由分办人员决定" in result.stdout


def test_one_petition_can_be_answered_as_json():
    result = run("--text", "停水三天", "--json")

    assert json.loads(result.stdout).keys() == ANSWER - {"id"}


@pytest.mark.parametrize(
    "arguments",
    [(), ("--batch", "--text", "停水"), ("--node", "110000", "--text", "停水"), ("--node", "x", "--text", "停水")],
)
def test_a_command_that_cannot_be_carried_out_ends_with_status_2(arguments):
    assert run(*arguments).exit_code == 2


@pytest.mark.parametrize(
    ("option", "field", "rule"), [("--node", "node", "X-3"), ("--division", "division", "DivisionCode")]
)
def test_one_refused_petition_names_the_field_and_the_rule(option, field, rule):
    value = "630199" if option == "--node" else "abc"

    found = CliRunner().invoke(command, ["--subject", "修路", option, value])

    assert (found.exit_code, field in found.output, rule in found.output) == (2, True, True)
