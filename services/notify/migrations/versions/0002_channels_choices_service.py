"""Channels beside mail and inbox: attempts, receipts, letters; choices; service of documents; digests."""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

TABLES = ("service_of_document", "letter", "receipt", "dead_address", "attempt", "choice")
COLUMNS = (
    ("others", "text NOT NULL DEFAULT ''"),
    ("urgent", "boolean NOT NULL DEFAULT false"),
    ("language", "text NOT NULL DEFAULT ''"),
    ("provider", "text NOT NULL DEFAULT ''"),
    ("receipt", "text NOT NULL DEFAULT ''"),
    ("gather_at", "timestamptz"),
    ("digest_id", "text NOT NULL DEFAULT ''"),
)
INDEXES = (
    "CREATE INDEX delivery_receipt ON notify.delivery (provider, receipt) WHERE receipt <> ''",
    "CREATE INDEX delivery_letter ON notify.delivery (position) WHERE channel = 'letter'",
    "CREATE INDEX delivery_gathered ON notify.delivery (gather_at) WHERE gather_at IS NOT NULL",
    "CREATE INDEX delivery_digest ON notify.delivery (digest_id, position) WHERE digest_id <> ''",
    "CREATE INDEX delivery_recent ON notify.delivery (role, unit, happened_at) WHERE channel = 'inbox'",
)
VERSION_2 = (
    """
CREATE TABLE notify.choice (
    case_no text NOT NULL,
    channels text NOT NULL,
    language text NOT NULL,
    electronic boolean NOT NULL,
    chosen_by text NOT NULL,
    chosen_at timestamptz NOT NULL,
    PRIMARY KEY (case_no)
)""",
    """
CREATE TABLE notify.attempt (
    delivery_id text NOT NULL,
    number bigint GENERATED ALWAYS AS IDENTITY NOT NULL,
    at timestamptz NOT NULL,
    channel text NOT NULL,
    provider text NOT NULL,
    fate text NOT NULL,
    reason text NOT NULL,
    addressee text NOT NULL,
    PRIMARY KEY (delivery_id, number)
)""",
    "CREATE INDEX attempt_addressee ON notify.attempt (addressee, at) WHERE fate = 'sent'",
    """
CREATE TABLE notify.dead_address (
    addressee text NOT NULL,
    channel text NOT NULL,
    reason text NOT NULL,
    since timestamptz NOT NULL,
    PRIMARY KEY (addressee)
)""",
    """
CREATE TABLE notify.receipt (
    provider text NOT NULL,
    receipt text NOT NULL,
    arrived boolean NOT NULL,
    at timestamptz NOT NULL,
    PRIMARY KEY (provider, receipt, arrived)
)""",
    """
CREATE TABLE notify.letter (
    delivery_id text NOT NULL,
    printed_at timestamptz,
    printed_by text NOT NULL DEFAULT '',
    posted_on date,
    tracking_no text NOT NULL DEFAULT '',
    arrived_on date,
    returned_on date,
    note text NOT NULL DEFAULT '',
    PRIMARY KEY (delivery_id)
)""",
    """
CREATE TABLE notify.service_of_document (
    case_no text NOT NULL,
    number text NOT NULL,
    kind text NOT NULL,
    issued_on date NOT NULL,
    state text NOT NULL,
    method text NOT NULL,
    began_on date,
    tracking_no text NOT NULL,
    served_on date,
    proof text NOT NULL,
    note text NOT NULL,
    changed_by text NOT NULL,
    changed_at timestamptz,
    PRIMARY KEY (case_no, number)
)""",
    "CREATE INDEX service_open ON notify.service_of_document (issued_on, case_no, number) WHERE state <> 'served'",
)


def upgrade() -> None:
    for name, described in COLUMNS:
        op.execute(f"ALTER TABLE notify.delivery ADD COLUMN {name} {described}")
    for statement in (*INDEXES, *VERSION_2):
        op.execute(statement)


def downgrade() -> None:
    for table in TABLES:
        op.execute(f"DROP TABLE notify.{table}")
    for name, _ in COLUMNS:
        op.execute(f"ALTER TABLE notify.delivery DROP COLUMN {name}")
