"""What is remembered of cases, deliveries, who has read what, and the first version of the bus tables."""

from alembic import op

from lianxi.bus.migration import create_bus_tables, drop_bus_tables

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

TABLES = ("reading", "delivery", "case_standing")

VERSION_1 = (
    """
CREATE TABLE notify.case_standing (
    case_no text NOT NULL,
    holder text NOT NULL,
    holding_unit text NOT NULL,
    sender text NOT NULL,
    assigner text NOT NULL,
    sealed boolean NOT NULL,
    PRIMARY KEY (case_no)
)""",
    """
CREATE TABLE notify.delivery (
    id text NOT NULL,
    position bigint GENERATED ALWAYS AS IDENTITY NOT NULL,
    event_id text NOT NULL,
    rule text NOT NULL,
    kind text NOT NULL,
    case_no text NOT NULL,
    channel text NOT NULL,
    node text NOT NULL,
    role text NOT NULL,
    unit text NOT NULL,
    template text NOT NULL,
    facts jsonb NOT NULL,
    happened_at timestamptz NOT NULL,
    created_at timestamptz NOT NULL,
    state text NOT NULL,
    attempts integer NOT NULL DEFAULT 0,
    reason text NOT NULL DEFAULT '',
    due_at timestamptz,
    settled_at timestamptz,
    PRIMARY KEY (id)
)""",
    "CREATE INDEX delivery_case ON notify.delivery (case_no, position)",
    "CREATE INDEX delivery_due ON notify.delivery (due_at, position) WHERE due_at IS NOT NULL",
    "CREATE INDEX delivery_dead ON notify.delivery (position) WHERE state = 'dead'",
    "CREATE INDEX delivery_inbox ON notify.delivery (node, role, unit, position) WHERE channel = 'inbox'",
    """
CREATE TABLE notify.reading (
    delivery_id text NOT NULL,
    person text NOT NULL,
    read_at timestamptz NOT NULL,
    PRIMARY KEY (delivery_id, person)
)""",
)


def upgrade() -> None:
    for statement in VERSION_1:
        op.execute(statement)
    create_bus_tables(op, "notify")


def downgrade() -> None:
    drop_bus_tables(op, "notify")
    for table in TABLES:
        op.execute(f"DROP TABLE notify.{table}")
