"""Which nodes below have joined and left, as a book of changes: a row is added and never altered."""

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

TABLE = """
CREATE TABLE routing.member_change (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    node text NOT NULL,
    parent text NOT NULL,
    standing text NOT NULL,
    since date NOT NULL,
    recorded_by text NOT NULL,
    recorded_at timestamptz NOT NULL
)"""


def upgrade() -> None:
    op.execute(TABLE)


def downgrade() -> None:
    op.execute("DROP TABLE routing.member_change")
