"""The tables of repeats: who is behind a case, the fingerprints of texts, what was proposed and what clerks decided."""

from dataclasses import dataclass

from sqlalchemy import Boolean, Column, Date, Index, MetaData, SmallInteger, Table, Text, text
from sqlalchemy.dialects.postgresql import ARRAY, BIGINT, JSONB, TIMESTAMP, UUID


@dataclass(frozen=True, slots=True)
class RepeatTables:
    """The tables by name."""

    person: Table
    fingerprint: Table
    search: Table
    proposal: Table


def repeat_tables(metadata: MetaData) -> RepeatTables:
    """Add the tables to `metadata`."""
    return RepeatTables(
        # One row per person and case, of every case this node knows; `person` is a digest of a keyed hash.
        person=Table(
            "case_person",
            metadata,
            Column("person", UUID(as_uuid=False), primary_key=True),
            Column("case_no", Text, primary_key=True),
            Column("kind", Text, nullable=False),
            Column("received_on", Date, nullable=False),
        ),
        # Where this node has the text of a case: its bands, by which near-copies are found.
        fingerprint=Table(
            "case_fingerprint",
            metadata,
            Column("case_no", Text, primary_key=True),
            Column("bands", ARRAY(BIGINT), nullable=False),
            Index("case_fingerprint_bands", "bands", postgresql_using="gin", postgresql_with={"fastupdate": "off"}),
        ),
        # A contact that waits for a clerk's decision, and the question to the city.
        search=Table(
            "repeat_search",
            metadata,
            Column("case_no", Text, primary_key=True),
            Column("contact", JSONB(none_as_null=True)),
            Column("asked_of", Text, nullable=False, server_default=""),
            Column("asked_at", TIMESTAMP(timezone=True)),
            Column("answered_at", TIMESTAMP(timezone=True)),
        ),
        proposal=Table(
            "repeat_proposal",
            metadata,
            Column("case_no", Text, primary_key=True),
            Column("earlier", Text, primary_key=True),
            Column("same_person", Boolean, nullable=False),
            Column("score", SmallInteger, nullable=False),
            Column("reasons", JSONB, nullable=False),
            Column("state", Text, nullable=False),
            Column("holder", Text, nullable=False),
            Column("sealed", Boolean, nullable=False),
            Column("told_by", Text, nullable=False),
            Column("proposed_at", TIMESTAMP(timezone=True), nullable=False),
            Column("verdict", Text),
            Column("decided_by", Text, nullable=False, server_default=""),
            Column("decided_role", Text, nullable=False, server_default=""),
            Column("decided_at", TIMESTAMP(timezone=True)),
            Column("note", Text, nullable=False, server_default=""),
            Column("outcome", Text, nullable=False, server_default=""),
            Index("repeat_proposal_earlier", "earlier"),
            Index("repeat_proposal_open", "proposed_at", postgresql_where=text("verdict IS NULL")),
        ),
    )
