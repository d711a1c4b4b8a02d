"""The migrations make the tables the program reads, and can be undone."""

from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import create_engine

from services.portal.storage import metadata

SCRIPTS = Path(__file__).resolve().parents[3] / "services" / "portal" / "migrations"

pytestmark = pytest.mark.database


def test_the_tables_are_those_the_program_reads(migrated):
    engine = create_engine(migrated.url)
    with engine.connect() as connection:
        context = MigrationContext.configure(
            connection,
            opts={
                "include_schemas": True,
                "version_table_schema": "portal",
                "include_name": lambda name, kind, _parents: kind != "schema" or name == "portal",
            },
        )
        differences = compare_metadata(context, metadata)
    engine.dispose()

    assert differences == []


def test_the_schema_can_be_taken_back_and_made_again(migrated):
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS))
    config.set_main_option("path_separator", "os")
    engine = create_engine(migrated.url)
    for step, revision in ((command.downgrade, "base"), (command.upgrade, "head")):
        with engine.begin() as connection:
            config.attributes["connection"] = connection
            step(config, revision)
    engine.dispose()

    assert migrated.query("SELECT to_regclass('portal.account')::text") == [("portal.account",)]


def test_request_counts_stay_out_of_the_write_ahead_log(migrated):
    assert migrated.query("SELECT relpersistence FROM pg_class WHERE relname = 'request_count'") == [("u",)]
