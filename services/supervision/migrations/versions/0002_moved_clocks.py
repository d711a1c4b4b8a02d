"""Clocks that a loaded calendar has moved, with their days before and after."""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        """
CREATE TABLE supervision.clock_move (
    calendar_version text NOT NULL,
    case_no text NOT NULL,
    code text NOT NULL,
    instance smallint NOT NULL,
    round_number smallint NOT NULL,
    node text NOT NULL,
    unit text NOT NULL DEFAULT '',
    before jsonb NOT NULL,
    after jsonb NOT NULL,
    moved_at timestamptz NOT NULL,
    PRIMARY KEY (calendar_version, case_no, code, instance)
)"""
    )


def downgrade() -> None:
    op.execute("DROP TABLE supervision.clock_move")
