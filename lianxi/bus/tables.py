"""The tables that every service has in its own schema beside its business tables.

`bus_tables(metadata)` adds them to a service's metadata, so that its models and its migrations can be compared;
the schema is the metadata's. Times in these tables are real time from the database's own clock: a retry or a prune
must not be moved by a node whose calendar is run ahead.
"""

from dataclasses import dataclass

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP

NOW = text("now()")
EMPTY = text("'{}'::jsonb")


@dataclass(frozen=True, slots=True)
class BusTables:
    """The tables by name."""

    outbox: Table
    inbox: Table
    stream_position: Table
    held: Table
    parked: Table
    command_result: Table


def bus_tables(metadata: MetaData) -> BusTables:
    """Define the bus tables in `metadata` and return them."""
    return BusTables(
        outbox=_outbox(metadata),
        inbox=_inbox(metadata),
        stream_position=_stream_position(metadata),
        held=_held(metadata),
        parked=_parked(metadata),
        command_result=_command_result(metadata),
    )


def _instant(name: str, *, default: bool = False, nullable: bool = True) -> Column[object]:
    return Column(
        name,
        TIMESTAMP(timezone=True),
        nullable=nullable and not default,
        server_default=NOW if default else None,
    )


def _message() -> list[Column[object]]:
    """Return the columns of a message that is kept as it came."""
    return [
        Column("message_id", Text, nullable=False),
        Column("type", Text),
        Column("exchange", Text, nullable=False),
        Column("routing_key", Text, nullable=False),
        Column("headers", JSONB, nullable=False, server_default=EMPTY),
        Column("body", LargeBinary, nullable=False),
    ]


def _outbox(metadata: MetaData) -> Table:
    """What is to be sent; `position` is the order of sending, `unroutable_at` says that no queue wanted it."""
    return Table(
        "outbox",
        metadata,
        Column("position", BigInteger, Identity(always=True), primary_key=True),
        *_message(),
        _instant("created_at", default=True),
        _instant("sent_at"),
        _instant("unroutable_at"),
        Index("outbox_waiting", "position", postgresql_where=text("sent_at IS NULL AND unroutable_at IS NULL")),
        Index("outbox_sent", "sent_at", postgresql_where=text("sent_at IS NOT NULL")),
        Index("outbox_unroutable", "position", postgresql_where=text("unroutable_at IS NOT NULL")),
    )


def _inbox(metadata: MetaData) -> Table:
    """What was seen, per queue."""
    return Table(
        "inbox",
        metadata,
        Column("queue", Text, primary_key=True),
        Column("message_id", Text, primary_key=True),
        _instant("received_at", default=True),
        Index("inbox_received", "received_at", postgresql_using="brin"),
    )


def _stream_position(metadata: MetaData) -> Table:
    """The last number applied of each stream of a queue."""
    return Table(
        "stream_position",
        metadata,
        Column("queue", Text, primary_key=True),
        Column("key", Text, primary_key=True),
        Column("last_seq", BigInteger, nullable=False),
    )


def _held(metadata: MetaData) -> Table:
    """What came early, or waits behind a message that failed."""
    return Table(
        "held",
        metadata,
        Column("queue", Text, primary_key=True),
        Column("key", Text, primary_key=True),
        Column("seq", BigInteger, primary_key=True),
        *_message(),
        Column("starts_stream", Boolean, nullable=False, server_default=text("false")),
        _instant("held_at", default=True),
    )


def _parked(metadata: MetaData) -> Table:
    """What failed: waiting for its next attempt (`retrying`), for a person (`parked`), or given up (`dropped`)."""
    return Table(
        "parked",
        metadata,
        Column("id", BigInteger, Identity(always=True), primary_key=True),
        Column("queue", Text, nullable=False),
        Column("key", Text),
        Column("seq", BigInteger),
        *_message(),
        Column("state", Text, nullable=False),
        Column("attempts", Integer, nullable=False),
        Column("branch", Text, nullable=False),
        Column("error", JSONB, nullable=False),
        _instant("first_at", default=True),
        _instant("last_at", default=True),
        _instant("due_at"),
        _instant("retry_requested_at"),
        _instant("dropped_at"),
        Column("dropped_by", Text),
        Column("dropped_reason", Text),
        Index("parked_stream", "queue", "key", "seq"),
        Index("parked_due", "queue", "due_at", postgresql_where=text("due_at IS NOT NULL")),
    )


def _command_result(metadata: MetaData) -> Table:
    """The answer to each command, kept so that a repeat gets the same one."""
    return Table(
        "command_result",
        metadata,
        Column("command_id", Text, primary_key=True),
        Column("method", Text, nullable=False),
        Column("fingerprint", Text, nullable=False),
        Column("refused", Boolean, nullable=False, server_default=text("false")),
        Column("answer", JSONB),
        _instant("created_at", default=True),
        Index("command_result_created", "created_at", postgresql_using="brin"),
    )
