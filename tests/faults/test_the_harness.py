"""The measuring itself: rounds are fair, gates are precise, and an account that is wrong looks wrong."""

import pytest

from tests.faults.catalogue import ALL, one_of_each_process
from tests.faults.facts import Account
from tests.faults.report import table
from tests.faults.runs import Outcome, rounds


def test_every_fault_has_a_name_of_its_own():
    assert len({(fault.name, fault.moment) for fault in ALL}) == len(ALL)


def test_faults_of_a_round_share_no_victim():
    for together in (*rounds(ALL, 200, seed=3), *one_of_each_process()):
        used = [name for fault in together for name in fault.uses]
        assert len(used) == len(set(used))


def test_every_fault_gets_its_share_of_the_runs():
    runs = [fault for together in rounds(ALL, 2 * len(ALL), seed=4) for fault in together]

    assert sorted(map(ALL.index, runs)) == sorted([*range(len(ALL)), *range(len(ALL))])


@pytest.mark.parametrize("what", ["lost", "twice", "swapped", "differing"])
def test_what_a_round_got_wrong_stands_in_the_row_of_each_of_its_faults(what):
    account = Account(**{what: ["something"]})
    outcome = Outcome(1, ALL[:2], account, (), 0, 1.0, 0.5)

    _, _, *rows, total = table([outcome])

    column = 4 + ["lost", "twice", "swapped", "differing"].index(what)
    assert not outcome.clean
    assert [row.split("|")[column].strip() for row in (*rows, total)] == ["1", "1", "1"]


def test_a_moment_that_never_came_is_a_failure():
    assert not Outcome(1, ALL[:1], Account(), (), 0, 1.0, 0.5, ["the moment never came"]).clean
