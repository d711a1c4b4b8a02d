"""The containers are up for the tests of this folder, and gone afterwards with their volumes."""

import pytest

from tests.compose.containers import compose, offices, seconds_of
from tests.compose.figures import note, table


def pytest_terminal_summary(terminalreporter):
    """Tell the figures."""
    for line in table():
        terminalreporter.write_line(line)


@pytest.fixture(scope="session")
def containers():
    """The whole project in containers; gives the seconds it took to come up, and tells them."""
    compose("down", "--volumes", "--remove-orphans")
    try:
        took = seconds_of("up", "--build", "--wait")
        note("`docker compose up --build --wait`, until all of it is healthy", f"{took:.1f} s")
        yield took
    finally:
        compose("down", "--volumes", "--remove-orphans")


@pytest.fixture(scope="session")
def city(containers):  # noqa: ARG001  (a fixture cannot say usefixtures)
    """The people of the three nodes, by division code."""
    return offices()
