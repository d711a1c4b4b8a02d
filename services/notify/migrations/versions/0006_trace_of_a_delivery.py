"""The trace to which a delivery belongs, so that a timer which sends it later goes on with it."""

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE notify.delivery ADD COLUMN trace text NOT NULL DEFAULT ''")


def downgrade() -> None:
    op.execute("ALTER TABLE notify.delivery DROP COLUMN trace")
