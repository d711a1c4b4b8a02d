"""The last state every node of the subtree told of itself."""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        "CREATE TABLE IF NOT EXISTS supervision.node_snapshot ("
        " node text NOT NULL, process text NOT NULL, taken_at double precision NOT NULL,"
        " received_at double precision NOT NULL, told jsonb NOT NULL, PRIMARY KEY (node, process))"
    )


def downgrade() -> None:
    op.execute("DROP TABLE supervision.node_snapshot")
