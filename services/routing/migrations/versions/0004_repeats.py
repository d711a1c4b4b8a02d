"""Who is behind a case, the fingerprints of texts, and what was proposed and decided about repeats.

Cases that are known already get their person from the petitioner's key.
"""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

TABLES = (
    """
CREATE TABLE routing.case_person (
    person uuid NOT NULL,
    case_no text NOT NULL,
    kind text NOT NULL,
    received_on date NOT NULL,
    PRIMARY KEY (person, case_no)
)""",
    """
CREATE TABLE routing.case_fingerprint (
    case_no text PRIMARY KEY,
    bands bigint[] NOT NULL
)""",
    "CREATE INDEX case_fingerprint_bands ON routing.case_fingerprint USING gin (bands) WITH (fastupdate = off)",
    """
CREATE TABLE routing.repeat_search (
    case_no text PRIMARY KEY,
    contact jsonb,
    asked_of text NOT NULL DEFAULT '',
    asked_at timestamptz,
    answered_at timestamptz
)""",
    """
CREATE TABLE routing.repeat_proposal (
    case_no text NOT NULL,
    earlier text NOT NULL,
    same_person boolean NOT NULL,
    score smallint NOT NULL,
    reasons jsonb NOT NULL,
    state text NOT NULL,
    holder text NOT NULL,
    sealed boolean NOT NULL,
    told_by text NOT NULL,
    proposed_at timestamptz NOT NULL,
    verdict text,
    decided_by text NOT NULL DEFAULT '',
    decided_role text NOT NULL DEFAULT '',
    decided_at timestamptz,
    note text NOT NULL DEFAULT '',
    outcome text NOT NULL DEFAULT '',
    PRIMARY KEY (case_no, earlier)
)""",
    "CREATE INDEX repeat_proposal_earlier ON routing.repeat_proposal (earlier)",
    "CREATE INDEX repeat_proposal_open ON routing.repeat_proposal (proposed_at) WHERE verdict IS NULL",
    """
INSERT INTO routing.case_person (person, case_no, kind, received_on)
SELECT encode(substring(sha256(convert_to(petitioner_key, 'UTF8')) FROM 1 FOR 16), 'hex')::uuid,
       case_no, '', received_on
FROM routing.case_file WHERE petitioner_key <> ''""",
)


def upgrade() -> None:
    for statement in TABLES:
        op.execute(statement)


def downgrade() -> None:
    for table in ("repeat_proposal", "repeat_search", "case_fingerprint", "case_person"):
        op.execute(f"DROP TABLE routing.{table}")
