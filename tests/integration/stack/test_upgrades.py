"""A new version may migrate while the old one works: each migration only adds, and several may run it at once."""

import json
import secrets
import subprocess
import sys
from contextlib import closing

import psycopg2
import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool

from lianxi.ops.local import databases
from tests.repository.tree import ROOT, SERVICES

pytestmark = [pytest.mark.database, pytest.mark.timeout(300)]
PASSWORD = "of-a-test"
BEFORE_THE_FIRST_RELEASE = {("intake", "0004"), ("supervision", "0003")}
"""Migrations that took something away while no version had been released. Nothing may be added here."""
MIGRATE = "import json, sys; from lianxi.ops.local import databases; databases.migrate(json.loads(sys.argv[1]))"
_COLUMNS = """
SELECT table_name, column_name, data_type, is_nullable = 'YES',
       column_default IS NOT NULL OR is_identity = 'YES' OR is_generated = 'ALWAYS'
FROM information_schema.columns WHERE table_schema = %s
"""
_RULES = """
SELECT c.conrelid::regclass::text, pg_get_constraintdef(c.oid) FROM pg_constraint c
JOIN pg_namespace n ON n.oid = c.connamespace WHERE n.nspname = %s AND c.contype IN ('c', 'u', 'f', 'x')
"""


@pytest.fixture
def empty(shared_cluster):
    """A provisioned database without any table; gives its name and the address for each service."""
    name = f"upgrade_{secrets.token_hex(5)}"
    passwords = dict.fromkeys(databases.ROLES, PASSWORD)
    databases.provision(shared_cluster.dsn, name, passwords)
    yield (
        name,
        {service: shared_cluster.url(name, databases.role_name(name, service), PASSWORD) for service in SERVICES},
    )
    shared_cluster.drop_database(name)


def asked(url, statement, schema):
    with closing(psycopg2.connect(url.replace("+psycopg2", ""))) as opened, opened.cursor() as cursor:
        cursor.execute(statement, (schema,))
        return cursor.fetchall()


def columns_of(url, service):
    """Every column: its type, whether it may be empty, whether who does not know it may leave it out."""
    return {(table, column): facts for table, column, *facts in asked(url, _COLUMNS, service)}


def steps(service):
    """Bring a schema up one migration after the other; give each revision's number when it has run."""
    config = Config()
    config.set_main_option("script_location", str(ROOT / "services" / service / "migrations"))
    config.set_main_option("path_separator", "os")
    numbers = sorted(path.name[:4] for path in (ROOT / "services" / service / "migrations" / "versions").glob("0*.py"))

    def up(url, number):
        engine = create_engine(url, poolclass=NullPool)
        with engine.begin() as connection:
            config.attributes.update(connection=connection, schema=service)
            command.upgrade(config, number)

    return [(number, up) for number in numbers]


def harms(before, after):
    """What a program of the version before could no longer do: read a column, or write a row without the new ones."""
    found = [f"{table}.{column} is gone" for table, column in before.keys() - after.keys()]
    tables = {table for table, _ in before}
    for (table, column), (kind, may_be_empty, may_be_left_out) in after.items():
        old = before.get((table, column))
        if old is None and table in tables and not (may_be_empty or may_be_left_out):
            found.append(f"{table}.{column} must be written by who does not know it")
        if old is not None and old[0] != kind:
            found.append(f"{table}.{column} was {old[0]} and is {kind}")
        if old is not None and old[1] and not may_be_empty:
            found.append(f"{table}.{column} may no longer be empty")
        if old is not None and old[2] and not may_be_left_out:
            found.append(f"{table}.{column} may no longer be left out")
    return found


@pytest.mark.parametrize("service", SERVICES)
def test_after_each_migration_the_version_before_it_can_go_on_reading_and_writing(service, empty):
    url = empty[1][service]
    found, before, rules = {}, {}, set()
    for number, up in steps(service):
        up(url, number)
        after = columns_of(url, service)
        stricter = set(asked(url, _RULES, service)) - rules if before else set()
        told = [f"{table}: {rule} is new" for table, rule in stricter if any(table == old for old, _ in before)]
        if harm := harms(before, after) + told:
            found[service, number] = harm
        before, rules = after, rules | set(asked(url, _RULES, service))

    assert found.keys() <= BEFORE_THE_FIRST_RELEASE, found


def test_migrations_may_be_run_by_several_at_once_and_again(empty):
    _, urls = empty
    command = [sys.executable, "-c", MIGRATE, json.dumps(urls)]
    running = [subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True) for _ in range(3)]
    told = [(process.communicate(timeout=90)[1], process.returncode) for process in running]

    assert [code for _, code in told] == [0, 0, 0], told
    databases.migrate(urls)
    heads = {
        service: asked(url, f"SELECT version_num, %s FROM {service}.alembic_version", service)
        for service, url in urls.items()
    }
    assert {service: [number for number, _ in rows] for service, rows in heads.items()} == {
        service: [steps(service)[-1][0]] for service in SERVICES
    }
