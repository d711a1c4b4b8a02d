"""The table of members: one row per change of which nodes below take part, never altered."""

from sqlalchemy import BigInteger, Column, Date, Identity, MetaData, Table, Text
from sqlalchemy.dialects.postgresql import TIMESTAMP


def member_table(metadata: MetaData) -> Table:
    """Define the table in `metadata` and return it."""
    return Table(
        "member_change",
        metadata,
        Column("id", BigInteger, Identity(always=True), primary_key=True),
        Column("node", Text, nullable=False),
        Column("parent", Text, nullable=False),
        Column("standing", Text, nullable=False),
        Column("since", Date, nullable=False),
        Column("recorded_by", Text, nullable=False),
        Column("recorded_at", TIMESTAMP(timezone=True), nullable=False),
    )
