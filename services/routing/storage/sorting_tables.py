"""The tables beside the sorting desk: where clerks overruled it, changes of the directory of organs, rules in use."""

from typing import NamedTuple

from sqlalchemy import ARRAY, BigInteger, CheckConstraint, Column, Date, Index, MetaData, Table, Text, text
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP


class SortingTables(NamedTuple):
    """The tables. What was recorded is never updated; only how far each neighbour was told moves on."""

    overrule: Table
    unit_change: Table
    unit_change_told: Table
    rule_version: Table
    rule_use: Table


def sorting_tables(metadata: MetaData) -> SortingTables:
    """Add the tables to `metadata`."""
    return SortingTables(
        overrule=Table(
            "overrule",
            metadata,
            Column("case_no", Text, primary_key=True),
            Column("field", Text, primary_key=True),
            Column("proposed", Text, nullable=False),
            Column("decided", Text, nullable=False),
            Column("version", Text, nullable=False),
            Column("words", ARRAY(Text), nullable=False),
            Column("role", Text, nullable=False),
            Column("person", Text, nullable=False),
            Column("at", TIMESTAMP(timezone=True), primary_key=True),
            Index("overrule_at", "at"),
        ),
        unit_change=Table(
            "unit_change",
            metadata,
            Column("id", BigInteger, primary_key=True, autoincrement=True),
            Column("unit", Text, nullable=False),
            Column("valid_from", Date, nullable=False),
            Column("valid_to", Date),
            Column("facts", JSONB, nullable=False),
            Column("reason", Text, nullable=False),
            Column("recorded_by", Text, nullable=False),
            Column("recorded_at", TIMESTAMP(timezone=True), nullable=False),
            Column("uid", Text, nullable=False, server_default=text("gen_random_uuid()::text")),
            Column("came_from", Text, nullable=False, server_default=""),
            CheckConstraint("valid_to IS NULL OR valid_to >= valid_from"),
            Index("unit_change_unit", "unit", "valid_from"),
            Index("unit_change_uid", "uid", unique=True),
        ),
        unit_change_told=Table(
            "unit_change_told",
            metadata,
            Column("peer", Text, primary_key=True),
            Column("last", BigInteger, nullable=False),
        ),
        rule_version=Table(
            "rule_version",
            metadata,
            Column("digest", Text, primary_key=True),
            Column("version", Text, nullable=False),
            Column("files", JSONB, nullable=False),
        ),
        rule_use=Table(
            "rule_use",
            metadata,
            Column("number", BigInteger, primary_key=True, autoincrement=True),
            Column("digest", Text, nullable=False),
            Column("since", TIMESTAMP(timezone=True), nullable=False),
        ),
    )
