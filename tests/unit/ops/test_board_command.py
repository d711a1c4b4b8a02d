"""The board in a terminal: what it says of nodes that spoke, fell silent, or never spoke."""

import io

import pytest
from rich.console import Console

from lianxi.ops.board import names, picture, shown
from tests.unit.portal.board_answer import a_board

PILES = {"rows": [{"pile": "waiting", "label": "待分办", "cases": 3, "oldest_age_seconds": 7200}]}
LINKS = {"rows": [{"peer": "630100", "direction": "up", "heartbeat_age_seconds": None}]}
ANSWERS = {("supervision", "board"): a_board(), ("routing", "piles"): PILES, ("routing", "links"): LINKS}


@pytest.fixture
def text():
    console = Console(file=io.StringIO(), width=160, color_system=None)
    console.print(shown(picture(lambda service, method: ANSWERS[service, method]), names()))
    return console.file.getvalue()


def line_of(text, word):
    return next(line.split() for line in text.splitlines() if line.startswith(word))


def test_every_node_stands_with_its_link_its_age_and_its_lamps(text):
    assert any(line.split()[:7] == ["城西区", "正常", "12秒", "4秒", "2", "5", "30"] for line in text.splitlines())
    assert line_of(text, "西关大街街道")[1:3] == ["失联", "2小时"]


def test_what_a_node_never_said_is_not_nought(text):
    assert line_of(text, "古城台街道")[1:4] == ["从未上报", "—", "—"]
    assert line_of(text, "古城台街道")[-1] == "—"


def test_an_index_stands_with_its_parts_and_nothing_of_nothing_is_no_percentage(text):
    assert line_of(text, "按期答复率")[1:] == ["90.0%", "45/50", "96.0%", "48/50"]
    assert line_of(text, "及时转送率")[1:] == ["—", "—"]


def test_the_piles_of_the_node_stand_with_their_oldest(text):
    assert line_of(text, "待分办")[1:] == ["3", "2小时"]


def test_what_does_not_work_at_a_node_is_named(text):
    assert line_of(text, "西关大街街道")[-2:] == ["转发、巡查", "2"]
    assert any(
        line.split()[:2] == ["城西区", "正常"] and line.split()[-2:] == ["正常", "0"] for line in text.splitlines()
    )
    assert line_of(text, "古城台街道")[-2:] == ["—", "—"]
