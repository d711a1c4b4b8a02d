"""A node's database: one schema and one role per service, and the migrations that fill it.

Each service logs in as a role that owns its schema and sees no other. The relay's role may empty the outbox of every
schema, prune the bus's other tables, and see nothing else. Provisioning can be repeated at any time: what is there
already stays, passwords are set to those it is given.
"""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import psycopg2
from alembic import command
from alembic.config import Config
from psycopg2 import sql
from psycopg2.extensions import connection
from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool

ROOT = Path(__file__).resolve().parents[3]
SCHEMAS = ("intake", "routing", "supervision", "notify", "portal")
RELAY = "relay"
ROLES = (*SCHEMAS, RELAY)
_COMPRESSES = "SELECT 1 FROM pg_settings WHERE name = %s AND 'lz4' = ANY(enumvals)"


def database_name(code: str) -> str:
    """Return the name of a node's database."""
    return f"lianxi_{code}"


def role_name(database: str, service: str) -> str:
    """Return the role of a service in a node's database."""
    return f"{database}_{service}"


def provision(admin: Callable[[str], str], database: str, passwords: Mapping[str, str]) -> None:
    """Make the database with its roles and schemas.

    `admin` gives the administrator's address of a database on the server, `passwords` one for each of `ROLES`.
    """
    with _autocommit(admin("postgres")) as server:
        for service in ROLES:
            _make_role(server, role_name(database, service), passwords[service])
        if not _one(server, "SELECT 1 FROM pg_database WHERE datname = %s", database):
            _run(server, "CREATE DATABASE {} TEMPLATE template0", database)
        if _one(server, _COMPRESSES, "default_toast_compression"):
            # A frame or snapshot of 2 KB is compressed on every write, which costs several times as much with pglz.
            _run(server, "ALTER DATABASE {} SET default_toast_compression = 'lz4'", database)
        _run(server, "REVOKE ALL ON DATABASE {} FROM PUBLIC", database)
        for service in ROLES:
            _run(server, "GRANT CONNECT, TEMPORARY ON DATABASE {} TO {}", database, role_name(database, service))
    with _autocommit(admin(database)) as inside:
        _run(inside, "REVOKE ALL ON SCHEMA public FROM PUBLIC")
        for service in SCHEMAS:
            role = role_name(database, service)
            _run(inside, "CREATE SCHEMA IF NOT EXISTS {} AUTHORIZATION {}", service, role)
            _run(inside, "ALTER ROLE {} SET search_path = {}", role, service)


def migrate(urls: Mapping[str, str], services: Iterable[str] = SCHEMAS) -> list[str]:
    """Bring the schemas to their newest version, each as its own role; return the services that have migrations."""
    done = []
    for service in services:
        scripts = ROOT / "services" / service / "migrations"
        if not (scripts / "env.py").exists():
            continue
        engine = create_engine(urls[service], poolclass=NullPool)
        config = Config()
        config.set_main_option("script_location", str(scripts))
        config.set_main_option("path_separator", "os")
        with engine.begin() as opened:
            # two that migrate at once would both make the first table; the second one waits and finds nothing to do
            opened.exec_driver_sql(
                "SELECT pg_advisory_xact_lock(hashtext('lianxi migrations'), hashtext(%s))", (service,)
            )
            config.attributes.update(connection=opened, schema=service)
            command.upgrade(config, "head")
        done.append(service)
    return done


def open_outboxes(admin: Callable[[str], str], database: str) -> None:
    """Let the relay's role empty the outbox of every schema that has one, and prune what the bus no longer needs."""
    relay = role_name(database, RELAY)
    with _autocommit(admin(database)) as inside:
        for schema in SCHEMAS:
            if _one(inside, "SELECT to_regclass(%s)", f"{schema}.outbox"):
                _run(inside, "GRANT USAGE ON SCHEMA {} TO {}", schema, relay)
                _run(inside, "GRANT SELECT, UPDATE, DELETE ON {}.outbox TO {}", schema, relay)
                _run(inside, "GRANT SELECT, DELETE ON {0}.inbox, {0}.command_result TO {1}", schema, relay)


def _make_role(server: connection, role: str, password: str) -> None:
    verb = "ALTER" if _one(server, "SELECT 1 FROM pg_roles WHERE rolname = %s", role) else "CREATE"
    statement = sql.SQL(f"{verb} ROLE {{}} LOGIN NOINHERIT PASSWORD {{}}")
    with server.cursor() as cursor:
        cursor.execute(statement.format(sql.Identifier(role), sql.Literal(password)))


def _run(server: connection, statement: str, *names: str) -> None:
    with server.cursor() as cursor:
        cursor.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))


def _one(server: connection, query: str, value: str) -> object:
    with server.cursor() as cursor:
        cursor.execute(query, (value,))
        row = cursor.fetchone()
    return row and row[0]


class _autocommit:  # noqa: N801  (reads as what it does: with _autocommit(dsn))
    """A connection that commits each statement, because a database cannot be made inside a transaction."""

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn

    def __enter__(self) -> connection:
        self._opened = psycopg2.connect(self._dsn, connect_timeout=10)
        self._opened.autocommit = True
        return self._opened

    def __exit__(self, *_: object) -> None:
        self._opened.close()
