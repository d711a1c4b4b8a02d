"""Piles are found by holder, and what is decided for others by state: copies of cases held below are not looked at."""

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

HELD = "('S01', 'S02', 'S03', 'S06', 'S09', 'S10', 'S14', 'S15')"
DECIDED = "('S07', 'S08', 'S30', 'S31', 'S32', 'S33', 'S40', 'S50')"
OLD = "('S01', 'S02', 'S03', 'S06', 'S07', 'S08', 'S09', 'S10', 'S14', 'S15', 'S30', 'S31', 'S32', 'S33', 'S40', 'S50')"


def upgrade() -> None:
    op.execute("DROP INDEX routing.case_file_piles")
    op.execute(f"CREATE INDEX case_file_held ON routing.case_file (holder, state, since) WHERE state IN {HELD}")
    op.execute(f"CREATE INDEX case_file_decided ON routing.case_file (state, since) WHERE state IN {DECIDED}")


def downgrade() -> None:
    op.execute("DROP INDEX routing.case_file_decided")
    op.execute("DROP INDEX routing.case_file_held")
    op.execute(f"CREATE INDEX case_file_piles ON routing.case_file (state, since) WHERE state IN {OLD}")
