"""The tables of attachments. Times ending in `next_at`, `touched_at` and the like are real time of the database.

They pace work of machines, which a node's calendar run ahead must not disturb; `added_at` and `at` are the node's time.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKeyConstraint,
    Identity,
    Index,
    Integer,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import TIMESTAMP

from services.intake.storage.tables import metadata


def _text(name: str, *, key: bool = False) -> Column[str]:
    return Column(name, Text, primary_key=key, nullable=False)


def _instant(name: str) -> Column[object]:
    return Column(name, TIMESTAMP(timezone=True), nullable=False)


blob = Table(
    "blob",
    metadata,
    _text("sha256", key=True),
    Column("size", BigInteger, nullable=False),
    _text("media_type"),
    _text("state"),
    _text("source"),
    Column("from_below", Boolean, nullable=False),
    _text("scan"),
    _text("finding"),
    Column("thumbnail", Boolean, nullable=False),
    Column("tries", Integer, nullable=False),
    _instant("next_at"),
    _instant("changed_at"),
    CheckConstraint("state IN ('checking', 'here', 'wanted', 'quarantined', 'erasing')", name="blob_state"),
    Index("blob_due", "next_at", postgresql_where=text("state IN ('checking', 'wanted', 'erasing')")),
)

attachment = Table(
    "attachment",
    metadata,
    _text("id", key=True),
    _text("case_no"),
    _text("sha256"),
    _text("name_sealed"),
    _instant("added_at"),
    _text("added_by"),
    _text("person"),
    _text("node"),
    ForeignKeyConstraint(["sha256"], ["intake.blob.sha256"], name="attachment_blob"),
    UniqueConstraint("case_no", "sha256", name="attachment_once"),
    CheckConstraint("added_by IN ('petitioner', 'officer')", name="attachment_added_by"),
    Index("attachment_sha256", "sha256"),
)

upload = Table(
    "upload",
    metadata,
    _text("id", key=True),
    _text("key_hash"),
    _text("case_no"),
    _text("name_sealed"),
    Column("size", BigInteger, nullable=False),
    _text("sha256"),
    _text("added_by"),
    _text("person"),
    Column("attachment_id", Text),
    _instant("started_at"),
    _instant("touched_at"),
    Index("upload_case", "case_no"),
    Index("upload_touched", "touched_at"),
)

attachment_reading = Table(
    "attachment_reading",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    _text("attachment_id"),
    _text("case_no"),
    _text("sha256"),
    _text("part"),
    _text("person"),
    _text("role"),
    _text("unit"),
    _text("node"),
    _instant("at"),
    Index("attachment_reading_case", "case_no"),
)
