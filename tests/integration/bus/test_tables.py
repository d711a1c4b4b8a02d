"""Models and migration agree; the topology can be declared and imported."""

import json

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import MetaData, create_engine, text

from lianxi.bus import topology
from lianxi.bus.migration import create_bus_tables, drop_bus_tables
from lianxi.bus.tables import bus_tables
from tests.support.waiting import eventually


@pytest.fixture
def connection(database):
    engine = create_engine(database.url)
    with engine.begin() as connection:
        connection.execute(text("CREATE SCHEMA probe"))
        yield connection
    engine.dispose()


def test_models_equal_the_migrated_schema(connection):
    metadata = MetaData(schema="probe")
    bus_tables(metadata)

    create_bus_tables(connection, "probe")

    context = MigrationContext.configure(
        connection,
        opts={
            "include_schemas": True,
            "include_name": lambda name, kind, _: kind != "schema" or name == "probe",
            "compare_server_default": True,
        },
    )
    assert compare_metadata(context, metadata) == []


def test_the_migration_can_be_undone(connection):
    create_bus_tables(connection, "probe")

    drop_bus_tables(connection, "probe")

    assert connection.scalar(text("SELECT count(*) FROM pg_tables WHERE schemaname = 'probe'")) == 0


def test_the_topology_is_declared_twice_without_harm(broker_vhost):
    topology.declare(broker_vhost.uri)
    topology.load().with_children(["630104001"]).declare(broker_vhost.uri)

    names = {queue["name"] for queue in broker_vhost.management.get(f"queues/{broker_vhost.name}")}
    assert {"routing.contact", "dead.routing.contact", "inbox.up", "up.out", "down.630104001"} <= names


def test_the_broker_takes_the_rendered_definitions(broker_vhost):
    rendered = topology.as_definitions(broker_vhost.name)

    broker_vhost.management.post("definitions", json.loads(json.dumps(rendered)))

    queues = eventually(lambda: broker_vhost.management.get(f"queues/{broker_vhost.name}"))
    assert {queue["name"] for queue in queues} == {queue["name"] for queue in rendered["queues"]}
    topology.declare(broker_vhost.uri)  # the same arguments, or the broker would refuse
