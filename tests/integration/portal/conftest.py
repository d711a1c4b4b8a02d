"""A portal over real tables, with the other services played from a table."""

from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine

from lianxi.runtime.clock import SHANGHAI, FixedClock, new_id
from lianxi.runtime.crypto import KeyRing
from services.portal.domain.limits import Limits
from services.portal.handlers import Ports
from services.portal.service import create_app
from services.portal.storage import engine_for, open_books
from services.portal.wiring import SlowPasswords, node_names
from tests.unit.portal.offices import FakeOffices, usual_answers

ROOT = Path(__file__).resolve().parents[3]
NOW = datetime(2026, 3, 2, 10, 15, tzinfo=SHANGHAI)


@pytest.fixture
def migrated(database):
    """A database with the portal's tables."""
    migrate(database.url)
    return database


def migrate(url):
    config = Config()
    config.set_main_option("script_location", str(ROOT / "services" / "portal" / "migrations"))
    engine = create_engine(url)
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
    engine.dispose()


@pytest.fixture
def engine(migrated):
    engine = engine_for(migrated.url, 4)
    yield engine
    engine.dispose()


@pytest.fixture
def offices():
    return FakeOffices(usual_answers())


@pytest.fixture
def clock():
    return FixedClock(NOW)


@pytest.fixture(scope="session")
def passwords():
    return SlowPasswords()


@pytest.fixture
def ports(engine, offices, clock, passwords):
    """The ports of a portal of the node 630104 (城西区)."""
    return Ports(
        node="630104",
        names=node_names(ROOT / "deploy" / "xining" / "topology.yaml"),
        calls=offices,
        open_books=partial(open_books, engine),
        clock=clock,
        passwords=passwords,
        secrets=KeyRing.generate(),
        new_id=new_id,
        limits=Limits(),
    )


@pytest.fixture
def app(ports):
    return create_app(ports, https=False)


@pytest.fixture
def limited_app(ports):
    """An application that lets little through."""
    tight = Limits(account=5, address=4, filing=2, tracking=2, sign_in=2)
    return create_app(replace(ports, limits=tight), https=False)
