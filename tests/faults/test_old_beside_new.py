"""The version before beside this one, as child and as parent, upgraded while it works: nothing lost, books equal."""

import os
import secrets

import pytest

from tests.faults.facts import Auditor
from tests.faults.pair import CITY, DISTRICT
from tests.faults.runs import play
from tests.faults.suite import close, compare_books
from tests.faults.versions import PREVIOUS, MixedPair, UpgradeInPlace, lay_out
from tests.support.sharing import STATE

SEED = int(os.environ.get("LIANXI_FAULT_SEED", "0")) or secrets.randbelow(10**6)
pytestmark = [pytest.mark.nodes, pytest.mark.broker, pytest.mark.database, pytest.mark.timeout(1200)]


@pytest.fixture(scope="module")
def older(tmp_path_factory):
    """The tree of the version before."""
    return lay_out(PREVIOUS, tmp_path_factory.mktemp("older"))


@pytest.mark.parametrize(
    ("node", "order"),
    [(DISTRICT, ("services", "relay")), (CITY, ("relay", "services"))],
    ids=["the child is older", "the parent is older"],
)
def test_an_older_node_works_beside_this_version_and_is_upgraded_while_it_works(older, node, order, capsys):
    def played(what, faults, seed):
        outcome = play(pair, auditor, faults, seed)
        with capsys.disabled():
            print(f"{what}: {outcome}", flush=True)  # noqa: T201
        return outcome

    pair = MixedPair(STATE / f"versions-{os.getpid()}", {node: older})
    try:
        pair.up()
        auditor = Auditor(pair)
        rounds = [played("beside the older version", (), SEED)]
        equal_before = compare_books(pair)
        rounds += [played("upgraded in between", [UpgradeInPlace(node, order=order)], SEED + 1)]
        rounds += [played("both of this version", (), SEED + 2)]
        everything = [petition for outcome in rounds for petition in outcome.petitions]
        account = auditor.settle(everything, 60.0)
        closing = close(pair)
    finally:
        pair.remove()

    assert [str(outcome) for outcome in rounds if not outcome.clean] == []
    assert account.clean, str(account)
    assert equal_before
    assert (closing.damages, closing.books_equal) == (0, True)
