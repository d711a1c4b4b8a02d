"""docs/case.md says what the table of transitions says, and every transition of it that is built is tested."""

import re

import pytest

from lianxi.casework.case.guards import GUARDS
from lianxi.casework.transitions import TRANSITIONS
from tests.repository import transition_table
from tests.repository.tree import python_files, text_of

BUILT = [row.id for row in TRANSITIONS if row.built]


@pytest.fixture(scope="module")
def tests_of_behaviour():
    """Every test of the product: this folder only looks at files."""
    return "\n".join(text_of(path) for path in python_files("tests") if path.parent.name != "repository")


def test_the_tables_of_the_case_page_are_those_of_the_code():
    page = text_of(transition_table.PAGE)

    assert not transition_table.stale(page), "run: python -m tests.repository.transition_table --write"


def test_the_case_page_has_a_place_for_every_table():
    page = text_of(transition_table.PAGE)

    assert {name for _, name, _ in transition_table.BLOCK.findall(page)} == set(transition_table.TABLES)


@pytest.mark.parametrize("transition", BUILT)
def test_every_built_transition_is_named_by_a_test(transition, tests_of_behaviour):
    spoken = rf"(\b{transition}\b|_{transition.lower()}(_|\b))"

    assert re.search(spoken, tests_of_behaviour), f"no test names {transition}: name it in the test that proves it"


@pytest.mark.parametrize("guard", sorted(GUARDS))
def test_every_guard_of_the_table_is_named_by_a_test(guard, tests_of_behaviour):
    assert guard in tests_of_behaviour, f"no test names the guard {guard} of lianxi/casework/case/guards/"


def test_the_table_uses_every_guard_and_no_other():
    used = {name for row in TRANSITIONS for step in row.steps for name in step.guards}

    assert used == set(GUARDS)
