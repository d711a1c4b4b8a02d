"""The tables of the links between this node and its neighbours: two streams per neighbour and what travels in them.

`link_sender` and `link_receiver` hold where each stream stands, one row per neighbour and direction, so that sending
never waits for receiving. `link_outbox` keeps every frame until well after its end-to-end ack (it is acked when its
number is not above the sender's `acked`), `link_inbox` what was applied: both long enough that a neighbour restored
from a backup can be helped. Times here are real time, whatever the node's calendar says.
"""

from dataclasses import dataclass

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP


@dataclass(frozen=True, slots=True)
class LinkTables:
    """The tables by name."""

    sender: Table
    receiver: Table
    outbox: Table
    inbox: Table
    hold: Table
    quarantine: Table
    refused: Table
    comparison: Table
    part: Table
    recovery: Table
    recovered: Table


def link_tables(metadata: MetaData) -> LinkTables:
    """Define the link tables in `metadata` and return them."""
    return LinkTables(
        sender=_sender(metadata),
        receiver=_receiver(metadata),
        outbox=_outbox(metadata),
        inbox=_inbox(metadata),
        hold=_hold(metadata),
        quarantine=_quarantine(metadata),
        refused=_refused(metadata),
        comparison=_comparison(metadata),
        part=_part(metadata),
        recovery=_recovery(metadata),
        recovered=_recovered(metadata),
    )


def _instant(name: str, *, nullable: bool = False) -> Column[object]:
    return Column(name, TIMESTAMP(timezone=True), nullable=nullable)


def _text(name: str) -> Column[str]:
    return Column(name, Text, nullable=False, server_default="")


def _count(name: str) -> Column[int]:
    return Column(name, BigInteger, nullable=False, server_default=text("0"))


def _place() -> list[Column[object]]:
    """Return the columns that name a place in a stream, together the key."""
    return [
        Column("peer", Text, primary_key=True),
        Column("epoch", Text, primary_key=True),
        Column("link_seq", BigInteger, primary_key=True, autoincrement=False),
    ]


def _sender(metadata: MetaData) -> Table:
    """Where the stream to each neighbour stands."""
    return Table(
        "link_sender",
        metadata,
        Column("peer", Text, primary_key=True),
        Column("epoch", Text, nullable=False),
        _count("last_seq"),
        _text("chain"),
        _count("acked"),
        Column("resend_next", BigInteger),
        _count("resend_upto"),
        _text("newest_ack"),
        _instant("heard_upto", nullable=True),
        Column("probe", Boolean, nullable=False, server_default=text("false")),
        _instant("ack_sent_at", nullable=True),
        _text("ack_said"),
    )


def _receiver(metadata: MetaData) -> Table:
    """Where the stream from each neighbour stands, and when the neighbour was last heard."""
    return Table(
        "link_receiver",
        metadata,
        Column("peer", Text, primary_key=True),
        _text("epoch"),
        _count("applied"),
        _text("chain"),
        Column("held", Integer, nullable=False, server_default=text("0")),
        Column("held_min", BigInteger),
        _count("peer_sent"),
        _text("heard"),
        _instant("heard_at", nullable=True),
    )


def _outbox(metadata: MetaData) -> Table:
    """Every frame sent, as it was sent."""
    return Table(
        "link_outbox",
        metadata,
        *_place(),
        Column("id", Text, nullable=False),
        Column("chain", Text, nullable=False),
        Column("kind", Text, nullable=False),
        Column("type", Text, nullable=False),
        _text("case_id"),
        Column("body", LargeBinary, nullable=False),
        _instant("created_at"),
        _instant("sent_at"),
        Column("sends", Integer, nullable=False, server_default=text("1")),
        Index("link_outbox_created", "created_at", postgresql_using="brin"),
    )


