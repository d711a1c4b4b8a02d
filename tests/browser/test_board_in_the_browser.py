"""The supervisor's board on running nodes, looked at in Chromium."""

import pytest

from tests.support.waiting import eventually

pytestmark = [pytest.mark.nodes, pytest.mark.timeout(300)]


def test_a_supervisor_sees_every_node_with_its_link_and_its_lamps(desk, three_nodes, tmp_path):
    page = desk("630100", "DL")

    def every_node_has_spoken():
        page.open(f"{three_nodes.node('630100').portal_url}/desk/board")
        return "从未上报" not in page.text

    eventually(every_node_has_spoken, within=120, every=1.0)

    assert all(name in page.text for name in ("西宁市", "城西区", "西关大街街道", "按期答复率"))
    assert page.run("document.querySelectorAll('svg rect.ground').length") > 10
    assert page.run("document.documentElement.scrollWidth <= window.innerWidth")
    page.picture(tmp_path / "board.png")
    assert (tmp_path / "board.png").stat().st_size > 20_000


def test_the_board_fits_a_phone(desk, three_nodes):
    page = desk("630100", "DL", width=390, height=800, phone=True)

    page.open(f"{three_nodes.node('630100').portal_url}/desk/board")

    assert "看板" in page.text
    assert page.run("document.documentElement.scrollWidth <= window.innerWidth")
