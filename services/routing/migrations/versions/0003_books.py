"""Comparisons of the books with the nodes below."""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

TABLES = (
    """
CREATE TABLE routing.book_comparison (
    id text PRIMARY KEY,
    child text NOT NULL,
    state text NOT NULL,
    cases bigint NOT NULL DEFAULT 0,
    suspects jsonb NOT NULL DEFAULT '[]'::jsonb,
    found jsonb NOT NULL DEFAULT '[]'::jsonb,
    begun_at timestamptz NOT NULL,
    finished_at timestamptz
)""",
    """
CREATE TABLE routing.book_part (
    comparison text NOT NULL,
    round_number integer NOT NULL,
    part integer NOT NULL,
    entries jsonb NOT NULL,
    PRIMARY KEY (comparison, round_number, part)
)""",
)


def upgrade() -> None:
    for statement in TABLES:
        op.execute(statement)


def downgrade() -> None:
    op.execute("DROP TABLE routing.book_part")
    op.execute("DROP TABLE routing.book_comparison")
