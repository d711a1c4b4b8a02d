"""What petitioners and superiors asked for while nobody could act: it waits here until custody has settled."""

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

STATEMENTS = (
    """
CREATE TABLE routing.wish (
    wish_id text PRIMARY KEY,
    position bigint GENERATED ALWAYS AS IDENTITY,
    case_no text NOT NULL,
    command_type text NOT NULL,
    command text NOT NULL,
    document_no text NOT NULL,
    role text NOT NULL,
    declared_at timestamptz NOT NULL,
    asked_by text NOT NULL,
    to_node text NOT NULL,
    attempt integer NOT NULL,
    state text NOT NULL,
    settled_at timestamptz,
    code text NOT NULL DEFAULT '',
    reason text NOT NULL DEFAULT ''
)""",
    "CREATE INDEX wish_case ON routing.wish (case_no, position)",
    "CREATE INDEX wish_open ON routing.wish (state, declared_at) WHERE state IN ('waiting', 'sent')",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    op.execute("DROP TABLE routing.wish")
