"""The dispatcher's desk: who works on a case, acts proposed for a decision, parts of split cases, piles."""

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

OPEN_PILES = (
    "('S01', 'S02', 'S03', 'S06', 'S07', 'S08', 'S09', 'S10', 'S14', 'S15', 'S30', 'S31', 'S32', 'S33', 'S40', 'S50')"
)
STATEMENTS = (
    """
CREATE TABLE routing.desk_taking (
    case_no text PRIMARY KEY,
    person text NOT NULL,
    role text NOT NULL,
    taken_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL
)""",
    """
CREATE TABLE routing.proposed_act (
    id text PRIMARY KEY,
    case_no text NOT NULL,
    command_type text NOT NULL,
    command text NOT NULL,
    note text NOT NULL,
    seq integer NOT NULL,
    person text NOT NULL,
    role text NOT NULL,
    proposed_at timestamptz NOT NULL,
    state text NOT NULL,
    decided_by text NOT NULL DEFAULT '',
    decided_role text NOT NULL DEFAULT '',
    decided_at timestamptz,
    reason text NOT NULL DEFAULT ''
)""",
    "CREATE INDEX proposed_act_case ON routing.proposed_act (case_no)",
    "CREATE INDEX proposed_act_open ON routing.proposed_act (proposed_at, id) WHERE state = 'open'",
    """
CREATE TABLE routing.case_relation (
    case_no text NOT NULL,
    other text NOT NULL,
    kind text NOT NULL,
    PRIMARY KEY (case_no, other, kind)
)""",
    "CREATE INDEX case_relation_other ON routing.case_relation (other)",
    "CREATE TABLE routing.part_counter (prefix text PRIMARY KEY, last integer NOT NULL)",
    f"CREATE INDEX case_file_piles ON routing.case_file (state, since) WHERE state IN {OPEN_PILES}",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    op.execute("DROP INDEX routing.case_file_piles")
    for table in ("part_counter", "case_relation", "proposed_act", "desk_taking"):
        op.execute(f"DROP TABLE routing.{table}")
