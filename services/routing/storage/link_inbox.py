"""The receiving side of the links in the database: where each stream stands, what waits, failed or was refused."""

import hashlib
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from lianxi.bus.engine import run_soon
from services.routing.domain.link_frames import Frame, Place, Quarantined, Refusal
from services.routing.domain.link_protocol import Epoch, Inbound
from services.routing.domain.link_reading import letter_in

KEPT_BODY = 64 * 1024
"""Bytes of a refused body that is kept whole; of a larger one the digest tells what it was."""
RETRY_PAUSES = (5, 30, 120, 600, 900)
"""Seconds until a message in quarantine is tried again, the last for ever."""

_RECEIVER = "peer, epoch, applied, chain, held, held_min, peer_sent, heard, heard_at"
_LOCK = f"SELECT {_RECEIVER} FROM {{s}}.link_receiver WHERE peer = %s FOR UPDATE"
_ALL = f"SELECT {_RECEIVER} FROM {{s}}.link_receiver"
_BEGIN = "INSERT INTO {s}.link_receiver (peer) VALUES (%s) ON CONFLICT DO NOTHING"
_SAVE = """
UPDATE {s}.link_receiver SET epoch = %s, applied = %s, chain = %s, held = %s, held_min = %s, peer_sent = %s,
    heard = %s, heard_at = %s
WHERE peer = %s
"""
_HELD = "SELECT link_seq, chain, id FROM {s}.link_hold WHERE peer = %s AND epoch = %s"
_HELD_FRAMES = """
SELECT link_seq, chain, id, fault, body FROM {s}.link_hold
WHERE peer = %s AND epoch = %s AND link_seq BETWEEN %s AND %s
"""
_HOLD = """
INSERT INTO {s}.link_hold (peer, epoch, link_seq, id, chain, fault, body, held_at)
SELECT row.*, %s
FROM unnest(%s::text[], %s::text[], %s::bigint[], %s::text[], %s::text[], %s::text[], %s::bytea[])
     AS row (peer, epoch, link_seq, id, chain, fault, body)
ON CONFLICT DO NOTHING
"""
_UNHOLD = "DELETE FROM {s}.link_hold WHERE peer = %s AND epoch = %s AND (link_seq <= %s OR link_seq >= %s)"
_ARCHIVE = """
INSERT INTO {s}.link_inbox (peer, epoch, link_seq, id, case_id, outcome, body, applied_at)
SELECT row.*, %s
FROM unnest(%s::text[], %s::text[], %s::bigint[], %s::text[], %s::text[], %s::text[], %s::bytea[])
     AS row (peer, epoch, link_seq, id, case_id, outcome, body)
ON CONFLICT DO NOTHING RETURNING id
"""
_BLOCKED = "SELECT DISTINCT case_key FROM {s}.link_quarantine WHERE case_key = ANY(%s) AND peer = %s"
_QUARANTINE = """
INSERT INTO {s}.link_quarantine (peer, case_key, id, code, body, attempts, first_at, next_at)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s)
"""
_DUE = """
SELECT case_key FROM (
    SELECT DISTINCT ON (case_key) case_key, next_at FROM {s}.link_quarantine ORDER BY case_key, position
) AS oldest
WHERE next_at <= %s ORDER BY next_at LIMIT %s
"""
_OF_CASE = """
SELECT position, peer, id, code, body, attempts FROM {s}.link_quarantine WHERE case_key = %s
ORDER BY position FOR UPDATE SKIP LOCKED
"""
_FAILED = "UPDATE {s}.link_quarantine SET code = %s, attempts = %s, next_at = %s WHERE position = %s"
_REFUSE = """
INSERT INTO {s}.link_refused (peer, routing_key, id, reason, size, digest, body, refused_at)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s)
"""
_PRUNE = (
    """
DELETE FROM {s}.link_outbox WHERE ctid = ANY(ARRAY(
    SELECT o.ctid FROM {s}.link_outbox o JOIN {s}.link_sender l USING (peer)
    WHERE o.created_at < %s AND (o.epoch <> l.epoch OR o.link_seq <= l.acked) LIMIT %s))
""",
    """
DELETE FROM {s}.link_inbox WHERE ctid = ANY(ARRAY(
    SELECT ctid FROM {s}.link_inbox WHERE applied_at < %s LIMIT %s))
""",
    """
DELETE FROM {s}.link_refused WHERE ctid = ANY(ARRAY(
    SELECT ctid FROM {s}.link_refused WHERE refused_at < %s LIMIT %s))
""",
    """
DELETE FROM {s}.link_hold WHERE ctid = ANY(ARRAY(
    SELECT h.ctid FROM {s}.link_hold h JOIN {s}.link_receiver l USING (peer)
    WHERE h.held_at < %s AND h.epoch <> l.epoch LIMIT %s))
""",
)


