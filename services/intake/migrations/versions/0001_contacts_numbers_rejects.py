"""Contacts, running numbers, unmaskings, refused input, and the first version of the bus tables."""

from alembic import op

from lianxi.bus.migration import create_bus_tables, drop_bus_tables

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

TABLES = ("reject", "unmasking", "running_number", "contact")

VERSION_1 = (
    """
CREATE TABLE intake.contact (
    number text PRIMARY KEY,
    origin text NOT NULL CONSTRAINT contact_origin CHECK (origin IN ('registered', 'taken-over', 'custody')),
    channel text NOT NULL,
    received_at timestamptz NOT NULL,
    entered_at timestamptz NOT NULL,
    petitioner_key text NOT NULL,
    anonymous boolean NOT NULL,
    posted_on date,
    persons integer NOT NULL,
    representatives integer NOT NULL,
    division text NOT NULL,
    address_division text NOT NULL,
    reception_place text NOT NULL,
    recording text NOT NULL,
    read_back boolean NOT NULL,
    registered_by jsonb,
    name_sealed text,
    id_number_sealed text,
    credit_code_sealed text,
    phone_sealed text,
    email_sealed text,
    address_sealed text,
    subject_sealed text,
    text_sealed text,
    query_code_sealed text,
    query_code_hash text CONSTRAINT contact_query_code UNIQUE,
    source text,
    source_id text,
    source_digest text,
    CONSTRAINT contact_source UNIQUE (source, source_id)
)""",
    "CREATE INDEX contact_petitioner ON intake.contact (petitioner_key)",
    """
CREATE TABLE intake.running_number (
    division text NOT NULL,
    day date NOT NULL,
    channel text NOT NULL,
    before integer NOT NULL,
    last integer NOT NULL,
    PRIMARY KEY (division, day, channel)
)""",
    """
CREATE TABLE intake.unmasking (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    number text NOT NULL,
    person text NOT NULL,
    role text NOT NULL,
    unit text NOT NULL,
    node text NOT NULL,
    reason text NOT NULL,
    at timestamptz NOT NULL
)""",
    "CREATE INDEX unmasking_number ON intake.unmasking (number)",
    """
CREATE TABLE intake.reject (
    id text PRIMARY KEY,
    fingerprint text NOT NULL CONSTRAINT reject_fingerprint UNIQUE,
    origin text NOT NULL,
    field text NOT NULL,
    rule text NOT NULL,
    reason text NOT NULL,
    content_sealed text NOT NULL,
    times integer NOT NULL,
    first_at timestamptz NOT NULL,
    last_at timestamptz NOT NULL
)""",
    "CREATE INDEX reject_last ON intake.reject (last_at)",
)


def upgrade() -> None:
    for statement in VERSION_1:
        op.execute(statement)
    create_bus_tables(op, "intake")


def downgrade() -> None:
    drop_bus_tables(op, "intake")
    for table in TABLES:
        op.execute(f"DROP TABLE intake.{table}")
