"""The ledger remembers since when a case is with its holder, so that the time at each level can be measured."""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE supervision.ledger ADD COLUMN IF NOT EXISTS held_since timestamptz")


def downgrade() -> None:
    op.execute("ALTER TABLE supervision.ledger DROP COLUMN held_since")
