"""Marks are data on methods; both runners read the same ones."""

from lianxi.bus.doors import BatchDoor, CallDoor, TimerDoor, doors_of
from tests.suites.bus_probe import LOOSE, ORDERED, QUICK, Probe


def test_a_class_shows_its_doors_with_everything_a_runner_needs():
    assert dict(doors_of(Probe)) == {
        "add": CallDoor(expected=(), read_only=False),
        "beat": TimerDoor(0.2),
        "look": CallDoor(expected=(), read_only=True),
        "loose": BatchDoor(LOOSE, QUICK, (), ordered=False),
        "ordered": BatchDoor(ORDERED, QUICK, (KeyError,), ordered=True),
    }


def test_an_unmarked_class_has_no_doors():
    assert list(doors_of(object)) == []
