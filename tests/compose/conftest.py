"""The containers are up for the tests of this folder, and gone afterwards with their volumes."""

import click
import pytest

from tests.compose.containers import compose, offices, seconds_of


@pytest.fixture(scope="session")
def containers():
    """The whole project in containers; tells how long it took to come up and to go."""
    compose("down", "--volumes", "--remove-orphans")
    try:
        click.echo(f"docker compose up --build --wait: {seconds_of('up', '--build', '--wait'):.1f} s")
        yield
        click.echo(f"docker compose down: {seconds_of('down'):.1f} s")
    finally:
        compose("down", "--volumes", "--remove-orphans")


@pytest.fixture(scope="session")
def city(containers):  # noqa: ARG001  (a fixture cannot say usefixtures)
    """The people of the three nodes, by division code."""
    return offices()
