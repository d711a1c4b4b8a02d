"""A node's database with the node's settings in this process, and intake on it."""

from contextlib import closing

import pytest

from lianxi.runtime.crypto import KeyRing
from services.intake import wiring
from services.intake.settings import Settings


@pytest.fixture
def node(node_database, tmp_path, monkeypatch):
    """A node's database, and this process with the node's settings."""
    database = node_database("630104")
    KeyRing.generate().write(tmp_path / "keyring.yaml")
    for name, value in database.environment(tmp_path).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("LIANXI_KEYRING_FILE", str(tmp_path / "keyring.yaml"))
    return database


@pytest.fixture
def intake(node):  # noqa: ARG001  its settings are in the environment
    with closing(wiring.build(Settings.from_environment())) as parts:
        yield parts