class LinkInbox:
    """What came to this node from its neighbours, on the connection of one transaction."""

    def __init__(self, connection: Connection, schema: str) -> None:
        self._connection = connection
        self._schema = schema

    def _run(self, statement: str, *values: Any) -> Any:
        return self._connection.exec_driver_sql(statement.format(s=self._schema), values)

    def inbound(self, peer: str) -> Inbound:
        """Return the stream from a neighbour, locked."""
        row = self._run(_LOCK, peer).first()
        if row is None:
            self._run(_BEGIN, peer)
            row = self._run(_LOCK, peer).one()
        return _inbound(row._mapping)  # noqa: SLF001  (the documented way to a row's columns by name)

    def inbounds(self) -> dict[str, Inbound]:
        """Return the streams from all neighbours heard so far, not locked."""
        return {row["peer"]: _inbound(row) for row in self._run(_ALL).mappings()}

    def save_inbound(self, inbound: Inbound) -> None:
        """Write where a stream stands."""
        where = (inbound.applied, inbound.chain, inbound.held, inbound.held_min)
        heard = (inbound.peer_sent, inbound.heard, inbound.heard_at)
        values = (str(inbound.epoch or ""), *where, *heard, inbound.peer)
        run_soon(self._connection, _SAVE.format(s=self._schema), values)

    def held(self, peer: str, epoch: Epoch) -> dict[int, tuple[Place, str]]:
        """Return place and id of what waits behind a gap."""
        rows = self._run(_HELD, peer, str(epoch))
        return {row.link_seq: (Place(peer, str(epoch), row.link_seq, row.chain), row.id) for row in rows}

    def held_frames(self, peer: str, epoch: Epoch, first: int, last: int) -> dict[int, Frame]:
        """Return what waits behind a gap, whole."""
        frames: dict[int, Frame] = {}
        for row in self._run(_HELD_FRAMES, peer, str(epoch), first, last):
            body = bytes(row.body)
            frames[row.link_seq] = Frame(
                id=row.id,
                place=Place(peer, str(epoch), row.link_seq, row.chain),
                letter=None if row.fault else letter_in(body),
                body=body,
                reason=row.fault,
            )
        return frames

    def hold(self, frames: Sequence[Frame], now: datetime) -> None:
        """Keep frames until the gap before them is filled."""
        if not frames:
            return
        columns = ([f.reason for f in frames], [f.body for f in frames])
        self._run(_HOLD, now, *_places(frames), [f.id for f in frames], [f.place.chain for f in frames], *columns)

    def unhold(self, peer: str, epoch: Epoch, *, upto: int | None = None, first: int | None = None) -> None:
        """Forget what is held up to a number, or from a number on."""
        self._run(_UNHOLD, peer, str(epoch), upto, first)

    def archive(self, frames: Sequence[tuple[Frame, str]], now: datetime) -> set[str]:
        """Keep applied frames with their outcome; return the ids that were not applied before."""
        only = [frame for frame, _ in frames]
        columns = (
            [frame.id for frame in only],
            [frame.letter.case_id if frame.letter else "" for frame in only],
            [outcome for _, outcome in frames],
            [frame.body if frame.letter else b"" for frame in only],
        )
        return {row.id for row in self._run(_ARCHIVE, now, *_places(only), *columns)}

    def quarantined(self, peer: str, case_keys: Collection[str]) -> set[str]:
        """Return which of these cases have a message in quarantine."""
        return set(self._run(_BLOCKED, list(case_keys), peer).scalars())

    def quarantine(self, messages: Sequence[Quarantined], now: datetime) -> None:
        """Keep messages whose handler failed."""
        for message in messages:
            frame, due = message.frame, _next_attempt(message.attempts, now)
            key = (frame.place.peer, frame.case_key, frame.id)
            self._run(_QUARANTINE, *key, message.code, frame.body, message.attempts, now, due)

    def due_cases(self, now: datetime, limit: int) -> list[str]:
        """Return cases whose oldest message in quarantine may be tried again."""
        return list(self._run(_DUE, now, limit).scalars())

    def of_case(self, case_key: str) -> list[Quarantined]:
        """Return the messages of a case in quarantine, in order, locked; none while another worker has them."""
        return [_quarantined(row) for row in self._run(_OF_CASE, case_key).mappings()]

    def release(self, position: int) -> None:
        """Forget a message that was delivered at last."""
        self._run("DELETE FROM {s}.link_quarantine WHERE position = %s", position)

    def failed_again(self, position: int, code: str, attempts: int, now: datetime) -> None:
        """Write down a further failure and when to try next."""
        self._run(_FAILED, code, attempts, _next_attempt(attempts, now), position)

    def refuse(self, refusals: Sequence[Refusal], now: datetime) -> None:
        """Keep what was not let in, with the reason."""
        for refusal in refusals:
            size, digest = len(refusal.body), hashlib.sha256(refusal.body).hexdigest()
            body = refusal.body if size <= KEPT_BODY else None
            told = (refusal.peer, refusal.routing_key[:255], refusal.id, refusal.reason)
            self._run(_REFUSE, *told, size, digest, body, now)

    def prune(self, before: datetime, limit: int) -> int:
        """Delete acked, applied and refused frames from before an instant; return how many."""
        return sum(self._run(statement, before, limit).rowcount for statement in _PRUNE)


def _places(frames: Sequence[Frame]) -> tuple[list[str], list[str], list[int]]:
    places = [frame.place for frame in frames]
    return [p.peer for p in places], [p.epoch for p in places], [p.seq for p in places]


def _quarantined(row: Mapping[str, Any]) -> Quarantined:
    body = bytes(row["body"])
    frame = Frame(id=row["id"], place=Place(row["peer"], "", 0, ""), letter=letter_in(body), body=body)
    return Quarantined(frame=frame, code=row["code"], attempts=row["attempts"], position=row["position"])


def _next_attempt(attempts: int, now: datetime) -> datetime:
    pause = 0 if attempts == 0 else RETRY_PAUSES[min(attempts, len(RETRY_PAUSES)) - 1]
    return now + timedelta(seconds=pause)


def _inbound(row: Mapping[str, Any]) -> Inbound:
    fields = dict(row)
    return Inbound(epoch=Epoch.parse(fields.pop("epoch")), **fields)
