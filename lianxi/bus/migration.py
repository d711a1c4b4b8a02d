"""The bus tables for a service's first migration: `create_bus_tables(op, schema)` and its reverse.

They are written down here as the first version was, apart from `tables`: a migration that has run must not change
when the models do. Later changes get a function of their own, called from a later migration of each service.
"""

from typing import Any

from sqlalchemy import text

_TABLES = ("command_result", "parked", "held", "stream_position", "inbox", "outbox")

_MESSAGE = """
    message_id text NOT NULL,
    type text,
    exchange text NOT NULL,
    routing_key text NOT NULL,
    headers jsonb NOT NULL DEFAULT '{}'::jsonb,
    body bytea NOT NULL,"""

_VERSION_1 = (
    f"""
CREATE TABLE {{schema}}.outbox (
    position bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,{_MESSAGE}
    created_at timestamptz NOT NULL DEFAULT now(),
    sent_at timestamptz,
    unroutable_at timestamptz
)""",
    "CREATE INDEX outbox_waiting ON {schema}.outbox (position) WHERE sent_at IS NULL AND unroutable_at IS NULL",
    "CREATE INDEX outbox_sent ON {schema}.outbox (sent_at) WHERE sent_at IS NOT NULL",
    "CREATE INDEX outbox_unroutable ON {schema}.outbox (position) WHERE unroutable_at IS NOT NULL",
    """
CREATE TABLE {schema}.inbox (
    queue text NOT NULL,
    message_id text NOT NULL,
    received_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (queue, message_id)
)""",
    "CREATE INDEX inbox_received ON {schema}.inbox USING brin (received_at)",
    """
CREATE TABLE {schema}.stream_position (
    queue text NOT NULL,
    key text NOT NULL,
    last_seq bigint NOT NULL,
    PRIMARY KEY (queue, key)
)""",
    f"""
CREATE TABLE {{schema}}.held (
    queue text NOT NULL,
    key text NOT NULL,
    seq bigint NOT NULL,{_MESSAGE}
    starts_stream boolean NOT NULL DEFAULT false,
    held_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (queue, key, seq)
)""",
    f"""
CREATE TABLE {{schema}}.parked (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    queue text NOT NULL,
    key text,
    seq bigint,{_MESSAGE}
    state text NOT NULL,
    attempts integer NOT NULL,
    branch text NOT NULL,
    error jsonb NOT NULL,
    first_at timestamptz NOT NULL DEFAULT now(),
    last_at timestamptz NOT NULL DEFAULT now(),
    due_at timestamptz,
    retry_requested_at timestamptz,
    dropped_at timestamptz,
    dropped_by text,
    dropped_reason text
)""",
    "CREATE INDEX parked_stream ON {schema}.parked (queue, key, seq)",
    "CREATE INDEX parked_due ON {schema}.parked (queue, due_at) WHERE due_at IS NOT NULL",
    """
CREATE TABLE {schema}.command_result (
    command_id text PRIMARY KEY,
    method text NOT NULL,
    fingerprint text NOT NULL,
    refused boolean NOT NULL DEFAULT false,
    answer jsonb,
    created_at timestamptz NOT NULL DEFAULT now()
)""",
    "CREATE INDEX command_result_created ON {schema}.command_result USING brin (created_at)",
)


def _run(op: Any, statement: str) -> None:
    # text() reads ":name" as a parameter and "::" as a cast; there are only casts here
    op.execute(text(statement))


def create_bus_tables(op: Any, schema: str) -> None:
    """Create the first version of the bus tables in `schema`, which must exist; `op` is Alembic's or a connection."""
    for statement in _VERSION_1:
        _run(op, statement.replace("{schema}", schema))


def drop_bus_tables(op: Any, schema: str) -> None:
    """Remove what `create_bus_tables` made."""
    for table in _TABLES:
        _run(op, f"DROP TABLE {schema}.{table}")
