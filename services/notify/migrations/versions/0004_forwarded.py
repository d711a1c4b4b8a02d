"""To which organ a case was last sent, and when: so that a petitioner is not told the same thing by two desks."""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE notify.case_standing ADD COLUMN forwarded text NOT NULL DEFAULT ''")


def downgrade() -> None:
    op.execute("ALTER TABLE notify.case_standing DROP COLUMN forwarded")
