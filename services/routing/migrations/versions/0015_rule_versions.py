"""Every version of the rules that a node used is kept: what its files said, once, and since when it was in use."""

from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
CREATE TABLE routing.rule_version (
    digest text PRIMARY KEY,
    version text NOT NULL,
    files jsonb NOT NULL
)
""")
    op.execute("""
CREATE TABLE routing.rule_use (
    number bigserial PRIMARY KEY,
    digest text NOT NULL,
    since timestamptz NOT NULL
)
""")


def downgrade() -> None:
    op.execute("DROP TABLE routing.rule_use")
    op.execute("DROP TABLE routing.rule_version")
