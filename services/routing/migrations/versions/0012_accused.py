"""Accusations are found by the organs they accuse: an anonymous one is compared with those (PR-3)."""

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        "CREATE INDEX sorting_accused ON routing.sorting USING gin ((proposal->'accused'))"
        " WHERE proposal->'sealed' = 'true'::jsonb"
    )


def downgrade() -> None:
    op.execute("DROP INDEX routing.sorting_accused")
