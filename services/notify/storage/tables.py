"""The tables of notify. No column holds a name, an address, a query code or a word anybody wrote in a petition.

`delivery.facts` are codes and days; `due_at` is when a message is next to be looked at, also the end of the lease while
it is being sent, and empty once nothing more happens to it. `position` is the order in which deliveries were written.
`others` are the channels still to come, `gather_at` when an alert enters a digest. An `addressee` is the keyed hash of
an address. `asked` is how often a gateway was asked for the receipt of a message, `ask_at` when it is asked again.
`trace` is the traceparent of the work from which a delivery follows.
"""

from sqlalchemy import BigInteger, Boolean, Column, Date, Identity, Index, Integer, MetaData, Table, Text, text
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP

from lianxi.bus.tables import bus_tables

SCHEMA = "notify"
metadata = MetaData(schema=SCHEMA)
bus = bus_tables(metadata)


def _text(name: str) -> Column[str]:
    return Column(name, Text, nullable=False)


def _instant(name: str, *, nullable: bool = False) -> Column[object]:
    return Column(name, TIMESTAMP(timezone=True), nullable=nullable)


def _empty(name: str) -> Column[str]:
    return Column(name, Text, nullable=False, server_default=text("''"))


case_standing = Table(
    "case_standing",
    metadata,
    Column("case_no", Text, primary_key=True),
    _text("holder"),
    _text("holding_unit"),
    _text("sender"),
    _text("assigner"),
    Column("sealed", Boolean, nullable=False),
    Column("forwarded", Text, nullable=False, server_default=""),
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
    _empty("others"),
    Column("urgent", Boolean, nullable=False, server_default=text("false")),
    _empty("language"),
    _empty("provider"),
    _empty("receipt"),
    _instant("gather_at", nullable=True),
    _empty("digest_id"),
    Column("asked", Integer, nullable=False, server_default=text("0")),
    _instant("ask_at", nullable=True),
    _empty("trace"),
    Index("delivery_case", "case_no", "position"),
    Index("delivery_due", "due_at", "position", postgresql_where=text("due_at IS NOT NULL")),
    Index("delivery_dead", "position", postgresql_where=text("state = 'dead'")),
    Index("delivery_inbox", "node", "role", "unit", "position", postgresql_where=text("channel = 'inbox'")),
    Index("delivery_receipt", "provider", "receipt", postgresql_where=text("receipt <> ''")),
    Index(
        "delivery_unconfirmed",
        "provider",
        "settled_at",
        postgresql_where=text("state = 'sent' AND receipt <> '' AND reason <> 'no-receipt'"),
    ),
    Index("delivery_letter", "position", postgresql_where=text("channel = 'letter'")),
    Index("delivery_gathered", "gather_at", postgresql_where=text("gather_at IS NOT NULL")),
    Index("delivery_digest", "digest_id", "position", postgresql_where=text("digest_id <> ''")),
    Index("delivery_recent", "role", "unit", "happened_at", postgresql_where=text("channel = 'inbox'")),
)

reading = Table(
    "reading",
    metadata,
    Column("delivery_id", Text, primary_key=True),
    Column("person", Text, primary_key=True),
    _instant("read_at"),
)

choice = Table(
    "choice",
    metadata,
    Column("case_no", Text, primary_key=True),
    _text("channels"),
    _text("language"),
    Column("electronic", Boolean, nullable=False),
    _text("chosen_by"),
    _instant("chosen_at"),
)

attempt = Table(
    "attempt",
    metadata,
    Column("delivery_id", Text, primary_key=True),
    Column("number", BigInteger, Identity(always=True), primary_key=True),
    _instant("at"),
    _text("channel"),
    _text("provider"),
    _text("fate"),
    _text("reason"),
    _text("addressee"),
    Index("attempt_addressee", "addressee", "at", postgresql_where=text("fate = 'sent'")),
)

dead_address = Table(
    "dead_address",
    metadata,
    Column("addressee", Text, primary_key=True),
    _text("channel"),
    _text("reason"),
    _instant("since"),
)

receipt = Table(
    "receipt",
    metadata,
    Column("provider", Text, primary_key=True),
    Column("receipt", Text, primary_key=True),
    Column("arrived", Boolean, primary_key=True),
    _instant("at"),
)

letter = Table(
    "letter",
    metadata,
    Column("delivery_id", Text, primary_key=True),
    _instant("printed_at", nullable=True),
    _empty("printed_by"),
    Column("posted_on", Date),
    _empty("tracking_no"),
    Column("arrived_on", Date),
    Column("returned_on", Date),
    _empty("note"),
)

service_of_document = Table(
    "service_of_document",
    metadata,
    Column("case_no", Text, primary_key=True),
    Column("number", Text, primary_key=True),
    _text("kind"),
    Column("issued_on", Date, nullable=False),
    _text("state"),
    _text("method"),
    Column("began_on", Date),
    _text("tracking_no"),
    Column("served_on", Date),
    _text("proof"),
    _text("note"),
    _text("changed_by"),
    _instant("changed_at", nullable=True),
    Index("service_open", "issued_on", "case_no", "number", postgresql_where=text("state <> 'served'")),
)
