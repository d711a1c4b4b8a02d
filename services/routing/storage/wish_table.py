"""The table of wishes: what waits until custody has settled, and what became of it."""

from sqlalchemy import BigInteger, Column, Identity, Index, Integer, MetaData, Table, Text, text
from sqlalchemy.dialects.postgresql import TIMESTAMP


def wish_table(metadata: MetaData) -> Table:
    """Add the table to `metadata`. `position` orders the wishes of a case; `command` is sealed, "" once settled."""
    return Table(
        "wish",
        metadata,
        Column("wish_id", Text, primary_key=True),
        Column("position", BigInteger, Identity(always=True), nullable=False),
        Column("case_no", Text, nullable=False),
        Column("command_type", Text, nullable=False),
        Column("command", Text, nullable=False),
        Column("document_no", Text, nullable=False),
        Column("role", Text, nullable=False),
        Column("declared_at", TIMESTAMP(timezone=True), nullable=False),
        Column("asked_by", Text, nullable=False),
        Column("to_node", Text, nullable=False),
        Column("attempt", Integer, nullable=False),
        Column("state", Text, nullable=False),
        Column("settled_at", TIMESTAMP(timezone=True)),
        Column("code", Text, nullable=False, server_default=""),
        Column("reason", Text, nullable=False, server_default=""),
        Index("wish_case", "case_no", "position"),
        Index("wish_open", "state", "declared_at", postgresql_where=text("state IN ('waiting', 'sent')")),
    )
