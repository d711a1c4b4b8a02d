"""The chained book of every look at personal data; it takes over the looks at whole contacts. What was erased."""

from alembic import op
from sqlalchemy import text

from lianxi.runtime.clock import SHANGHAI
from services.intake.domain.audit import BEGINNING, PersonalRead, ReadKind, chained, fit_reason

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

UP = (
    """
CREATE TABLE intake.personal_read (
    position bigint PRIMARY KEY,
    number text NOT NULL,
    kind text NOT NULL,
    fields text[] NOT NULL,
    person text NOT NULL,
    role text NOT NULL,
    unit text NOT NULL,
    node text NOT NULL,
    reason text NOT NULL,
    contacts integer NOT NULL,
    at timestamptz NOT NULL,
    previous text NOT NULL,
    digest text NOT NULL
)""",
    "CREATE INDEX personal_read_number ON intake.personal_read (number, position)",
    "CREATE INDEX personal_read_person ON intake.personal_read (person, position)",
    """
CREATE TABLE intake.personal_read_head (
    id smallint PRIMARY KEY CONSTRAINT personal_read_head_alone CHECK (id = 1),
    position bigint NOT NULL,
    digest text NOT NULL
)""",
    """
CREATE TABLE intake.erasure (
    number text PRIMARY KEY,
    person text NOT NULL,
    role text NOT NULL,
    reason text NOT NULL,
    at timestamptz NOT NULL
)""",
)
ONLY_ADDED = (
    """
CREATE FUNCTION intake.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'lines of the book of reads are never changed';
END $$""",
    """
CREATE TRIGGER personal_read_only_added BEFORE UPDATE OR DELETE OR TRUNCATE ON intake.personal_read
    FOR EACH STATEMENT EXECUTE FUNCTION intake.refuse_change()""",
)
EARLIER = "SELECT number, person, role, unit, node, reason, at FROM intake.unmasking ORDER BY id"
ADD = """
INSERT INTO intake.personal_read
VALUES (:position, :number, 'full', '{}', :person, :role, :unit, :node, :reason, 1, :at, :previous, :digest)
"""


def upgrade() -> None:
    for statement in UP:
        op.execute(statement)
    position, digest = _take_over()
    op.get_bind().execute(
        text("INSERT INTO intake.personal_read_head VALUES (1, :position, :digest)"),
        {"position": position, "digest": digest},
    )
    for statement in ONLY_ADDED:
        op.execute(statement)
    op.execute("DROP TABLE intake.unmasking")


def _take_over() -> tuple[int, str]:
    """Chain the looks that were written before; return the last line."""
    position, previous = 0, BEGINNING
    for row in op.get_bind().exec_driver_sql(EARLIER).mappings().all():
        told = {**row, "reason": fit_reason(row["reason"]), "at": row["at"].astimezone(SHANGHAI)}
        line = chained(PersonalRead(kind=ReadKind.FULL, fields=(), **told), position + 1, previous)
        values = {**told, "position": line.position, "previous": line.previous, "digest": line.digest}
        op.get_bind().execute(text(ADD), values)
        position, previous = line.position, line.digest
    return position, previous


def downgrade() -> None:
    op.execute("DROP TABLE intake.personal_read, intake.personal_read_head, intake.erasure")
    op.execute("DROP FUNCTION intake.refuse_change()")
    op.execute(
        """
CREATE TABLE intake.unmasking (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    number text NOT NULL,
    person text NOT NULL,
    role text NOT NULL,
    unit text NOT NULL,
    node text NOT NULL,
    reason text NOT NULL,
    at timestamptz NOT NULL
)"""
    )
    op.execute("CREATE INDEX unmasking_number ON intake.unmasking (number)")
