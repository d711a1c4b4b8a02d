"""The tables of the desk: who works on a case, acts proposed for a decision, relations between cases."""

from dataclasses import dataclass

from sqlalchemy import Column, Index, Integer, MetaData, Table, Text, text
from sqlalchemy.dialects.postgresql import TIMESTAMP


@dataclass(frozen=True, slots=True)
class DeskTables:
    """The tables by name."""

    taking: Table
    proposed: Table
    relation: Table
    parts: Table


def desk_tables(metadata: MetaData) -> DeskTables:
    """Add the tables to `metadata`."""
    return DeskTables(
        # One row per case that somebody works on; expired ones are taken over.
        taking=Table(
            "desk_taking",
            metadata,
            Column("case_no", Text, primary_key=True),
            Column("person", Text, nullable=False),
            Column("role", Text, nullable=False),
            Column("taken_at", TIMESTAMP(timezone=True), nullable=False),
            Column("expires_at", TIMESTAMP(timezone=True), nullable=False),
        ),
        # Acts that a colleague proposed. The command is sealed, because a document's text is in it, and so is what
        # clerks write; `note` and `reason` hold clear words of acts proposed before they were, "" of all others.
        proposed=Table(
            "proposed_act",
            metadata,
            Column("id", Text, primary_key=True),
            Column("case_no", Text, nullable=False),
            Column("command_type", Text, nullable=False),
            Column("command", Text, nullable=False),
            Column("note", Text, nullable=False, server_default=""),
            Column("seq", Integer, nullable=False),
            Column("person", Text, nullable=False),
            Column("role", Text, nullable=False),
            Column("proposed_at", TIMESTAMP(timezone=True), nullable=False),
            Column("state", Text, nullable=False),
            Column("decided_by", Text, nullable=False, server_default=""),
            Column("decided_role", Text, nullable=False, server_default=""),
            Column("decided_at", TIMESTAMP(timezone=True)),
            Column("reason", Text, nullable=False, server_default=""),
            Column("note_sealed", Text, nullable=False, server_default=""),
            Column("reason_sealed", Text, nullable=False, server_default=""),
            Index("proposed_act_case", "case_no"),
            Index("proposed_act_open", "proposed_at", "id", postgresql_where=text("state = 'open'")),
        ),
        # Which case is a part of which, and which was merged into which, at every node that knows both events.
        relation=Table(
            "case_relation",
            metadata,
            Column("case_no", Text, primary_key=True),
            Column("other", Text, primary_key=True),
            Column("kind", Text, primary_key=True),
            Index("case_relation_other", "other"),
        ),
        # The last number given to a part of a split case, by node, day and channel.
        parts=Table(
            "part_counter",
            metadata,
            Column("prefix", Text, primary_key=True),
            Column("last", Integer, nullable=False),
        ),
    )
