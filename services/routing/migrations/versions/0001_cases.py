"""Cases, their histories, texts and documents, custody and directives."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP

from lianxi.bus.migration import create_bus_tables

revision = "0001"
down_revision = None
SCHEMA = "routing"


def _instant(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, TIMESTAMP(timezone=True), nullable=nullable)


def upgrade() -> None:
    create_bus_tables(op, SCHEMA)
    op.create_table(
        "case_file",
        sa.Column("case_no", sa.Text, primary_key=True),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("holder", sa.Text, nullable=False),
        sa.Column("unit", sa.Text, nullable=False),
        sa.Column("epoch", sa.Integer, nullable=False),
        sa.Column("seq", sa.Integer, nullable=False),
        sa.Column("head_digest", sa.Text, nullable=False),
        sa.Column("in_transfer", sa.Boolean, nullable=False),
        sa.Column("petitioner_key", sa.Text, nullable=False),
        sa.Column("received_on", sa.Date, nullable=False),
        _instant("since"),
        sa.Column("snapshot", JSONB, nullable=False),
        schema=SCHEMA,
    )
    op.create_index(
        "case_file_waiting",
        "case_file",
        ["holder", "since"],
        schema=SCHEMA,
        postgresql_where=sa.text("state IN ('S01', 'S02')"),
    )
    op.create_index("case_file_petitioner", "case_file", ["petitioner_key", "received_on"], schema=SCHEMA)
    op.create_table(
        "case_event",
        sa.Column("case_no", sa.Text, primary_key=True),
        sa.Column("seq", sa.Integer, primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("major", sa.SmallInteger, nullable=False),
        sa.Column("epoch", sa.Integer, nullable=False),
        sa.Column("node", sa.Text, nullable=False),
        _instant("at"),
        sa.Column("digest", sa.Text, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        schema=SCHEMA,
    )
    _texts_and_documents()
    _custody_and_directives()


def _texts_and_documents() -> None:
    op.create_table(
        "case_text",
        sa.Column("case_no", sa.Text, primary_key=True),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("petitioner_key", sa.Text, nullable=False),
        sa.Column("petitioner_sealed", sa.Text, nullable=False),
        schema=SCHEMA,
    )
    op.create_table(
        "sorting",
        sa.Column("case_no", sa.Text, primary_key=True),
        sa.Column("why", sa.Text, nullable=False),
        sa.Column("proposal", JSONB, nullable=False),
        schema=SCHEMA,
    )
    op.create_table(
        "document",
        sa.Column("case_no", sa.Text, primary_key=True),
        sa.Column("number", sa.Text, primary_key=True),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("digest", sa.Text, nullable=False),
        sa.Column("paper", sa.Text, nullable=False),
        schema=SCHEMA,
    )
    op.create_table(
        "document_counter",
        sa.Column("kind", sa.Text, primary_key=True),
        sa.Column("year", sa.Integer, primary_key=True),
        sa.Column("last", sa.Integer, nullable=False),
        schema=SCHEMA,
    )


def _custody_and_directives() -> None:
    op.create_table(
        "custody_receipt",
        sa.Column("offer_id", sa.Text, primary_key=True),
        sa.Column("direction", sa.Text, nullable=False),
        sa.Column("case_no", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("from_node", sa.Text, nullable=False),
        sa.Column("to_node", sa.Text, nullable=False),
        sa.Column("epoch", sa.Integer, nullable=False),
        sa.Column("head_digest", sa.Text, nullable=False),
        _instant("offered_at"),
        _instant("answered_at", nullable=True),
        sa.Column("accepted", sa.Boolean),
        sa.Column("code", sa.Text, nullable=False, server_default=""),
        schema=SCHEMA,
    )
    op.create_index("custody_receipt_case", "custody_receipt", ["case_no"], schema=SCHEMA)
    op.create_index(
        "custody_receipt_unanswered",
        "custody_receipt",
        ["offered_at"],
        schema=SCHEMA,
        postgresql_where=sa.text("answered_at IS NULL"),
    )
    op.create_table(
        "directive",
        sa.Column("directive_id", sa.Text, primary_key=True),
        sa.Column("direction", sa.Text, nullable=False),
        sa.Column("case_no", sa.Text, nullable=False),
        sa.Column("from_node", sa.Text, nullable=False),
        sa.Column("to_node", sa.Text, nullable=False),
        sa.Column("command_type", sa.Text, nullable=False),
        sa.Column("command", sa.Text, nullable=False),
        _instant("issued_at"),
        _instant("answered_at", nullable=True),
        sa.Column("done", sa.Boolean),
        sa.Column("case_seq", sa.BigInteger),
        sa.Column("code", sa.Text, nullable=False, server_default=""),
        sa.Column("reason", sa.Text, nullable=False, server_default=""),
        schema=SCHEMA,
    )
    op.create_index("directive_case", "directive", ["case_no"], schema=SCHEMA)
