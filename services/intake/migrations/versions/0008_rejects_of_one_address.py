"""From which address a stranger's refused input came, as a keyed hash: one address cannot use up everybody's room."""

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE intake.reject ADD COLUMN sender_key text")


def downgrade() -> None:
    op.execute("ALTER TABLE intake.reject DROP COLUMN sender_key")
