"""Fixtures every test may ask for. Nothing imports from this file: what can be imported lies in `tests/support`."""

import os
import secrets

import pytest
from hypothesis import settings

from lianxi.ops.local import databases
from lianxi.ops.local.broker import Broker
from lianxi.ops.local.cluster import Cluster
from lianxi.ops.local.stack import Stack
from tests.support.brokers import Vhost
from tests.support.databases import Database
from tests.support.nodes import copy_of_template
from tests.support.sharing import STATE, shared

# How long an example takes says how busy the machine is, not whether a property holds.
settings.register_profile("any-machine", deadline=None)
settings.load_profile("any-machine")


@pytest.fixture(scope="session")
def shared_broker():
    """The broker all tests share: never stop it, take a vhost of it."""
    broker = Broker(STATE / "broker")
    with shared("broker", start=broker.start, remove=broker.remove):
        yield broker


@pytest.fixture
def broker_vhost(shared_broker):
    """A fresh vhost on the shared broker: `.uri`, `.name`, `.management`, `.depth(queue)`."""
    vhost = Vhost(shared_broker, f"test-{secrets.token_hex(6)}", own=False)
    vhost.create()
    yield vhost
    vhost.delete()


@pytest.fixture(scope="module")
def own_broker_server():
    """A broker for the tests of one module, which may stop and kill it."""
    broker = Broker(STATE / f"broker-{os.getpid()}-{secrets.token_hex(4)}")
    yield broker
    broker.remove()


@pytest.fixture
def own_broker(own_broker_server):
    """A fresh vhost on a broker that this test may `.stop()`, `.start()`, `.kill()`, `.restart()` and `.wipe()`."""
    own_broker_server.start()
    vhost = Vhost(own_broker_server, f"test-{secrets.token_hex(6)}", own=True)
    vhost.create()
    yield vhost
    if own_broker_server.healthy:
        vhost.delete()


@pytest.fixture(scope="session")
def shared_cluster():
    """The PostgreSQL all tests share: take a database of it."""
    cluster = Cluster(STATE / "cluster")
    with shared("cluster", start=cluster.start, remove=cluster.remove):
        yield cluster


@pytest.fixture
def database(shared_cluster):
    """A fresh, empty database: `.url` (SQLAlchemy), `.dsn` (psycopg2), `.query(…)`."""
    database = Database(shared_cluster, f"test_{secrets.token_hex(6)}")
    shared_cluster.create_database(database.name)
    yield database
    shared_cluster.drop_database(database.name)


@pytest.fixture
def node_database(shared_cluster):
    """Make migrated node databases: `node_database("630104")`, or only some services: `…, services=("intake",)`.

    A node database is a `database` with `.service_url("routing")` and `.environment(folder)` besides.
    """
    made = []

    def make(code="630104", services=databases.SCHEMAS):
        made.append(copy_of_template(shared_cluster, code, tuple(services)))
        return made[-1]

    yield make
    for database in made:
        shared_cluster.drop_database(database.name)


@pytest.fixture(scope="session")
def three_nodes():
    """City, district and street with all their processes (`lianxi.ops.local.stack.Stack`), up for the whole run."""
    stack = Stack(STATE / f"nodes-{os.getpid()}", ["630100", "630104", "630104001"])
    try:
        stack.up()
        yield stack
    finally:
        stack.remove()
