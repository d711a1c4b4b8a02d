"""A hearing in a final review keeps its clock standing still, and its days do not count (D-14)."""

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE supervision.clock ADD COLUMN hearings text NOT NULL DEFAULT '', ADD COLUMN paused_on date")


def downgrade() -> None:
    op.execute("ALTER TABLE supervision.clock DROP COLUMN hearings, DROP COLUMN paused_on")
