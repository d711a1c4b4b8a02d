"""The agency's client puts its events in their order, whatever the queue gives in which order and how often."""

from pathlib import Path

import pytest

CLIENT = Path(__file__).resolve().parents[3] / "clients" / "agency"


@pytest.fixture
def early(monkeypatch):
    monkeypatch.syspath_prepend(str(CLIENT))
    from lianxi_agency.events import _Early  # noqa: PLC0415  (the package lies beside the project, not in it)

    return _Early


def given(early, cursors, *, patient=True):
    """The cursors in the order in which they are given, after the queue gave `cursors`."""
    told = []
    for tag, cursor in enumerate(cursors):
        early.add({"agencycursor": cursor}, tag)
        told += [event["agencycursor"] for event, _ in early.next(patient=patient) if event]
    return told


def test_what_comes_late_waits_for_nobody_and_what_is_early_waits(early):
    assert given(early(0), [3, 4, 1, 2, 5]) == [1, 2, 3, 4, 5]


def test_what_comes_twice_is_given_once_and_acknowledged_each_time(early):
    waiting = early(1)
    tags = []
    for tag, cursor in enumerate([1, 2, 2, 3]):
        waiting.add({"agencycursor": cursor}, tag)
        tags += [tag for _, tag in waiting.next(patient=True)]

    assert sorted(tags) == [0, 1, 2, 3]
    assert waiting.done == 3


def test_a_gap_is_believed_when_patience_ends_or_too_much_waits_behind_it(early):
    assert given(early(0), [3, 4]) == []
    assert given(early(0), [3, 4], patient=False) == [3, 4]
    assert given(early(0), range(3, 30)) == list(range(3, 30))
