"""Co-signers, agents and claims of a contact, what petitioners bring later, drafts, and rejects that get settled."""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

UP = (
    "ALTER TABLE intake.contact ADD COLUMN stamp text NOT NULL DEFAULT ''",
    "ALTER TABLE intake.contact ADD COLUMN guided_to text NOT NULL DEFAULT ''",
    "ALTER TABLE intake.contact ADD COLUMN restricted boolean NOT NULL DEFAULT false",
    """
CREATE TABLE intake.party (
    number text NOT NULL,
    position integer NOT NULL,
    kind text NOT NULL CONSTRAINT party_kind CHECK (kind IN ('co-signer', 'agent')),
    party_key text NOT NULL,
    representative boolean NOT NULL,
    person_sealed text NOT NULL,
    PRIMARY KEY (number, position)
)""",
    "CREATE INDEX party_key_of_city ON intake.party (party_key)",
    """
CREATE TABLE intake.claim (
    number text NOT NULL,
    claim integer NOT NULL,
    petition_class text,
    category jsonb NOT NULL,
    text_sealed text NOT NULL,
    PRIMARY KEY (number, claim)
)""",
    """
CREATE TABLE intake.addition (
    id text PRIMARY KEY,
    number text NOT NULL,
    kind text NOT NULL,
    text_sealed text NOT NULL,
    by text NOT NULL,
    at timestamptz NOT NULL
)""",
    "CREATE INDEX addition_number ON intake.addition (number)",
    """
CREATE TABLE intake.draft (
    id text PRIMARY KEY,
    code_hash text NOT NULL CONSTRAINT draft_code UNIQUE,
    owner text NOT NULL,
    content_sealed text NOT NULL,
    changed_at timestamptz NOT NULL
)""",
    "CREATE INDEX draft_owner ON intake.draft (owner, changed_at)",
    "ALTER TABLE intake.reject ADD COLUMN source text, ADD COLUMN source_id text",
    "ALTER TABLE intake.reject ADD COLUMN settled_at timestamptz, ADD COLUMN number text",
    "CREATE INDEX reject_source ON intake.reject (source, source_id)",
)
DOWN = (
    "DROP INDEX intake.reject_source",
    "ALTER TABLE intake.reject DROP COLUMN source, DROP COLUMN source_id, DROP COLUMN settled_at, DROP COLUMN number",
    "DROP TABLE intake.draft, intake.addition, intake.claim, intake.party",
    "ALTER TABLE intake.contact DROP COLUMN stamp, DROP COLUMN guided_to, DROP COLUMN restricted",
)


def upgrade() -> None:
    for statement in UP:
        op.execute(statement)


def downgrade() -> None:
    for statement in DOWN:
        op.execute(statement)
