"""Visits that were guided elsewhere are listed; they are few among many contacts and have an index of their own."""

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("CREATE INDEX contact_guided ON intake.contact (number) WHERE guided_to <> ''")


def downgrade() -> None:
    op.execute("DROP INDEX intake.contact_guided")
