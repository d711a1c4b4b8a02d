"""An index over which attempt follows which: the list shows the newest, and whichever settles it finds the earlier."""

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("CREATE INDEX reject_follows ON intake.reject (follows) WHERE follows IS NOT NULL")


def downgrade() -> None:
    op.execute("DROP INDEX intake.reject_follows")
