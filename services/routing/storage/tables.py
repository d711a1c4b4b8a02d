"""The tables of routing: the cases this node knows, their histories, texts and documents, custody, directives.

A case stands here at every node on its way: at the holder with its text, at the nodes above as a copy that follows
the holder's events. `case_event` is append-only; `case_file` is what the history leads to, kept for look-ups and
checked against it by `lianxi verify`.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    Index,
    Integer,
    MetaData,
    SmallInteger,
    Table,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP

from lianxi.bus.tables import bus_tables
from services.routing.storage.desk_tables import desk_tables
from services.routing.storage.links import link_tables
from services.routing.storage.member_tables import member_table
from services.routing.storage.repeat_tables import repeat_tables
from services.routing.storage.sorting_tables import sorting_tables
from services.routing.storage.wish_table import wish_table

SCHEMA = "routing"
HELD_STATES = "('S01', 'S02', 'S03', 'S06', 'S09', 'S10', 'S14', 'S15')"
"""States in which a case waits for somebody at the node that holds it."""
DECIDED_STATES = "('S07', 'S08', 'S30', 'S31', 'S32', 'S33', 'S40', 'S41', 'S42', 'S43', 'S50')"
"""States in which a case waits for somebody at whatever node decides."""
metadata = MetaData(schema=SCHEMA)
bus = bus_tables(metadata)
link = link_tables(metadata)
desk = sorting_tables(metadata)
repeats = repeat_tables(metadata)
desk_books = desk_tables(metadata)
member_change = member_table(metadata)
wish = wish_table(metadata)


def _instant(name: str, *, nullable: bool = False) -> Column[object]:
    return Column(name, TIMESTAMP(timezone=True), nullable=nullable)


# One row per case this node knows; `snapshot` is the whole state as JSON.
case_file = Table(
    "case_file",
    metadata,
    Column("case_no", Text, primary_key=True),
    Column("state", Text, nullable=False),
    Column("holder", Text, nullable=False),
    Column("unit", Text, nullable=False),
    Column("epoch", Integer, nullable=False),
    Column("seq", Integer, nullable=False),
    Column("head_digest", Text, nullable=False),
    Column("in_transfer", Boolean, nullable=False),
    Column("petitioner_key", Text, nullable=False),
    Column("received_on", Date, nullable=False),
    _instant("since"),
    Column("snapshot", JSONB, nullable=False),
    Index("case_file_waiting", "holder", "since", postgresql_where=text("state IN ('S01', 'S02')")),
    Index("case_file_held", "holder", "state", "since", postgresql_where=text(f"state IN {HELD_STATES}")),
    Index("case_file_decided", "state", "since", postgresql_where=text(f"state IN {DECIDED_STATES}")),
    Index("case_file_assisted", "state", postgresql_where=text("snapshot->'assists' <> '[]'::jsonb")),
    Index("case_file_call_backs", "case_no", postgresql_where=text("snapshot->'call_backs' <> '[]'::jsonb")),
    Index("case_file_petitioner", "petitioner_key", "received_on"),
)

# The append-only history; `body` is the event's JSON as it was sealed.
case_event = Table(
    "case_event",
    metadata,
    Column("case_no", Text, primary_key=True),
    Column("seq", Integer, primary_key=True),
    Column("name", Text, nullable=False),
    Column("major", SmallInteger, nullable=False),
    Column("epoch", Integer, nullable=False),
    Column("node", Text, nullable=False),
    _instant("at"),
    Column("digest", Text, nullable=False),
    Column("body", Text, nullable=False),
)

# What the petitioner wrote and who it is, sealed; only at nodes that hold or held the case.
case_text = Table(
    "case_text",
    metadata,
    Column("case_no", Text, primary_key=True),
    Column("subject", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("petitioner_key", Text, nullable=False),
    Column("petitioner_sealed", Text, nullable=False),
)

# What the rules proposed for a case: shown to the clerk as "why here", and why it waits.
sorting = Table(
    "sorting",
    metadata,
    Column("case_no", Text, primary_key=True),
    Column("why", Text, nullable=False),
    Column("proposal", JSONB, nullable=False),
    Index(
        "sorting_accused",
        text("(proposal->'accused')"),
        postgresql_using="gin",
        postgresql_where=text("proposal->'sealed' = 'true'::jsonb"),
    ),
)

# The text of each document that an event vouches for by its digest.
document = Table(
    "document",
    metadata,
    Column("case_no", Text, primary_key=True),
    Column("number", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("digest", Text, nullable=False),
    Column("paper", Text, nullable=False),
)

document_counter = Table(
    "document_counter",
    metadata,
    Column("kind", Text, primary_key=True),
    Column("year", Integer, primary_key=True),
    Column("last", Integer, nullable=False),
)

# One row per offer of custody, on both sides: who offered what to whom, when, and the answer.
custody_receipt = Table(
    "custody_receipt",
    metadata,
    Column("offer_id", Text, primary_key=True),
    Column("direction", Text, nullable=False),
    Column("case_no", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("from_node", Text, nullable=False),
    Column("to_node", Text, nullable=False),
    Column("epoch", Integer, nullable=False),
    Column("head_digest", Text, nullable=False),
    _instant("offered_at"),
    _instant("answered_at", nullable=True),
    Column("accepted", Boolean),
    Column("code", Text, nullable=False, server_default=""),
    Index("custody_receipt_case", "case_no"),
    Index("custody_receipt_unanswered", "offered_at", postgresql_where=text("answered_at IS NULL")),
)

# Acts decided at one node on a case that another holds.
directive = Table(
    "directive",
    metadata,
    Column("directive_id", Text, primary_key=True),
    Column("direction", Text, nullable=False),
    Column("case_no", Text, nullable=False),
    Column("from_node", Text, nullable=False),
    Column("to_node", Text, nullable=False),
    Column("command_type", Text, nullable=False),
    Column("command", Text, nullable=False),
    _instant("issued_at"),
    _instant("answered_at", nullable=True),
    Column("done", Boolean),
    Column("case_seq", BigInteger),
    Column("code", Text, nullable=False, server_default=""),
    Column("reason", Text, nullable=False, server_default=""),
    Index("directive_case", "case_no"),
)
