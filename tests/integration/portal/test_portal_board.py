"""The board in the portal: what a supervisor reads off it, who may see it, and that it needs no script."""

import re

import pytest

pytestmark = pytest.mark.database
BOARD = "/desk/board"


def test_the_board_shows_nodes_links_lamps_and_indices(sign_in):
    text = sign_in("supervisor").get(BOARD).text

    assert all(word in text for word in ("城西区", "西关大街街道", "按期答复率", "受理告知", "待签督办"))
    assert "失联" in text
    assert "从未上报" in text
    assert "90.0%" in text
    assert re.search(r'aria-label="超期2 临期5 正常30"', text)


def test_what_nobody_said_and_what_cannot_be_reckoned_is_not_nought(sign_in):
    text = sign_in("supervisor").get(BOARD).text

    assert 'data-label="待分办">—' in text
    assert re.search(r"及时转送率</td><td[^>]*>—</td><td[^>]*>—</td>", text)


def test_the_plots_are_drawn_without_script_or_inline_style(sign_in):
    answer = sign_in("department_leader").get(BOARD)

    assert answer.text.count("<svg") > 6
    assert "<script" not in answer.text
    assert "style=" not in answer.text
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]


def test_an_empty_node_has_a_board_too(sign_in, offices):
    offices.answers["supervision.board"] = {
        "node": "630104",
        "counted_at": None,
        "nodes": [],
        "clocks": [],
        "cases": {},
        "proposals": {},
        "kpis": [],
    }

    answer = sign_in("department_leader").get(BOARD)

    assert answer.status_code == 200
    assert "没有在计期限" in answer.text


def test_a_unit_has_no_board(sign_in, offices):
    person = sign_in("case_officer")

    assert person.get(BOARD).status_code == 403
    assert BOARD not in person.get("/desk/cases").text
    assert offices.times("supervision.board") == 0


def test_strangers_are_shown_the_way_in(app):
    assert app.test_client().get(BOARD).headers["Location"].endswith("/sign-in")
