"""The sending side of the links in the database: where each stream stands, and every frame until long after its ack.

Written as plain statements that take a whole batch at once; frames go to the relay through the bus outbox of this
service. The id a frame has on the broker names its epoch and how often it was sent, because the inbox of the bus at
the other end passes over ids it has seen, and a frame is sent again only when it did not arrive.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from lianxi.bus.engine import run_soon
from lianxi.bus.messages import EXPIRATION, TRANSIENT, Outgoing
from lianxi.casework.identifiers import DivisionCode
from services.routing.domain.link_frames import ACK, PARCEL, SEAM, OutboxRow, Place, headers_of, packed
from services.routing.domain.link_protocol import Epoch
from services.routing.domain.link_sending import Outbound, SentRow

UP, DOWN = "link.out.up", "link.out.down"
ACK_LIFE = timedelta(seconds=60)

_SENDER = (
    "peer, epoch, last_seq, chain, acked, resend_next, resend_upto, newest_ack, heard_upto, probe, "
    "ack_sent_at, ack_said"
)
_LOCK = f"SELECT {_SENDER} FROM {{s}}.link_sender WHERE peer = ANY(%s) ORDER BY peer FOR UPDATE"
_BEGIN = "INSERT INTO {s}.link_sender (peer, epoch) VALUES (%s, %s) ON CONFLICT DO NOTHING"
_SAVE = """
UPDATE {s}.link_sender SET epoch = %s, last_seq = %s, chain = %s, acked = %s, resend_next = %s, resend_upto = %s,
    newest_ack = %s, heard_upto = %s, probe = %s, ack_sent_at = %s, ack_said = %s
WHERE peer = %s
"""
_APPEND = """
INSERT INTO {s}.link_outbox (peer, epoch, link_seq, id, chain, kind, type, case_id, body, created_at, sent_at)
SELECT %s, %s, row.*, %s
FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::text[], %s::text[], %s::text[], %s::bytea[], %s::timestamptz[])
     AS row (link_seq, id, chain, kind, type, case_id, body, created_at)
