"""Who is expected to speak, and who left: a node that left is neither silent nor fine."""

from datetime import date

from lianxi.bus.calls import CallTimedOut
from lianxi.runtime.metrics import exposition
from services.supervision.domain.board import Counted, board
from services.supervision.domain.snapshots import NodeState
from services.supervision.storage.joined_nodes import JoinedNodes
from services.supervision.storage.shown_nodes import ShownNodes

DISTRICT, STREET, OTHER = "630121", "630121100", "630121101"
TOLD = {"joined": [DISTRICT, STREET, "630102"], "leaving": [], "left": [{"node": OTHER, "since": "2026-03-02"}]}


def said(node):
    return NodeState(node, 990.0, 1000.0, {"outbox_depth": 3.0})


def shown_of(node):
    return [line for line in exposition().decode().splitlines() if f'node="{node}"' in line]


def test_routing_says_who_takes_part_below():
    nodes = JoinedNodes(DISTRICT, [DISTRICT, OTHER], lambda: TOLD)

    nodes.ask()

    assert nodes.joined == {DISTRICT, STREET}
    assert nodes.left == {OTHER: date(2026, 3, 2)}


def test_while_routing_does_not_answer_what_is_known_stands():
    def silent():
        raise CallTimedOut("routing", "members")

    nodes = JoinedNodes(DISTRICT, [DISTRICT, OTHER], silent)

    nodes.ask()

    assert nodes.joined == {DISTRICT, OTHER}


def test_a_node_that_left_is_shown_with_its_day_and_nothing_else():
    shown = ShownNodes([DISTRICT, OTHER], real_time=lambda: 1010.0)
    shown.show([said(OTHER)])
    assert any(line.startswith("node_snapshot_timestamp_seconds") for line in shown_of(OTHER))

    shown.expect([DISTRICT], {OTHER: date(2026, 3, 2)})
    shown.show([said(OTHER)])

    assert [line.partition("{")[0] for line in shown_of(OTHER)] == ["node_left_timestamp_seconds"]


def test_a_node_that_comes_back_is_expected_again():
    shown = ShownNodes([STREET], real_time=lambda: 1010.0)
    shown.expect([], {STREET: date(2026, 3, 2)})

    shown.expect([STREET], {})
    shown.show([said(STREET)])

    names = {line.partition("{")[0] for line in shown_of(STREET)}
    assert "node_left_timestamp_seconds" not in names
    assert "node_snapshot_timestamp_seconds" in names


def test_a_clock_that_is_far_off_makes_no_node_young_or_old():
    shown = ShownNodes([], real_time=lambda: 1010.0)

    shown.show([NodeState(STREET, 5000.0, 1000.0, {}), NodeState(OTHER, 990.0, 1000.0, {})])

    assert f'node_snapshot_timestamp_seconds{{node="{STREET}"}} 1000.0' in shown_of(STREET)
    assert f'node_snapshot_timestamp_seconds{{node="{OTHER}"}} 990.0' in shown_of(OTHER)


def test_a_node_that_never_spoke_is_shown_without_a_time():
    ShownNodes(["630105200"], real_time=lambda: 1010.0)

    assert shown_of("630105200") == ['node_snapshot_timestamp_seconds{node="630105200"} 0.0']


def test_the_board_says_left_and_not_silent():
    picture = board(DISTRICT, Counted(), [DISTRICT], [said(OTHER)], 9999.0, left=[OTHER])

    assert {row["node"]: row["link"] for row in picture["nodes"]}[OTHER] == "left"
