"""Cases that units of other nodes or organs assist are found without looking at all others (R-24-6)."""

from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("CREATE INDEX case_file_assisted ON routing.case_file (state) WHERE snapshot->'assists' <> '[]'::jsonb")


def downgrade() -> None:
    op.execute("DROP INDEX routing.case_file_assisted")
