"""The ledger remembers which case a case repeats and how the petitioner rated, for the indices K-5 to K-10."""

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        "ALTER TABLE supervision.ledger"
        " ADD COLUMN repeat_of text NOT NULL DEFAULT '',"
        " ADD COLUMN unit_rated_on date, ADD COLUMN unit_rating text NOT NULL DEFAULT '',"
        " ADD COLUMN department_rated_on date, ADD COLUMN department_rating text NOT NULL DEFAULT ''"
    )
    op.execute("UPDATE supervision.ledger SET repeat_of = merged_into WHERE merged_into <> ''")
    op.execute("CREATE INDEX ledger_repeat_of ON supervision.ledger (repeat_of) WHERE repeat_of <> ''")
    op.execute("CREATE INDEX ledger_unit_rated ON supervision.ledger (unit_rated_on) WHERE unit_rated_on IS NOT NULL")
    op.execute(
        "CREATE INDEX ledger_department_rated ON supervision.ledger (department_rated_on)"
        " WHERE department_rated_on IS NOT NULL"
    )
    op.execute("CREATE INDEX ledger_concluded ON supervision.ledger (concluded_on) WHERE concluded_on IS NOT NULL")


def downgrade() -> None:
    op.execute(
        "ALTER TABLE supervision.ledger DROP COLUMN repeat_of, DROP COLUMN unit_rated_on, DROP COLUMN unit_rating,"
        " DROP COLUMN department_rated_on, DROP COLUMN department_rating"
    )