def _inbox(metadata: MetaData) -> Table:
    """Every frame applied; an id is applied once, also when a new epoch brings it again."""
    return Table(
        "link_inbox",
        metadata,
        *_place(),
        Column("id", Text, nullable=False),
        _text("case_id"),
        Column("outcome", Text, nullable=False),
        Column("body", LargeBinary, nullable=False),
        _instant("applied_at"),
        UniqueConstraint("peer", "id", name="link_inbox_once"),
        Index("link_inbox_applied", "applied_at", postgresql_using="brin"),
    )


def _hold(metadata: MetaData) -> Table:
    """Frames that wait behind a gap."""
    return Table(
        "link_hold",
        metadata,
        *_place(),
        Column("id", Text, nullable=False),
        Column("chain", Text, nullable=False),
        _text("fault"),
        Column("body", LargeBinary, nullable=False),
        _instant("held_at"),
    )


def _quarantine(metadata: MetaData) -> Table:
    """Messages whose handler failed, and later ones of the same case that wait behind them."""
    return Table(
        "link_quarantine",
        metadata,
        Column("position", BigInteger, Identity(always=True), primary_key=True),
        Column("peer", Text, nullable=False),
        Column("case_key", Text, nullable=False),
        Column("id", Text, nullable=False),
        _text("code"),
        Column("body", LargeBinary, nullable=False),
        Column("attempts", Integer, nullable=False, server_default=text("0")),
        _instant("first_at"),
        _instant("next_at"),
        Index("link_quarantine_case", "case_key", "position"),
        Index("link_quarantine_next", "next_at"),
    )


def _refused(metadata: MetaData) -> Table:
    """What was not let in and why; a body too large to be a frame is known by its digest only."""
    return Table(
        "link_refused",
        metadata,
        Column("position", BigInteger, Identity(always=True), primary_key=True),
        _text("peer"),
        _text("routing_key"),
        _text("id"),
        Column("reason", Text, nullable=False),
        Column("size", Integer, nullable=False),
        Column("digest", Text, nullable=False),
        Column("body", LargeBinary),
        _instant("refused_at"),
        Index("link_refused_at", "refused_at", postgresql_using="brin"),
    )


def _comparison(metadata: MetaData) -> Table:
    """Comparisons of the books that this node began, and what they found."""
    return Table(
        "book_comparison",
        metadata,
        Column("id", Text, primary_key=True),
        Column("child", Text, nullable=False),
        Column("state", Text, nullable=False),
        _count("cases"),
        Column("suspects", JSONB, nullable=False, server_default=text("'[]'::jsonb")),
        Column("found", JSONB, nullable=False, server_default=text("'[]'::jsonb")),
        _instant("begun_at"),
        _instant("finished_at", nullable=True),
    )


def _part(metadata: MetaData) -> Table:
    """Parts of an answer that comes in several messages."""
    return Table(
        "book_part",
        metadata,
        Column("comparison", Text, primary_key=True),
        Column("round_number", Integer, primary_key=True, autoincrement=False),
        Column("part", Integer, primary_key=True, autoincrement=False),
        Column("entries", JSONB, nullable=False),
    )


def _recovery(metadata: MetaData) -> Table:
    """What this node asked each neighbour for after its database was restored."""
    return Table(
        "link_recovery",
        metadata,
        Column("peer", Text, primary_key=True),
        Column("epoch", Text, nullable=False),
        Column("after", BigInteger, nullable=False),
        _instant("begun_at"),
        _instant("asked_at", nullable=True),
        _instant("finished_at", nullable=True),
        _count("frames"),
        _count("missing"),
        Column("given_up", Boolean, nullable=False, server_default=text("false")),
    )


def _recovered(metadata: MetaData) -> Table:
    """What came back and waits for its place: events by case and number, answers by what they answer."""
    return Table(
        "link_recovered",
        metadata,
        Column("kind", Text, primary_key=True),
        Column("key", Text, primary_key=True),
        Column("seq", Integer, primary_key=True, autoincrement=False, server_default=text("0")),
        Column("peer", Text, nullable=False),
        Column("body", Text, nullable=False),
    )
