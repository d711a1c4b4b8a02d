"""The tables of notify. No column holds a name, an address, a query code or a word anybody wrote.

`delivery.facts` are codes and days; `due_at` is when a mail is next to be looked at, also the end of the lease while
it is being sent, and empty once nothing more happens to it. `position` is the order in which deliveries were written.
"""

from sqlalchemy import BigInteger, Boolean, Column, Identity, Index, Integer, MetaData, Table, Text, text
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP

from lianxi.bus.tables import bus_tables

SCHEMA = "notify"
metadata = MetaData(schema=SCHEMA)
bus = bus_tables(metadata)


def _text(name: str) -> Column[str]:
    return Column(name, Text, nullable=False)


def _instant(name: str, *, nullable: bool = False) -> Column[object]:
    return Column(name, TIMESTAMP(timezone=True), nullable=nullable)


case_standing = Table(
    "case_standing",
    metadata,
    Column("case_no", Text, primary_key=True),
    _text("holder"),
    _text("holding_unit"),
    _text("sender"),
    _text("assigner"),
    Column("sealed", Boolean, nullable=False),
)

delivery = Table(
    "delivery",
    metadata,
    Column("id", Text, primary_key=True),
    Column("position", BigInteger, Identity(always=True), nullable=False),
    _text("event_id"),
    _text("rule"),
    _text("kind"),
    _text("case_no"),
    _text("channel"),
    _text("node"),
    _text("role"),
    _text("unit"),
    _text("template"),
    Column("facts", JSONB, nullable=False),
    _instant("happened_at"),
    _instant("created_at"),
    _text("state"),
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    Column("reason", Text, nullable=False, server_default=text("''")),
    _instant("due_at", nullable=True),
    _instant("settled_at", nullable=True),
    Index("delivery_case", "case_no", "position"),
    Index("delivery_due", "due_at", "position", postgresql_where=text("due_at IS NOT NULL")),
    Index("delivery_dead", "position", postgresql_where=text("state = 'dead'")),
    Index("delivery_inbox", "node", "role", "unit", "position", postgresql_where=text("channel = 'inbox'")),
)

reading = Table(
    "reading",
    metadata,
    Column("delivery_id", Text, primary_key=True),
    Column("person", Text, primary_key=True),
    _instant("read_at"),
)
