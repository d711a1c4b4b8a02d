"""Two hundred faults at every step of the road: nothing lost, nothing done twice, order kept, books equal.

LIANXI_FAULT_RUNS sets another number, LIANXI_FAULT_SEED a seed to play again; LIANXI_FAULT_WRITE=1 writes
docs/faults.md from what was measured.
"""

import os
import secrets
import time

import pytest

from tests.faults.catalogue import ALL
from tests.faults.pair import Pair
from tests.faults.report import PAGE, page, table
from tests.faults.suite import close, plan, play_all
from tests.support.sharing import STATE

RUNS = int(os.environ.get("LIANXI_FAULT_RUNS", "204"))
ALERTS = 5
SEED = int(os.environ.get("LIANXI_FAULT_SEED", "0")) or secrets.randbelow(10**6)
pytestmark = [pytest.mark.nodes, pytest.mark.broker, pytest.mark.database, pytest.mark.timeout(5400)]


def test_no_fault_on_the_road_loses_repeats_or_swaps_anything(capsys):
    def tell(line):
        with capsys.disabled():
            print(line, flush=True)  # noqa: T201

    pair, begun = Pair(STATE / f"faults-{os.getpid()}"), time.monotonic()
    tell(f"\nseed {SEED}")
    try:
        pair.up()
        outcomes = play_all(pair, plan(ALL, RUNS, SEED), SEED, tell, alerts=ALERTS)
        closing = close(pair)
    finally:
        pair.remove()
    tell("\n".join(table(outcomes)))
    if os.environ.get("LIANXI_FAULT_WRITE"):
        PAGE.write_text(
            page(outcomes, closing, "LIANXI_FAULT_WRITE=1 make faults", SEED, time.monotonic() - begun),
            encoding="utf-8",
        )

    assert [str(outcome) for outcome in outcomes if not outcome.clean] == []
    assert sum(len(outcome.faults) for outcome in outcomes) == RUNS + 2 * ALERTS
    assert closing.damages == 0
    assert closing.books_equal
