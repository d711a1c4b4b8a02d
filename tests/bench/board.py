"""A whole message board through three nodes (`tests.trial`): rows a second until each is accepted, and the account.

Runs on the files the caller names with `--board`; without any there is nothing to measure. A row that is missing, or an
index that is not the file's, is a failure, not a figure.
"""

from tests.bench.figures import Figure, Row
from tests.bench.ground import Bench, NotFinished
from tests.bench.web import LIMITS
from tests.trial.trial import NODES, run_trial


def measure_board(bench: Bench) -> list[Row]:
    """Rows a second from the start of the import to the last acceptance at the unit that handles it."""
    if not bench.board:
        bench.say("not measured: name files of petitions with --board")
        return []
    with bench.stack("board", NODES, settings=LIMITS) as stack:
        stack.up()
        account = run_trial(stack, list(bench.board), bench.say)
    if not account.whole:
        raise NotFinished(f"not every row is accounted for: {account.as_data()}")
    left = ", ".join(f"{node} {number}" for node, number in account.left.items())
    indices = ", ".join(f"{kpi} {part}/{whole}" for kpi, (part, whole) in account.computed.items())
    return [
        Row(
            key="board",
            what=f"{account.rows:,} real petitions through three nodes: imported, sorted, sent down, accepted",
            unit="rows/s",
            ours=Figure.of([account.rows / account.seconds["until everything was accepted"]]),
            note=f"every row is there; left to clerks: {left}; {account.replied:,} replies; as in the file: {indices}",
        )
    ]
