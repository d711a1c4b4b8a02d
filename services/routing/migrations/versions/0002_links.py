"""The links between this node and its neighbours: streams, outbox, inbox, hold, quarantine, refusals."""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

PLACE = """
    peer text NOT NULL,
    epoch text NOT NULL,
    link_seq bigint NOT NULL,
    id text NOT NULL,"""

TABLES = (
    """
CREATE TABLE routing.link_sender (
    peer text PRIMARY KEY,
    epoch text NOT NULL,
    last_seq bigint NOT NULL DEFAULT 0,
    chain text NOT NULL DEFAULT '',
    acked bigint NOT NULL DEFAULT 0,
    resend_next bigint,
    resend_upto bigint NOT NULL DEFAULT 0,
    newest_ack text NOT NULL DEFAULT '',
    heard_upto timestamptz,
    probe boolean NOT NULL DEFAULT false,
    ack_sent_at timestamptz,
    ack_said text NOT NULL DEFAULT ''
)""",
    """
CREATE TABLE routing.link_receiver (
    peer text PRIMARY KEY,
    epoch text NOT NULL DEFAULT '',
    applied bigint NOT NULL DEFAULT 0,
    chain text NOT NULL DEFAULT '',
    held integer NOT NULL DEFAULT 0,
    held_min bigint,
    peer_sent bigint NOT NULL DEFAULT 0,
    heard text NOT NULL DEFAULT '',
    heard_at timestamptz
)""",
    f"""
CREATE TABLE routing.link_outbox ({PLACE}
    chain text NOT NULL,
    kind text NOT NULL,
    type text NOT NULL,
    case_id text NOT NULL DEFAULT '',
    body bytea NOT NULL,
    created_at timestamptz NOT NULL,
    sent_at timestamptz NOT NULL,
    sends integer NOT NULL DEFAULT 1,
    PRIMARY KEY (peer, epoch, link_seq)
)""",
    "CREATE INDEX link_outbox_created ON routing.link_outbox USING brin (created_at)",
    f"""
CREATE TABLE routing.link_inbox ({PLACE}
    case_id text NOT NULL DEFAULT '',
    outcome text NOT NULL,
    body bytea NOT NULL,
    applied_at timestamptz NOT NULL,
    PRIMARY KEY (peer, epoch, link_seq),
    CONSTRAINT link_inbox_once UNIQUE (peer, id)
)""",
    "CREATE INDEX link_inbox_applied ON routing.link_inbox USING brin (applied_at)",
    f"""
CREATE TABLE routing.link_hold ({PLACE}
    chain text NOT NULL,
    fault text NOT NULL DEFAULT '',
    body bytea NOT NULL,
    held_at timestamptz NOT NULL,
    PRIMARY KEY (peer, epoch, link_seq)
)""",
    """
CREATE TABLE routing.link_quarantine (
    position bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    peer text NOT NULL,
    case_key text NOT NULL,
    id text NOT NULL,
    code text NOT NULL DEFAULT '',
    body bytea NOT NULL,
    attempts integer NOT NULL DEFAULT 0,
    first_at timestamptz NOT NULL,
    next_at timestamptz NOT NULL
)""",
    "CREATE INDEX link_quarantine_case ON routing.link_quarantine (case_key, position)",
    "CREATE INDEX link_quarantine_next ON routing.link_quarantine (next_at)",
    """
CREATE TABLE routing.link_refused (
    position bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    peer text NOT NULL DEFAULT '',
    routing_key text NOT NULL DEFAULT '',
    id text NOT NULL DEFAULT '',
    reason text NOT NULL,
    size integer NOT NULL,
    digest text NOT NULL,
    body bytea,
    refused_at timestamptz NOT NULL
)""",
    "CREATE INDEX link_refused_at ON routing.link_refused USING brin (refused_at)",
)


def upgrade() -> None:
    for statement in TABLES:
        op.execute(statement)


def downgrade() -> None:
    for name in ("refused", "quarantine", "hold", "inbox", "outbox", "receiver", "sender"):
        op.execute(f"DROP TABLE routing.link_{name}")
