"""The ledger keeps the digest of each history as far as it has read it, as a witness for `lianxi verify`."""

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE supervision.ledger ADD COLUMN head_digest text NOT NULL DEFAULT ''")


def downgrade() -> None:
    op.execute("ALTER TABLE supervision.ledger DROP COLUMN head_digest")
