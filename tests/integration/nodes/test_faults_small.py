"""Each kind of process killed once at a telling moment, the line cut, a broker's disk lost: every fact still holds."""

import os

import pytest

from tests.faults.catalogue import one_of_each_process
from tests.faults.pair import Pair
from tests.faults.suite import close, play_all
from tests.support.sharing import STATE

pytestmark = [pytest.mark.nodes, pytest.mark.broker, pytest.mark.database, pytest.mark.timeout(400)]


def test_nothing_is_lost_repeated_or_swapped_when_anything_dies():
    pair = Pair(STATE / f"faults-small-{os.getpid()}")
    planned = one_of_each_process()
    try:
        pair.up()
        outcomes = play_all(pair, planned, seed=1, tell=print)
        closing = close(pair)
    finally:
        pair.remove()

    assert [str(outcome) for outcome in outcomes if not outcome.clean] == []
    assert (closing.damages, closing.books_equal) == (0, True)
