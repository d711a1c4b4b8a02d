"""Supervision on migrated databases."""

import pytest

from lianxi.runtime.crypto import KeyRing
from tests.integration.supervision.desk import Desk


@pytest.fixture
def a_desk(node_database, tmp_path):
    """Make the supervision of a node: `a_desk("630104")`, with further settings if need be."""
    made = []
    ring = tmp_path / "supervision.keys"
    KeyRing.generate().write(ring)

    def make(node="630100", **settings):
        made.append(
            Desk(node_database(node, services=("supervision",)), node, LIANXI_KEYRING_FILE=str(ring), **settings)
        )
        return made[-1]

    yield make
    for desk in made:
        desk.parts.close()


@pytest.fixture
def desk(a_desk):
    """The city's supervision."""
    return a_desk()
