"""How often a gateway was asked for the receipt of a message, and when it is asked again."""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE notify.delivery ADD COLUMN asked integer NOT NULL DEFAULT 0, ADD COLUMN ask_at timestamptz")
    op.execute(
        "CREATE INDEX delivery_unconfirmed ON notify.delivery (provider, settled_at)"
        " WHERE state = 'sent' AND receipt <> '' AND reason <> 'no-receipt'"
    )


def downgrade() -> None:
    op.execute("DROP INDEX notify.delivery_unconfirmed")
    op.execute("ALTER TABLE notify.delivery DROP COLUMN asked, DROP COLUMN ask_at")
