"""Runs notify's migrations on the connection it is given, in notify's own schema.

Whoever provisions a node passes the connection in `config.attributes["connection"]`. A lock that is not free within
a few seconds ends the migration instead of holding up a running service.
"""

from alembic import context
from sqlalchemy import Connection, text

from services.notify.storage.tables import SCHEMA, metadata


def run(connection: Connection) -> None:
    """Apply what is missing, in one transaction."""
    if connection.scalar(text("SELECT to_regnamespace(:schema)"), {"schema": SCHEMA}) is None:
        connection.execute(text(f"CREATE SCHEMA {SCHEMA}"))
    connection.execute(text("SET LOCAL lock_timeout = '5s'"))
    connection.execute(text("SET LOCAL statement_timeout = '60s'"))
    context.configure(
        connection=connection,
        target_metadata=metadata,
        version_table="alembic_version",
        version_table_schema=SCHEMA,
        include_schemas=True,
        include_name=lambda name, kind, _parents: kind != "schema" or name == SCHEMA,
        compare_server_default=False,
    )
    with context.begin_transaction():
        context.run_migrations()


run(context.config.attributes["connection"])
