"""Changes of organs go over the links: each has an identity everywhere, and how far each neighbour was told."""

from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
ALTER TABLE routing.unit_change
    ADD COLUMN uid text NOT NULL DEFAULT gen_random_uuid()::text,
    ADD COLUMN came_from text NOT NULL DEFAULT ''
""")
    op.execute("CREATE UNIQUE INDEX unit_change_uid ON routing.unit_change (uid)")
    op.execute("""
CREATE TABLE routing.unit_change_told (
    peer text PRIMARY KEY,
    last bigint NOT NULL
)
""")


def downgrade() -> None:
    op.execute("DROP TABLE routing.unit_change_told")
    op.execute("ALTER TABLE routing.unit_change DROP COLUMN uid, DROP COLUMN came_from")