"""
_AGAIN = """
UPDATE {s}.link_outbox SET sent_at = %s, sends = sends + 1
WHERE peer = %s AND epoch = %s AND link_seq BETWEEN %s AND %s
RETURNING link_seq, id, chain, kind, type, body, sends
"""
_TAKE = """
DELETE FROM {s}.link_outbox WHERE peer = %s AND epoch = %s AND link_seq > %s RETURNING link_seq, body, created_at
"""
_ROW = "SELECT chain, sent_at, sends FROM {s}.link_outbox WHERE peer = %s AND epoch = %s AND link_seq = %s"
_OLDEST = "SELECT created_at FROM {s}.link_outbox WHERE peer = %s AND epoch = %s AND link_seq = %s"


class LinkOutbox:
    """What this node sent to its neighbours, on the connection of one transaction."""

    def __init__(
        self, connection: Connection, schema: str, node: DivisionCode, publish: Callable[[Outgoing], None]
    ) -> None:
        self._connection = connection
        self._schema = schema
        self._node = node
        self._publish = publish

    def _run(self, statement: str, *values: Any) -> Any:
        return self._connection.exec_driver_sql(statement.format(s=self._schema), values)

    def _run_soon(self, statement: str, *values: Any) -> None:
        run_soon(self._connection, statement.format(s=self._schema), values)

    def outbounds(self, peers: Collection[str], fresh: Callable[[], Epoch]) -> dict[str, Outbound]:
        """Return the streams to these neighbours, locked in order; one that is not there yet begins now."""
        rows = self._run(_LOCK, list(peers)).all()
        missing = sorted(set(peers) - {row.peer for row in rows})
        if missing:
            for peer in missing:
                self._run(_BEGIN, peer, str(fresh()))
            rows = self._run(_LOCK, list(peers)).all()
        return {row.peer: _outbound(row) for row in rows}

    def save_outbound(self, outbound: Outbound) -> None:
        """Write where a stream stands."""
        self._run_soon(
            _SAVE,
            str(outbound.epoch),
            outbound.last_seq,
            outbound.chain,
            outbound.acked,
            outbound.resend_next,
            outbound.resend_upto,
            outbound.newest_ack,
            outbound.heard_upto,
            outbound.probe,
            outbound.ack_sent_at,
            outbound.ack_said,
            outbound.peer,
        )

    def sent_row(self, peer: str, epoch: Epoch, seq: int) -> SentRow | None:
        """Return what is known of a frame, None when it is not kept."""
        row = self._run(_ROW, peer, str(epoch), seq).first()
        return None if row is None else SentRow(row.chain, row.sent_at, row.sends)

    def append(self, rows: Sequence[OutboxRow], now: datetime) -> None:
        """Keep new frames of one stream and hand them to the relay."""
        first = rows[0].place
        self._run_soon(
            _APPEND,
            first.peer,
            first.epoch,
            now,
            [row.place.seq for row in rows],
            [row.letter.id for row in rows],
            [row.place.chain for row in rows],
            [row.letter.kind for row in rows],
            [row.letter.type for row in rows],
            [row.letter.case_id for row in rows],
            [row.body for row in rows],
            [row.created_at for row in rows],
        )
        self._hand_over(
            [_Sent(row.place, row.letter.id, _name(row.letter.kind, row.letter.type), row.body) for row in rows]
        )

    def send_again(self, peer: str, epoch: Epoch, first: int, last: int, now: datetime) -> None:
        """Hand kept frames to the relay once more."""
        rows = self._run(_AGAIN, now, peer, str(epoch), first, last).all()
        self._hand_over(
            [
                _Sent(
                    Place(peer, str(epoch), row.link_seq, row.chain),
                    row.id,
                    _name(row.kind, row.type),
                    bytes(row.body),
                    row.sends,
                )
                for row in sorted(rows, key=lambda row: row.link_seq)
            ]
        )

    def take_after(self, peer: str, epoch: Epoch, seq: int) -> list[tuple[bytes, datetime]]:
        """Remove and return bodies and birth times of the frames after `seq`, in order."""
        rows = self._run(_TAKE, peer, str(epoch), seq).all()
        return [(bytes(row.body), row.created_at) for row in sorted(rows, key=lambda row: row.link_seq)]

    def oldest_unacked(self, peer: str, epoch: Epoch, acked: int) -> datetime | None:
        """Return when the first frame after `acked` was written."""
        born: datetime | None = self._run(_OLDEST, peer, str(epoch), acked + 1).scalar()
        return born

    def publish_ack(self, ack_id: str, peer: str, body: bytes) -> None:
        """Hand an ack to the relay; it may be lost, and expires after a minute."""
        headers = {EXPIRATION: str(int(ACK_LIFE.total_seconds() * 1000)), TRANSIENT: "false"}
        self._publish(Outgoing(ack_id, ACK, *self._road(peer, ACK), body, headers))

    def _hand_over(self, frames: Sequence["_Sent"]) -> None:
        """Give frames of one stream to the relay, in as few messages as they fit into.

        A message is named by its first frame, which is the first of one with this count of sendings only once.
        """
        for part in packed(len(frame.body) for frame in frames):
            parcel = frames[part]
            first, name = parcel[0], parcel[0].name if len(parcel) == 1 else PARCEL
            number = first.place.epoch.partition(".")[0]
            headers = headers_of(first.place, first.id, str(self._node))
            body = SEAM.join(frame.body for frame in parcel)
            road = self._road(first.place.peer, name)
            self._publish(Outgoing(f"{first.id}:{number}:{first.sends}", name, *road, body, headers))

    def _road(self, peer: str, name: str) -> tuple[str, str]:
        """Return exchange and routing key: up under our own code, down under the child's."""
        above = peer == str(self._node.parent)
        return (UP, f"{self._node}.{name}") if above else (DOWN, f"{peer}.{name}")


@dataclass(frozen=True, slots=True)
class _Sent:
    """A frame on its way to the relay, for the `sends`th time."""

    place: Place
    id: str
    name: str
    body: bytes
    sends: int = 1


def _name(kind: str, message: str) -> str:
    return f"{kind}.{message}"


def _outbound(row: Any) -> Outbound:
    fields = dict(row._mapping)  # noqa: SLF001  (the documented way to a row's columns by name)
    epoch = Epoch.parse(fields.pop("epoch"))
    if epoch is None:
        raise ValueError(f"link_sender of {row.peer} holds no epoch: restore the row or delete it")
    return Outbound(epoch=epoch, **fields)
