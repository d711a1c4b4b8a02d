"""Migrations are numbered without a gap, have one head per service, and lead to what the models say."""

import importlib
import re

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool

from lianxi.ops.local import databases
from tests.repository.tree import ROOT, SERVICES

NUMBERED = re.compile(r"\d{4}_[a-z0-9_]+\.py")


def revisions(service):
    """Return the migrations of a service, first to last."""
    folder = ROOT / "services" / service / "migrations"
    assert (folder / "env.py").is_file(), f"services/{service}/migrations/env.py is missing"
    config = Config()
    config.set_main_option("script_location", str(folder))
    config.set_main_option("path_separator", "os")
    return list(reversed(list(ScriptDirectory.from_config(config).walk_revisions())))


@pytest.mark.parametrize("service", SERVICES)
def test_migrations_are_numbered_in_the_order_in_which_they_run(service):
    numbers = [revision.revision for revision in revisions(service)]

    assert numbers == [f"{number:04}" for number in range(1, len(numbers) + 1)]


@pytest.mark.parametrize("service", SERVICES)
def test_a_migration_file_carries_its_number(service):
    for revision in revisions(service):
        name = revision.path.rpartition("/")[2]
        assert NUMBERED.fullmatch(name), f"services/{service}/migrations/versions/{name} should be NNNN_words.py"
        assert name.startswith(revision.revision), f"services/{service}: {name} is revision {revision.revision}"


@pytest.mark.parametrize("service", SERVICES)
def test_the_migrations_of_a_service_have_one_head(service):
    heads = [revision.revision for revision in revisions(service) if revision.is_head]

    assert len(heads) == 1, f"services/{service} has the heads {heads}"


@pytest.mark.database
@pytest.mark.parametrize("service", SERVICES)
def test_the_models_are_the_migrated_schema(service, node_database):
    assert (ROOT / "services" / service / "migrations" / "env.py").is_file(), f"{service} has no migrations"
    metadata = importlib.import_module(f"services.{service}.storage.tables").metadata
    database = node_database(services=(service,))

    engine = create_engine(database.url, poolclass=NullPool)  # as administrator: a role finds its own schema unnamed
    with engine.connect() as connection:
        context = MigrationContext.configure(
            connection,
            opts={
                "include_schemas": True,
                "include_name": lambda name, kind, _parents: kind != "schema" or name == service,
                "version_table_schema": service,
                "compare_type": True,
            },
        )
        differences = compare_metadata(context, metadata)

    assert differences == [], f"services/{service}: models and migrations differ"


def test_every_service_has_a_schema_and_a_role_of_its_own():
    assert set(databases.SCHEMAS) == set(SERVICES)
    assert len({databases.role_name("lianxi_630104", service) for service in databases.ROLES}) == len(databases.ROLES)
