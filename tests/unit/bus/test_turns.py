"""Turns are given in the order in which they were asked for, a few at a time, and none is lost."""

import threading

import pytest

from lianxi.bus.turns import Turns
from tests.support.waiting import eventually


class Caller(threading.Thread):
    """Takes a turn and keeps it until told to leave."""

    def __init__(self, turns, came):
        super().__init__(daemon=True)
        self._turns, self._came = turns, came
        self.leave = threading.Event()

    def run(self):
        with self._turns.turn():
            self._came.append(self)
            assert self.leave.wait(30)


def queued(turns, came, number):
    """Return callers that came one after the other."""
    callers = []
    for before in range(number):
        callers.append(Caller(turns, came))
        callers[-1].start()
        eventually(lambda expected=before + 1: len(came) + len(turns._waiting) == expected)
    return callers


@pytest.mark.parametrize("at_once", [1, 3])
def test_so_many_are_inside_and_the_others_follow_in_their_order(at_once):
    came = []
    callers = queued(Turns(at_once), came, 7)

    for place, caller in enumerate(callers):
        eventually(lambda expected=place + at_once: came == callers[:expected])
        caller.leave.set()
        caller.join(30)

    assert came == callers


def test_whoever_is_stopped_while_waiting_leaves_the_others_their_turns(monkeypatch):
    turns, came = Turns(1), []
    (inside,) = queued(turns, came, 1)
    with monkeypatch.context() as stopped:
        stopped.setattr(threading.Event, "wait", _stop)
        with pytest.raises(KeyboardInterrupt), turns.turn():
            pytest.fail("nobody was called")

    inside.leave.set()
    inside.join(30)
    (after,) = queued(turns, [], 1)
    after.leave.set()
    after.join(30)

    assert not after.is_alive()


def _stop(_event, _timeout=None):
    raise KeyboardInterrupt
