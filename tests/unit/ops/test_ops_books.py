"""`lianxi books compare`: what it prints and the status it ends with."""

import json

import pytest
from click.testing import CliRunner

from lianxi.ops import books
from services.routing.domain.digests import Kind

ENTRY = {"case_no": "A", "holder": "630104", "epoch": 2, "seq": 5, "digest": "0123456789", "state": "S11"}
ROWS = [
    {"case_no": "A", "kind": "missing-here", "here": None, "there": ENTRY},
    {"case_no": "B", "kind": "seq", "here": {**ENTRY, "seq": 4}, "there": ENTRY},
]


class Answers:
    """Comparisons that answer after some looks, or never."""

    def __init__(self, rows, *, looks=1):
        self.rows, self.looks, self.asked = rows, looks, []

    def ask(self, child):
        self.asked.append(child)
        return "comparison"

    def result(self, comparison):
        self.looks -= 1
        done = {"state": "done", "child": "630104", "cases": 7, "rows": self.rows}
        return done if comparison == "comparison" and self.looks <= 0 else {"state": "asked"}


@pytest.fixture
def compare(monkeypatch):
    def run(answers, *arguments):
        monkeypatch.setattr(books, "environment_of", lambda _node, _state: {})
        monkeypatch.setattr(books, "_books", lambda _environment: answers)
        monkeypatch.setattr(books, "POLL", 0.001)
        return CliRunner().invoke(books.command, ["compare", "--with", "630104", *arguments])

    return run


def test_equal_books_end_with_status_0(compare):
    answers = Answers([], looks=3)

    result = compare(answers)

    assert (result.exit_code, result.output) == (0, "与 630104 核对 7 件：账目一致\n")
    assert answers.asked == ["630104"]


def test_each_difference_is_a_line_and_the_status_is_1(compare):
    result = compare(Answers(ROWS))

    assert result.exit_code == 1
    assert result.output.splitlines() == [
        "A  本节点缺失  本节点：无  对方：S11 630104 序2 第5条 01234567",
        "B  历史条数不同  本节点：S11 630104 序2 第4条 01234567  对方：S11 630104 序2 第5条 01234567",
        "与 630104 核对 7 件：2 件不符",
    ]


def test_the_same_as_json(compare):
    result = compare(Answers(ROWS), "--json")

    assert result.exit_code == 1
    assert json.loads(result.output) == {"child": "630104", "cases": 7, "equal": False, "differences": ROWS}


def test_no_answer_in_time_ends_with_status_2(compare):
    result = compare(Answers([], looks=10**9), "--timeout", "0.01")

    assert result.exit_code == 2
    assert "没有应答" in result.output


def test_every_kind_of_difference_has_words():
    assert set(books.KINDS) == set(map(str, Kind))
