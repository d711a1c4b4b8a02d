"""A node nobody can ask is judged by what it said: each part by its limit, and by its silence."""

import pytest

from lianxi.bus.telemetry import TOLD
from services.supervision.domain.unwell import PARTS, unwell

WELL = {
    "relay_connected": 1.0,
    "bus_connected": 1.0,
    "outbox_oldest_age_seconds": 2.0,
    "supervision_oldest_due_seconds": 0.5,
    "link_outbox_oldest_unacked_seconds": 3.0,
}


def test_a_node_whose_parts_all_work_is_well():
    assert unwell(WELL) == ()


@pytest.mark.parametrize(
    ("told", "value", "part"),
    [
        ("relay_connected", 0.0, "relay"),
        ("bus_connected", 0.0, "consumers"),
        ("outbox_oldest_age_seconds", 301.0, "outbox"),
        ("supervision_oldest_due_seconds", 61.0, "sweep"),
        ("link_outbox_oldest_unacked_seconds", 601.0, "link"),
    ],
)
def test_a_part_beyond_its_limit_is_named(told, value, part):
    assert unwell(WELL | {told: value}) == (part,)


def test_a_part_that_says_nothing_of_itself_does_not_work():
    assert unwell({}) == ("relay", "consumers", "outbox", "sweep")


def test_a_node_without_a_link_has_none_that_could_be_stuck():
    assert unwell({name: value for name, value in WELL.items() if not name.startswith("link_")}) == ()


def test_everything_that_is_judged_travels_in_a_snapshot():
    assert {part.told for part in PARTS.values()} <= set(TOLD)
