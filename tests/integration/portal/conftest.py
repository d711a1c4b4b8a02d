"""A portal over real tables, with the other services played from a table."""

import secrets
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine

from lianxi.bus.engine import engine_for
from lianxi.runtime.clock import SHANGHAI, FixedClock, new_id
from lianxi.runtime.crypto import KeyRing
from services.portal.domain.limits import Limits
from services.portal.handlers import Ports, access
from services.portal.service import create_app
from services.portal.storage import SCHEMA, each_alone, metadata, open_books
from services.portal.wiring import SlowPasswords, node_names
from tests.support.databases import Database
from tests.unit.portal.offices import FakeOffices, usual_answers

ROOT = Path(__file__).resolve().parents[3]
NOW = datetime(2026, 3, 2, 10, 15, tzinfo=SHANGHAI)


@pytest.fixture(scope="session")
def portal_database(shared_cluster):
    """A database with the portal's tables, one for all tests of this process."""
    database = Database(shared_cluster, f"test_portal_{secrets.token_hex(6)}")
    shared_cluster.create_database(database.name)
    migrate(database.url)
    yield database
    shared_cluster.drop_database(database.name)


@pytest.fixture
def migrated(portal_database):
    """The database with the portal's tables, empty."""
    portal_database.query(f"TRUNCATE {', '.join(f'portal.{table.name}' for table in metadata.sorted_tables)}")
    return portal_database


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
    engine = engine_for(migrated.url, SCHEMA, 4)
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
        open_gate=partial(open_books, each_alone(engine)),
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


PASSWORD = "correct-horse-9"


class Person:
    """Somebody signed in: their client, and the header their changes need."""

    def __init__(self, client, csrf):
        self.client = client
        self.headers = {"X-CSRF-Token": csrf}
        self.csrf = csrf

    def get(self, path, **more):
        return self.client.get(path, **more)

    def post(self, path, body=None, **headers):
        return self.client.post(path, json={} if body is None else body, headers={**self.headers, **headers})

    def form(self, path, **fields):
        typed = {name.replace("__", "."): value for name, value in fields.items()}
        return self.client.post(path, data={"csrf_token": self.csrf, **typed})


@pytest.fixture
def sign_in(app, ports):
    """Create an account of a role and sign it in."""

    def sign_in(role="case_officer", login="wang.li"):
        unit = "630104.housing" if role in {"case_officer", "unit_head"} else ""
        access.add_account(login, PASSWORD, role, ("630104", unit), ports)
        client = app.test_client()
        answer = client.post("/api/v1/sessions", json={"login": login, "password": PASSWORD})
        assert answer.status_code == 201, answer.text
        return Person(client, answer.json["csrf_token"])

    return sign_in
