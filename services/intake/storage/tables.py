"""The tables of intake. A column that ends in `_sealed` holds ciphertext, one that ends in `_hash` a keyed hash."""

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Date,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP

from lianxi.bus.tables import bus_tables

SCHEMA = "intake"
SEALED_FIELDS = (
    "name",
    "id_number",
    "credit_code",
    "phone",
    "email",
    "address",
    "subject",
    "text",
    "query_code",
)
metadata = MetaData(schema=SCHEMA)
bus = bus_tables(metadata)


def _instant(name: str) -> Column[object]:
    return Column(name, TIMESTAMP(timezone=True), nullable=False)


contact = Table(
    "contact",
    metadata,
    Column("number", Text, primary_key=True),
    Column("origin", Text, nullable=False),
    Column("channel", Text, nullable=False),
    _instant("received_at"),
    _instant("entered_at"),
    Column("petitioner_key", Text, nullable=False),
    Column("anonymous", Boolean, nullable=False),
    Column("posted_on", Date),
    Column("persons", Integer, nullable=False),
    Column("representatives", Integer, nullable=False),
    Column("division", Text, nullable=False),
    Column("address_division", Text, nullable=False),
    Column("reception_place", Text, nullable=False),
    Column("recording", Text, nullable=False),
    Column("read_back", Boolean, nullable=False),
    Column("registered_by", JSONB(none_as_null=True)),
    *(Column(f"{field}_sealed", Text) for field in SEALED_FIELDS),
    Column("query_code_hash", Text),
    Column("source", Text),
    Column("source_id", Text),
    Column("source_digest", Text),
    Column("stamp", Text, nullable=False, server_default=""),
    Column("guided_to", Text, nullable=False, server_default=""),
    Column("restricted", Boolean, nullable=False, server_default="false"),
    UniqueConstraint("query_code_hash", name="contact_query_code"),
    UniqueConstraint("source", "source_id", name="contact_source"),
    CheckConstraint("origin IN ('registered', 'taken-over', 'custody')", name="contact_origin"),
    Index("contact_petitioner", "petitioner_key"),
    Index("contact_guided", "number", postgresql_where=text("guided_to <> ''")),
)

party = Table(
    "party",
    metadata,
    Column("number", Text, primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("party_key", Text, nullable=False),
    Column("representative", Boolean, nullable=False),
    Column("person_sealed", Text, nullable=False),
    CheckConstraint("kind IN ('co-signer', 'agent')", name="party_kind"),
    Index("party_key_of_city", "party_key"),
)

claim = Table(
    "claim",
    metadata,
    Column("number", Text, primary_key=True),
    Column("claim", Integer, primary_key=True),
    Column("petition_class", Text),
    Column("category", JSONB, nullable=False),
    Column("text_sealed", Text, nullable=False),
)

addition = Table(
    "addition",
    metadata,
    Column("id", Text, primary_key=True),
    Column("number", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("text_sealed", Text, nullable=False),
    Column("by", Text, nullable=False),
    _instant("at"),
    Index("addition_number", "number"),
)

draft = Table(
    "draft",
    metadata,
    Column("id", Text, primary_key=True),
    Column("code_hash", Text, nullable=False),
    Column("owner", Text, nullable=False),
    Column("content_sealed", Text, nullable=False),
    _instant("changed_at"),
    UniqueConstraint("code_hash", name="draft_code"),
    Index("draft_owner", "owner", "changed_at"),
)

running_number = Table(
    "running_number",
    metadata,
    Column("division", Text, primary_key=True),
    Column("day", Date, primary_key=True),
    Column("channel", Text, primary_key=True),
    Column("before", Integer, nullable=False),
    Column("last", Integer, nullable=False),
)

reject = Table(
    "reject",
    metadata,
    Column("id", Text, primary_key=True),
    Column("fingerprint", Text, nullable=False),
    Column("origin", Text, nullable=False),
    Column("field", Text, nullable=False),
    Column("rule", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("content_sealed", Text, nullable=False),
    Column("times", Integer, nullable=False),
    _instant("first_at"),
    _instant("last_at"),
    Column("source", Text),
    Column("source_id", Text),
    Column("settled_at", TIMESTAMP(timezone=True)),
    Column("number", Text),
    Column("errors", JSONB, nullable=False, server_default="[]"),
    Column("follows", Text),
    Column("stranger", Boolean, nullable=False, server_default="false"),
    Column("sender_key", Text),
    UniqueConstraint("fingerprint", name="reject_fingerprint"),
    Index("reject_last", "last_at"),
    Index("reject_source", "source", "source_id"),
    Index("reject_strangers", "last_at", postgresql_where=text("stranger AND settled_at IS NULL")),
    Index("reject_follows", "follows", postgresql_where=text("follows IS NOT NULL")),
)

SEALED_COLUMNS: tuple[tuple[Table, str, str], ...] = (
    *((contact, f"{field}_sealed", f"contact/{{number}}/{field}") for field in SEALED_FIELDS),
    (party, "person_sealed", "contact/{number}/party/{position}"),
    (claim, "text_sealed", "contact/{number}/claim/{claim}"),
    (addition, "text_sealed", "contact/{number}/addition/{id}"),
    (draft, "content_sealed", "draft/{id}"),
    (reject, "content_sealed", "reject/{fingerprint}"),
)
"""Every sealed column with the place its values are bound to, as a pattern over the columns of its row."""
