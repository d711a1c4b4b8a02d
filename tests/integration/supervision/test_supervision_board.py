"""The picture of the subtree, as terminal and portal are given it."""

from datetime import timedelta

from services.supervision.domain.board import Counted, board
from services.supervision.domain.snapshots import NodeState, Snapshot
from tests.support.builders import CITY, DISTRICT, TOWNSHIP, Road


def node_of(shown, code):
    return next(row for row in shown["nodes"] if row["node"] == code)


def test_the_board_shows_what_the_books_hold_and_what_is_late(a_desk):
    desk = a_desk(CITY)
    desk.follow(Road().at_the_township())
    desk.until(desk.clock.now() + timedelta(days=40))

    shown = desk.call("board")

    township = node_of(shown, TOWNSHIP)
    assert (township["open"], township["red"] > 0) == (1, True)
    assert shown["counted_at"] == desk.clock.now().isoformat()
    assert sum(shown["cases"].values()) == 1
    assert any(row["red"] for row in shown["clocks"])
    assert {row["node"] for row in shown["kpis"]} >= {CITY}
    assert {"this_month", "last_month"} <= shown["kpis"][0].keys()


def test_a_node_that_never_spoke_is_shown_as_unheard_and_its_figures_as_unknown(a_desk):
    shown = a_desk(CITY, LIANXI_PEERS=f"{DISTRICT}").call("board")

    district = node_of(shown, DISTRICT)
    assert (district["link"], district["said_age_seconds"], district["waiting"]) == ("unheard", None, None)


def test_what_a_node_said_is_shown_with_its_age_even_when_it_is_silent(a_desk):
    desk = a_desk(CITY)
    with desk.parts.open_work() as work:
        now = desk.parts.nodes.now()
        work.snapshots.keep([Snapshot(DISTRICT, "services", now - 900, now - 900, {"routing_waiting_cases": 7.0})])

    district = node_of(desk.call("board"), DISTRICT)

    assert (district["link"], district["waiting"]) == ("silent", 7.0)
    assert district["said_age_seconds"] >= 900


def test_the_worst_is_said_of_a_link():
    def link(received_at, **values):
        shown = board(CITY, Counted(), (), [NodeState(DISTRICT, received_at, received_at, values)], 1000.0)
        return node_of(shown, DISTRICT)["link"]

    assert link(1000.0) == "fine"
    assert link(1000.0, link_outbox_oldest_unacked_seconds=90.0) == "slow"
    assert link(1000.0, link_outbox_oldest_unacked_seconds=90.0, link_peer_heartbeat_age_seconds=90.0) == "cut"
    assert link(800.0, link_peer_heartbeat_age_seconds=90.0) == "silent"
