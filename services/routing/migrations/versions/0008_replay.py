"""What a restored node asks its neighbours for, and what came back and waits for its place."""

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

TABLES = (
    """
CREATE TABLE routing.link_recovery (
    peer text PRIMARY KEY,
    epoch text NOT NULL,
    after bigint NOT NULL,
    begun_at timestamptz NOT NULL,
    asked_at timestamptz,
    finished_at timestamptz,
    frames bigint NOT NULL DEFAULT 0,
    missing bigint NOT NULL DEFAULT 0,
    given_up boolean NOT NULL DEFAULT false
)""",
    """
CREATE TABLE routing.link_recovered (
    kind text NOT NULL,
    key text NOT NULL,
    seq integer NOT NULL DEFAULT 0,
    peer text NOT NULL,
    body text NOT NULL,
    PRIMARY KEY (kind, key, seq)
)""",
)


def upgrade() -> None:
    for statement in TABLES:
        op.execute(statement)


def downgrade() -> None:
    op.execute("DROP TABLE routing.link_recovered")
    op.execute("DROP TABLE routing.link_recovery")
