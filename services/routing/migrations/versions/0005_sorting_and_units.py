"""Where clerks overruled the rules, and the dated changes of the directory of organs."""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

TABLES = (
    """
CREATE TABLE routing.overrule (
    case_no text NOT NULL,
    field text NOT NULL,
    proposed text NOT NULL,
    decided text NOT NULL,
    version text NOT NULL,
    words text[] NOT NULL,
    role text NOT NULL,
    person text NOT NULL,
    at timestamptz NOT NULL,
    PRIMARY KEY (case_no, field, at)
)""",
    "CREATE INDEX overrule_at ON routing.overrule (at)",
    """
CREATE TABLE routing.unit_change (
    id bigserial PRIMARY KEY,
    unit text NOT NULL,
    valid_from date NOT NULL,
    valid_to date,
    facts jsonb NOT NULL,
    reason text NOT NULL,
    recorded_by text NOT NULL,
    recorded_at timestamptz NOT NULL,
    CHECK (valid_to IS NULL OR valid_to >= valid_from)
)""",
    "CREATE INDEX unit_change_unit ON routing.unit_change (unit, valid_from)",
)


def upgrade() -> None:
    for statement in TABLES:
        op.execute(statement)


def downgrade() -> None:
    op.execute("DROP TABLE routing.unit_change")
    op.execute("DROP TABLE routing.overrule")
