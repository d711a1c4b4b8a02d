"""What the portal's schema refused is kept, too: with every fault, whether by a stranger, and the attempt before."""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        """
ALTER TABLE intake.reject
    ADD COLUMN errors jsonb NOT NULL DEFAULT '[]',
    ADD COLUMN follows text,
    ADD COLUMN stranger boolean NOT NULL DEFAULT false"""
    )
    op.execute(
        "CREATE INDEX reject_strangers ON intake.reject (last_at) WHERE stranger AND settled_at IS NULL",
    )


def downgrade() -> None:
    op.execute("DROP INDEX intake.reject_strangers")
    op.execute("ALTER TABLE intake.reject DROP COLUMN errors, DROP COLUMN follows, DROP COLUMN stranger")
