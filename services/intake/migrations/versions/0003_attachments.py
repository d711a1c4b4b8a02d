"""Files of cases: what is kept, in which case, on its way in, and who looked."""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

TABLES = ("attachment_reading", "upload", "attachment", "blob")

VERSION = (
    """
CREATE TABLE intake.blob (
    sha256 text PRIMARY KEY,
    size bigint NOT NULL,
    media_type text NOT NULL,
    state text NOT NULL
        CONSTRAINT blob_state CHECK (state IN ('checking', 'here', 'wanted', 'quarantined', 'erasing')),
    source text NOT NULL,
    from_below boolean NOT NULL,
    scan text NOT NULL,
    finding text NOT NULL,
    thumbnail boolean NOT NULL,
    tries integer NOT NULL,
    next_at timestamptz NOT NULL,
    changed_at timestamptz NOT NULL
)""",
    "CREATE INDEX blob_due ON intake.blob (next_at) WHERE state IN ('checking', 'wanted', 'erasing')",
    """
CREATE TABLE intake.attachment (
    id text PRIMARY KEY,
    case_no text NOT NULL,
    sha256 text NOT NULL CONSTRAINT attachment_blob REFERENCES intake.blob (sha256),
    name_sealed text NOT NULL,
    added_at timestamptz NOT NULL,
    added_by text NOT NULL CONSTRAINT attachment_added_by CHECK (added_by IN ('petitioner', 'officer')),
    person text NOT NULL,
    node text NOT NULL,
    CONSTRAINT attachment_once UNIQUE (case_no, sha256)
)""",
    "CREATE INDEX attachment_sha256 ON intake.attachment (sha256)",
    """
CREATE TABLE intake.upload (
    id text PRIMARY KEY,
    key_hash text NOT NULL,
    case_no text NOT NULL,
    name_sealed text NOT NULL,
    size bigint NOT NULL,
    sha256 text NOT NULL,
    added_by text NOT NULL,
    person text NOT NULL,
    attachment_id text,
    started_at timestamptz NOT NULL,
    touched_at timestamptz NOT NULL
)""",
    "CREATE INDEX upload_case ON intake.upload (case_no)",
    "CREATE INDEX upload_touched ON intake.upload (touched_at)",
    """
CREATE TABLE intake.attachment_reading (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    attachment_id text NOT NULL,
    case_no text NOT NULL,
    sha256 text NOT NULL,
    part text NOT NULL,
    person text NOT NULL,
    role text NOT NULL,
    unit text NOT NULL,
    node text NOT NULL,
    at timestamptz NOT NULL
)""",
    "CREATE INDEX attachment_reading_case ON intake.attachment_reading (case_no)",
)


def upgrade() -> None:
    for statement in VERSION:
        op.execute(statement)


def downgrade() -> None:
    for table in TABLES:
        op.execute(f"DROP TABLE intake.{table}")
