"""The tables of the portal's schema, as the migrations leave them."""

from sqlalchemy import ARRAY, Column, ForeignKey, Index, Integer, MetaData, Table, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import TIMESTAMP

SCHEMA = "portal"
NOW = text("now()")

metadata = MetaData(schema=SCHEMA)


def _instant(name: str, *, default: bool = False, nullable: bool = True) -> Column[object]:
    return Column(
        name,
        TIMESTAMP(timezone=True),
        nullable=nullable and not default,
        server_default=NOW if default else None,
    )


account = Table(
    "account",
    metadata,
    Column("id", Text, primary_key=True),
    Column("login", Text, nullable=False),
    Column("password_hash", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("node", Text, nullable=False),
    Column("unit", Text, nullable=False, server_default=""),
    _instant("created_at", default=True),
    _instant("disabled_at"),
    UniqueConstraint("login", name="account_login"),
)

session = Table(
    "session",
    metadata,
    Column("digest", Text, primary_key=True),
    Column("account_id", Text, ForeignKey("account.id", ondelete="CASCADE"), nullable=False),
    Column("csrf", Text, nullable=False),
    _instant("created_at", default=True),
    _instant("seen_at", default=True),
    _instant("expires_at", nullable=False),
    Index("session_account", "account_id"),
    Index("session_expires", "expires_at"),
)

api_token = Table(
    "api_token",
    metadata,
    Column("id", Text, primary_key=True),
    Column("account_id", Text, ForeignKey("account.id", ondelete="CASCADE"), nullable=False),
    Column("digest", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("scopes", ARRAY(Text), nullable=False),
    _instant("created_at", default=True),
    _instant("expires_at", nullable=False),
    _instant("revoked_at"),
    UniqueConstraint("digest", name="api_token_digest"),
    Index("api_token_account", "account_id"),
)

sign_in_failure = Table(
    "sign_in_failure",
    metadata,
    Column("login_digest", Text, primary_key=True),
    Column("failures", Integer, nullable=False),
    _instant("last_at", nullable=False),
    _instant("open_at", nullable=False),
)

# Counts of the last minutes: worthless after a crash, so they are kept out of the write-ahead log.
request_count = Table(
    "request_count",
    metadata,
    Column("key", Text, primary_key=True),
    Column("minute", TIMESTAMP(timezone=True), primary_key=True),
    Column("requests", Integer, nullable=False),
    Index("request_count_minute", "minute"),
    prefixes=["UNLOGGED"],
)

repeated_request = Table(
    "repeated_request",
    metadata,
    Column("scope", Text, primary_key=True),
    Column("key_digest", Text, primary_key=True),
    Column("fingerprint", Text, nullable=False),
    Column("command_id", Text, nullable=False),
    Column("first_at", TIMESTAMP(timezone=True), nullable=False),
    Column("status", Integer),
    Column("sealed_answer", Text),
    _instant("created_at", default=True),
    Index("repeated_request_created", "created_at"),
)
