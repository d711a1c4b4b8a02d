"""The ledger, the clocks, proposed orders, running numbers, and the first version of the bus tables."""

from alembic import op

from lianxi.bus.migration import create_bus_tables, drop_bus_tables

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

TABLES = ("running_number", "proposal", "clock", "ledger")

VERSION_1 = (
    """
CREATE TABLE supervision.ledger (
    case_no text NOT NULL,
    state text NOT NULL,
    holder text NOT NULL DEFAULT '',
    unit text NOT NULL DEFAULT '',
    inside boolean NOT NULL,
    seq integer NOT NULL,
    epoch integer NOT NULL,
    channel text NOT NULL DEFAULT '',
    petition_class text NOT NULL DEFAULT '',
    category text NOT NULL DEFAULT '',
    place text NOT NULL DEFAULT '',
    persons integer NOT NULL,
    received_on date,
    registered_on date,
    registered_node text NOT NULL DEFAULT '',
    merged_into text NOT NULL DEFAULT '',
    in_transfer_since timestamptz,
    in_transfer_to text NOT NULL DEFAULT '',
    sender text NOT NULL DEFAULT '',
    assigned_by text NOT NULL DEFAULT '',
    reviewing_node text NOT NULL DEFAULT '',
    report_due date,
    round_number smallint NOT NULL,
    petition_accepted_on date,
    organ_node text NOT NULL DEFAULT '',
    organ_unit text NOT NULL DEFAULT '',
    organ_reached_on date,
    accepted_on date,
    reply_due date,
    replied_on date,
    served_on date,
    concluded_on date,
    next_clock text NOT NULL DEFAULT '',
    next_due date,
    yellow_from date,
    red_from date,
    updated_at timestamptz,
    due_key date NOT NULL,
    changed_tx xid8 NOT NULL,
    changed_at timestamptz NOT NULL,
    PRIMARY KEY (case_no)
)""",
    "CREATE INDEX ledger_changed ON supervision.ledger (changed_tx)",
    "CREATE INDEX ledger_due ON supervision.ledger (due_key, case_no) WHERE inside AND petition_class <> 'B'",
    """
CREATE INDEX ledger_holder ON supervision.ledger (holder, due_key, case_no)
    WHERE inside AND petition_class <> 'B'""",
    "CREATE INDEX ledger_merged ON supervision.ledger (merged_into) WHERE merged_into <> ''",
    "CREATE INDEX ledger_registered ON supervision.ledger (registered_on)",
    "CREATE INDEX ledger_reply_due ON supervision.ledger (reply_due) WHERE reply_due IS NOT NULL",
    """
CREATE INDEX ledger_state ON supervision.ledger (state, due_key, case_no)
    WHERE inside AND petition_class <> 'B'""",
    """
CREATE INDEX ledger_unit ON supervision.ledger (unit, due_key, case_no)
    WHERE inside AND petition_class <> 'B'""",
    """
CREATE TABLE supervision.clock (
    case_no text NOT NULL,
    code text NOT NULL,
    instance smallint NOT NULL,
    round_number smallint NOT NULL,
    start date NOT NULL,
    days integer,
    report_due date,
    extension_days smallint NOT NULL,
    raw_due date NOT NULL,
    legal_due date NOT NULL,
    provisional boolean NOT NULL,
    yellow_on date NOT NULL,
    red_on date NOT NULL,
    calendar_version text NOT NULL,
    owner text NOT NULL,
    node text NOT NULL,
    unit text NOT NULL DEFAULT '',
    status text NOT NULL,
    opened_seq integer NOT NULL,
    closed_seq integer,
    closed_act text NOT NULL DEFAULT '',
    closed_by text NOT NULL DEFAULT '',
    closed_on date,
    kept boolean,
    step smallint NOT NULL,
    next_alert_at timestamptz,
    warned_at timestamptz,
    breached_at timestamptz,
    PRIMARY KEY (case_no, code, instance)
)""",
    """
CREATE INDEX clock_next_alert ON supervision.clock (next_alert_at, case_no, code, instance)
    WHERE next_alert_at IS NOT NULL""",
    "CREATE INDEX clock_open ON supervision.clock (case_no, code, instance) WHERE status = 'open'",
    "CREATE INDEX clock_raw_due ON supervision.clock (code, raw_due)",
    """
CREATE TABLE supervision.proposal (
    proposal_no text NOT NULL,
    case_no text NOT NULL,
    clock text NOT NULL,
    instance smallint NOT NULL,
    node text NOT NULL,
    unit text NOT NULL DEFAULT '',
    trigger text NOT NULL,
    status text NOT NULL,
    proposed_at timestamptz NOT NULL,
    decided_at timestamptz,
    decided_by text NOT NULL DEFAULT '',
    reason text NOT NULL DEFAULT '',
    order_no text NOT NULL DEFAULT '',
    paper jsonb,
    feedback_due date,
    reply_instance smallint,
    reply_document text NOT NULL DEFAULT '',
    PRIMARY KEY (proposal_no)
)""",
    "CREATE UNIQUE INDEX proposal_about ON supervision.proposal (case_no, clock, instance)",
    "CREATE UNIQUE INDEX proposal_order_no ON supervision.proposal (order_no) WHERE order_no <> ''",
    "CREATE INDEX proposal_status ON supervision.proposal (status, proposal_no)",
    """
CREATE TABLE supervision.running_number (
    kind text NOT NULL,
    node text NOT NULL,
    year smallint NOT NULL,
    last integer NOT NULL,
    PRIMARY KEY (kind, node, year)
)""",
)


def upgrade() -> None:
    for statement in VERSION_1:
        op.execute(statement)
    create_bus_tables(op, "supervision")


def downgrade() -> None:
    drop_bus_tables(op, "supervision")
    for table in TABLES:
        op.execute(f"DROP TABLE supervision.{table}")
