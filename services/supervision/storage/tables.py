"""The tables of supervision, in its own schema: ledger, clocks and how calendars moved them, orders, running numbers.

Lamps are days, not colours: whoever asks compares them with today. `due_key` puts cases without a due day last.
`changed_tx` and `changed_at` let a reader find what was written after the page before (`domain.queries`). Indexes are
made for a million rows: every list is read along one of them, in the order in which it is shown.
"""

from sqlalchemy import Boolean, Column, Date, Double, Index, Integer, MetaData, SmallInteger, Table, Text, text
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP
from sqlalchemy.dialects.postgresql.base import ischema_names
from sqlalchemy.types import UserDefinedType

from lianxi.bus.tables import bus_tables

SCHEMA = "supervision"
metadata = MetaData(schema=SCHEMA)
bus = bus_tables(metadata)


class TransactionId(UserDefinedType[str]):
    """The type xid8: a transaction number that never wraps."""

    cache_ok = True

    def get_col_spec(self, **_options: object) -> str:
        """Return its name in PostgreSQL."""
        return "xid8"


ischema_names["xid8"] = TransactionId  # so that reading the schema back, to compare it with this file, knows it


def _text(name: str) -> Column[str]:
    return Column(name, Text, nullable=False, server_default=text("''"))


def _instant(name: str) -> Column[object]:
    return Column(name, TIMESTAMP(timezone=True))


LISTED = text("inside AND petition_class <> 'B'")
"""What lists show: cases held in the subtree, never sealed ones (GD-1)."""

ledger = Table(
    "ledger",
    metadata,
    Column("case_no", Text, primary_key=True),
    Column("state", Text, nullable=False),
    _text("holder"),
    _text("unit"),
    Column("inside", Boolean, nullable=False),
    Column("seq", Integer, nullable=False),
    _text("head_digest"),
    Column("epoch", Integer, nullable=False),
    _text("channel"),
    _text("petition_class"),
    _text("category"),
    _text("place"),
    Column("persons", Integer, nullable=False),
    Column("received_on", Date),
    Column("registered_on", Date),
    _text("registered_node"),
    _text("merged_into"),
    _instant("held_since"),
    _instant("in_transfer_since"),
    _text("in_transfer_to"),
    _text("sender"),
    _text("assigned_by"),
    _text("reviewing_node"),
    Column("report_due", Date),
    Column("round_number", SmallInteger, nullable=False),
    Column("petition_accepted_on", Date),
    _text("organ_node"),
    _text("organ_unit"),
    Column("organ_reached_on", Date),
    Column("accepted_on", Date),
    Column("reply_due", Date),
    Column("replied_on", Date),
    Column("served_on", Date),
    Column("concluded_on", Date),
    _text("repeat_of"),
    Column("unit_rated_on", Date),
    _text("unit_rating"),
    Column("department_rated_on", Date),
    _text("department_rating"),
    _text("next_clock"),
    Column("next_due", Date),
    Column("yellow_from", Date),
    Column("red_from", Date),
    _instant("updated_at"),
    Column("due_key", Date, nullable=False),
    Column("changed_tx", TransactionId, nullable=False),
    Column("changed_at", TIMESTAMP(timezone=True), nullable=False),
    Index("ledger_due", "due_key", "case_no", postgresql_where=LISTED),
    Index("ledger_holder", "holder", "due_key", "case_no", postgresql_where=LISTED),
    Index("ledger_unit", "unit", "due_key", "case_no", postgresql_where=LISTED),
    Index("ledger_state", "state", "due_key", "case_no", postgresql_where=LISTED),
    Index("ledger_changed", "changed_tx"),
    Index("ledger_registered", "registered_on"),
    Index("ledger_reply_due", "reply_due", postgresql_where=text("reply_due IS NOT NULL")),
    Index("ledger_merged", "merged_into", postgresql_where=text("merged_into <> ''")),
    Index("ledger_repeat_of", "repeat_of", postgresql_where=text("repeat_of <> ''")),
    Index("ledger_unit_rated", "unit_rated_on", postgresql_where=text("unit_rated_on IS NOT NULL")),
    Index("ledger_department_rated", "department_rated_on", postgresql_where=text("department_rated_on IS NOT NULL")),
    Index("ledger_concluded", "concluded_on", postgresql_where=text("concluded_on IS NOT NULL")),
)

