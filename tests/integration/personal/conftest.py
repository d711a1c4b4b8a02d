"""One node's intake and routing on a real database."""

import pytest

from tests.integration.personal.office import NODE, Office


@pytest.fixture
def office(node_database, tmp_path, monkeypatch):
    """Intake and routing of a district."""
    made = Office(node_database(NODE), tmp_path, monkeypatch)
    yield made
    made.close()
