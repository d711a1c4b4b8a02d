"""What waits for the final reviewer is found by state like every other decision: admitted, in a hearing, decided."""

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

DECIDED = "('S07', 'S08', 'S30', 'S31', 'S32', 'S33', 'S40', 'S41', 'S42', 'S43', 'S50')"
OLD = "('S07', 'S08', 'S30', 'S31', 'S32', 'S33', 'S40', 'S50')"


def upgrade() -> None:
    op.execute("DROP INDEX routing.case_file_decided")
    op.execute(f"CREATE INDEX case_file_decided ON routing.case_file (state, since) WHERE state IN {DECIDED}")


def downgrade() -> None:
    op.execute("DROP INDEX routing.case_file_decided")
    op.execute(f"CREATE INDEX case_file_decided ON routing.case_file (state, since) WHERE state IN {OLD}")
