"""A migrated database, a key ring and settings of one node, as environment variables."""

from datetime import datetime
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine

from lianxi.runtime.clock import SHANGHAI
from lianxi.runtime.crypto import KeyRing
from services.intake import wiring
from services.intake.settings import Settings

MIGRATIONS = Path(wiring.__file__).parent / "migrations"
NOW = datetime(2026, 3, 2, 9, 30, tzinfo=SHANGHAI)


@pytest.fixture
def migrated(database):
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    engine = create_engine(database.url)
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
    engine.dispose()
    return database


@pytest.fixture
def environment(migrated, tmp_path):
    ring_file = tmp_path / "keys.yaml"
    KeyRing.generate().write(ring_file)
    return {
        "LIANXI_NODE": "630104",
        "LIANXI_DATABASE_URL_INTAKE": migrated.url,
        "LIANXI_KEYRING_FILE": str(ring_file),
    }


@pytest.fixture
def parts(environment):
    built = wiring.build(Settings.from_environment(environment))
    yield built
    built.close()