clock = Table(
    "clock",
    metadata,
    Column("case_no", Text, primary_key=True),
    Column("code", Text, primary_key=True),
    Column("instance", SmallInteger, primary_key=True),
    Column("round_number", SmallInteger, nullable=False),
    Column("start", Date, nullable=False),
    Column("days", Integer),
    Column("report_due", Date),
    Column("extension_days", SmallInteger, nullable=False),
    Column("raw_due", Date, nullable=False),
    Column("legal_due", Date, nullable=False),
    Column("provisional", Boolean, nullable=False),
    Column("yellow_on", Date, nullable=False),
    Column("red_on", Date, nullable=False),
    Column("calendar_version", Text, nullable=False),
    Column("owner", Text, nullable=False),
    Column("node", Text, nullable=False),
    _text("unit"),
    Column("status", Text, nullable=False),
    Column("opened_seq", Integer, nullable=False),
    Column("closed_seq", Integer),
    _text("closed_act"),
    _text("closed_by"),
    Column("closed_on", Date),
    Column("kept", Boolean),
    Column("step", SmallInteger, nullable=False),
    _instant("next_alert_at"),
    _instant("warned_at"),
    _instant("breached_at"),
    _text("hearings"),
    Column("paused_on", Date),
    Index(
        "clock_next_alert",
        "next_alert_at",
        "case_no",
        "code",
        "instance",
        postgresql_where=text("next_alert_at IS NOT NULL"),
    ),
    Index("clock_open", "case_no", "code", "instance", postgresql_where=text("status = 'open'")),
    Index("clock_raw_due", "code", "raw_due"),
)

clock_move = Table(
    "clock_move",
    metadata,
    Column("calendar_version", Text, primary_key=True),
    Column("case_no", Text, primary_key=True),
    Column("code", Text, primary_key=True),
    Column("instance", SmallInteger, primary_key=True),
    Column("round_number", SmallInteger, nullable=False),
    Column("node", Text, nullable=False),
    _text("unit"),
    Column("before", JSONB, nullable=False),
    Column("after", JSONB, nullable=False),
    Column("moved_at", TIMESTAMP(timezone=True), nullable=False),
)

proposal = Table(
    "proposal",
    metadata,
    Column("proposal_no", Text, primary_key=True),
    Column("case_no", Text, nullable=False),
    Column("clock", Text, nullable=False),
    Column("instance", SmallInteger, nullable=False),
    Column("node", Text, nullable=False),
    _text("unit"),
    Column("trigger", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("proposed_at", TIMESTAMP(timezone=True), nullable=False),
    _instant("decided_at"),
    _text("decided_by"),
    _text("reason"),
    _text("order_no"),
    Column("paper_sealed", Text),
    Column("reason_sealed", Text),
    Column("feedback_due", Date),
    Column("reply_instance", SmallInteger),
    _text("reply_document"),
    Index("proposal_about", "case_no", "clock", "instance", unique=True),
    Index("proposal_status", "status", "proposal_no"),
    Index("proposal_order_no", "order_no", unique=True, postgresql_where=text("order_no <> ''")),
)

node_snapshot = Table(
    "node_snapshot",
    metadata,
    Column("node", Text, primary_key=True),
    Column("process", Text, primary_key=True),
    Column("taken_at", Double, nullable=False),
    Column("received_at", Double, nullable=False),
    Column("told", JSONB, nullable=False),
)

running_number = Table(
    "running_number",
    metadata,
    Column("kind", Text, primary_key=True),
    Column("node", Text, primary_key=True),
    Column("year", SmallInteger, primary_key=True),
    Column("last", Integer, nullable=False),
)
