"""Agencies outside the house: what they may hear, what is kept for them, who changed what about them."""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

TABLES = ("agency_audit", "agency_case", "agency_event", "agency")
VERSION_3 = (
    """
CREATE TABLE notify.agency (
    name text NOT NULL,
    units text[] NOT NULL,
    events text[] NOT NULL,
    divisions text[] NOT NULL,
    categories text[] NOT NULL,
    fields text[] NOT NULL,
    sealed boolean NOT NULL,
    amqp boolean NOT NULL,
    mode text NOT NULL DEFAULT '',
    webhook text NOT NULL DEFAULT '',
    scheme text NOT NULL DEFAULT '',
    state text NOT NULL DEFAULT '',
    reason text NOT NULL DEFAULT '',
    login text NOT NULL DEFAULT '',
    keys text NOT NULL DEFAULT '',
    lease text NOT NULL DEFAULT '',
    last_cursor bigint NOT NULL DEFAULT 0,
    amqp_cursor bigint NOT NULL DEFAULT 0,
    webhook_cursor bigint NOT NULL DEFAULT 0,
    failures integer NOT NULL DEFAULT 0,
    due_at timestamptz NOT NULL,
    PRIMARY KEY (name)
)""",
    """
CREATE TABLE notify.agency_event (
    agency text NOT NULL,
    cursor bigint NOT NULL,
    event_id text NOT NULL,
    type text NOT NULL,
    body text NOT NULL,
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (agency, cursor)
)""",
    "CREATE UNIQUE INDEX agency_event_once ON notify.agency_event (agency, event_id)",
    "CREATE INDEX agency_event_age ON notify.agency_event (recorded_at)",
    """
CREATE FUNCTION notify.agency_event_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'an event that was kept for an agency is never changed';
END $$""",
    """
CREATE TRIGGER agency_event_stays BEFORE UPDATE ON notify.agency_event
FOR EACH STATEMENT EXECUTE FUNCTION notify.agency_event_stays()""",
    """
CREATE TABLE notify.agency_case (
    case_no text NOT NULL,
    holder text NOT NULL DEFAULT '',
    unit text NOT NULL DEFAULT '',
    category text NOT NULL DEFAULT '',
    sealed boolean NOT NULL,
    registered boolean NOT NULL,
    PRIMARY KEY (case_no)
)""",
    """
INSERT INTO notify.agency_case (case_no, holder, unit, sealed, registered)
SELECT case_no, holder, holding_unit, sealed, holding_unit <> '' FROM notify.case_standing""",
    """
CREATE TABLE notify.agency_audit (
    position bigint GENERATED ALWAYS AS IDENTITY NOT NULL,
    at timestamptz NOT NULL,
    agency text NOT NULL DEFAULT '',
    action text NOT NULL DEFAULT '',
    by text NOT NULL DEFAULT '',
    details text NOT NULL DEFAULT '',
    PRIMARY KEY (position)
)""",
)


def upgrade() -> None:
    for statement in VERSION_3:
        op.execute(statement)


def downgrade() -> None:
    for table in TABLES:
        op.execute(f"DROP TABLE notify.{table}")
    op.execute("DROP FUNCTION notify.agency_event_stays()")
