"""Accounts, sessions, API tokens, failed sign-ins, request counts and repeated requests."""

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

TABLES = ("repeated_request", "request_count", "sign_in_failure", "api_token", "session", "account")

VERSION_1 = (
    """
CREATE TABLE portal.account (
    id text PRIMARY KEY,
    login text NOT NULL CONSTRAINT account_login UNIQUE,
    password_hash text NOT NULL,
    role text NOT NULL,
    node text NOT NULL,
    unit text NOT NULL DEFAULT '',
    created_at timestamptz NOT NULL DEFAULT now(),
    disabled_at timestamptz
)""",
    """
CREATE TABLE portal.session (
    digest text PRIMARY KEY,
    account_id text NOT NULL REFERENCES portal.account (id) ON DELETE CASCADE,
    csrf text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    seen_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL
)""",
    "CREATE INDEX session_account ON portal.session (account_id)",
    "CREATE INDEX session_expires ON portal.session (expires_at)",
    """
CREATE TABLE portal.api_token (
    id text PRIMARY KEY,
    account_id text NOT NULL REFERENCES portal.account (id) ON DELETE CASCADE,
    digest text NOT NULL CONSTRAINT api_token_digest UNIQUE,
    name text NOT NULL,
    scopes text[] NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    revoked_at timestamptz
)""",
    "CREATE INDEX api_token_account ON portal.api_token (account_id)",
    """
CREATE TABLE portal.sign_in_failure (
    login_digest text PRIMARY KEY,
    failures integer NOT NULL,
    last_at timestamptz NOT NULL,
    open_at timestamptz NOT NULL
)""",
    """
CREATE UNLOGGED TABLE portal.request_count (
    key text NOT NULL,
    minute timestamptz NOT NULL,
    requests integer NOT NULL,
    PRIMARY KEY (key, minute)
)""",
    "CREATE INDEX request_count_minute ON portal.request_count (minute)",
    """
CREATE TABLE portal.repeated_request (
    scope text NOT NULL,
    key_digest text NOT NULL,
    fingerprint text NOT NULL,
    command_id text NOT NULL,
    first_at timestamptz NOT NULL,
    status integer,
    sealed_answer text,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (scope, key_digest)
)""",
    "CREATE INDEX repeated_request_created ON portal.repeated_request (created_at)",
)


def upgrade() -> None:
    for statement in VERSION_1:
        op.execute(statement)


def downgrade() -> None:
    for table in TABLES:
        op.execute(f"DROP TABLE portal.{table}")
