"""The tables beside the sorting desk: where clerks overruled it, and the dated changes of the directory of organs."""

from typing import NamedTuple

from sqlalchemy import ARRAY, BigInteger, CheckConstraint, Column, Date, Index, MetaData, Table, Text
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP


class SortingTables(NamedTuple):
    """Both tables; neither is ever updated."""

    overrule: Table
    unit_change: Table


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
            CheckConstraint("valid_to IS NULL OR valid_to >= valid_from"),
            Index("unit_change_unit", "unit", "valid_from"),
        ),
    )
