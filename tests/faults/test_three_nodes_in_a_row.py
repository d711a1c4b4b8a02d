"""Both lines of a row of three nodes, and all who serve them, fail at once: nothing lost, nothing done twice."""

import os
import secrets

import pytest

from tests.faults.pair import Row
from tests.faults.suite import close, play_all
from tests.faults.three_in_a_row import FAULTS, KINDS
from tests.support.sharing import STATE

SEED = int(os.environ.get("LIANXI_FAULT_SEED", "0")) or secrets.randbelow(10**6)
pytestmark = [pytest.mark.nodes, pytest.mark.broker, pytest.mark.database, pytest.mark.timeout(1800)]


def test_no_fault_at_both_lines_loses_repeats_or_swaps_anything(capsys):
    def tell(line):
        with capsys.disabled():
            print(line, flush=True)  # noqa: T201

    row = Row(STATE / f"faults-row-{os.getpid()}")
    tell(f"\nseed {SEED}")
    try:
        row.up()
        outcomes = play_all(row, [[fault] for fault in FAULTS], SEED, tell, kinds=KINDS)
        closing = close(row)
    finally:
        row.remove()

    assert [str(outcome) for outcome in outcomes if not outcome.clean] == []
    assert closing.damages == 0
    assert closing.books_equal
