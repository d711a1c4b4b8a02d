"""What a restored node asked its neighbours for, and what came back and still waits for its place."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from services.routing.domain.link_protocol import Epoch
from services.routing.domain.link_replay import Recovery

_FIELDS = "peer, epoch, after, begun_at, asked_at, finished_at, frames, missing, given_up"
_BEGIN = """
INSERT INTO {s}.link_recovery AS known (peer, epoch, after, begun_at) VALUES (%s, %s, %s, %s)
ON CONFLICT (peer) DO UPDATE SET epoch = excluded.epoch, after = excluded.after, begun_at = excluded.begun_at,
    asked_at = NULL, finished_at = NULL, frames = 0, missing = 0, given_up = false
WHERE known.finished_at IS NOT NULL
"""
_GOT = """
UPDATE {s}.link_recovery SET frames = frames + %s, missing = greatest(missing, %s), finished_at = %s WHERE peer = %s
"""
_ARCHIVED = """
SELECT epoch, link_seq, body FROM {s}.link_inbox
WHERE peer = %s AND octet_length(body) > 0
  AND ((epoch = %s AND link_seq > %s) OR (epoch <> %s AND split_part(epoch, '.', 1)::bigint >= %s))
ORDER BY split_part(epoch, '.', 1)::bigint, epoch, link_seq
"""
_OLDEST = "SELECT min(link_seq) FROM {s}.link_inbox WHERE peer = %s AND epoch = %s"
_SENT = "SELECT id FROM {s}.link_outbox WHERE peer = %s AND id = ANY(%s)"
_KEEP = """
INSERT INTO {s}.link_recovered (kind, key, seq, peer, body) VALUES (%s, %s, %s, %s, %s) ON CONFLICT DO NOTHING
"""
_COUNT_ON = """
INSERT INTO {s}.document_counter AS known (kind, year, last) VALUES (%s, %s, %s)
ON CONFLICT (kind, year) DO UPDATE SET last = greatest(known.last, excluded.last)
"""
_TEXTS_LACKING = """
SELECT e.case_no FROM {s}.case_event e LEFT JOIN {s}.case_text t USING (case_no)
WHERE e.seq = 1 AND e.node = %s AND t.case_no IS NULL ORDER BY 1
"""
_DOCUMENTS_LACKING = """
SELECT e.case_no, e.body::jsonb #>> '{{data,document,number}}' AS number FROM {s}.case_event e
WHERE e.node = %s AND e.body::jsonb #>> '{{data,document,number}}' IS NOT NULL AND NOT EXISTS (
    SELECT FROM {s}.document d WHERE d.case_no = e.case_no AND d.number = e.body::jsonb #>> '{{data,document,number}}')
ORDER BY 1, 2
"""


class LinkRecovery:
    """Recoveries of this node, on the connection of one transaction."""

    def __init__(self, connection: Connection, schema: str) -> None:
        self._connection = connection
        self._schema = schema

    def _run(self, statement: str, *values: Any) -> Any:
        return self._connection.exec_driver_sql(statement.format(s=self._schema), values)

    def begin_recovery(self, peer: str, epoch: Epoch, after: int, now: datetime) -> None:
        """Note that a neighbour holds frames of ours that we forgot; one that is under way goes on."""
        self._run(_BEGIN, peer, str(epoch), after, now)

    def recoveries(self) -> list[Recovery]:
        """Return what was asked of each neighbour."""
        rows = self._run(f"SELECT {_FIELDS} FROM {{s}}.link_recovery ORDER BY peer")
        return [Recovery(**row) for row in rows.mappings()]

    def recovering(self) -> bool:
        """Return whether a neighbour has not answered yet."""
        found = self._run("SELECT 1 FROM {s}.link_recovery WHERE finished_at IS NULL LIMIT 1").first()
        return found is not None

    def asked_for_replay(self, peer: str, now: datetime) -> None:
        """Note that the question is on its way."""
        self._run("UPDATE {s}.link_recovery SET asked_at = %s WHERE peer = %s", now, peer)

    def got_replay(self, peer: str, frames: int, missing: int, finished_at: datetime | None) -> None:
        """Note a part of the answer, with an instant when it is the last."""
        self._run(_GOT, frames, missing, finished_at, peer)

    def give_up_recovery(self, peer: str, now: datetime) -> bool:
        """Go on without a neighbour's answer; return whether one was awaited."""
        statement = "UPDATE {s}.link_recovery SET given_up = true, finished_at = %s"
        result = self._run(f"{statement} WHERE peer = %s AND finished_at IS NULL", now, peer)
        return bool(result.rowcount)

    def archived(self, peer: str, epoch: Epoch, after: int) -> list[bytes]:
        """Return the bodies of applied frames of a neighbour after a place, and of its later epochs, in order."""
        return [bytes(row.body) for row in self._run(_ARCHIVED, peer, str(epoch), after, str(epoch), epoch.number)]

    def missing_in_archive(self, peer: str, epoch: Epoch, after: int) -> int:
        """Return how many frames right after a place are older than the archive."""
        oldest = self._run(_OLDEST, peer, str(epoch)).scalar()
        return max(0, oldest - after - 1) if oldest is not None else 0

    def already_sent(self, peer: str, ids: Collection[str]) -> set[str]:
        """Return which of these letters the outbox holds."""
        return set(self._run(_SENT, peer, list(ids)).scalars())

    def keep_recovered(self, kind: str, key: str, peer: str, body: str, seq: int = 0) -> None:
        """Keep something that came back until it finds its place."""
        self._run(_KEEP, kind, key, seq, peer, body)

    def recovered(self, kind: str, key: str) -> Mapping[int, str]:
        """Return what came back under a key, by number."""
        rows = self._run("SELECT seq, body FROM {s}.link_recovered WHERE kind = %s AND key = %s", kind, key)
        return {row.seq: row.body for row in rows}

    def recovered_keys(self, kind: str) -> list[str]:
        """Return under which keys something of a kind waits."""
        rows = self._run("SELECT DISTINCT key FROM {s}.link_recovered WHERE kind = %s ORDER BY key", kind)
        return list(rows.scalars())

    def forget_recovered(self, kind: str, key: str, seqs: Collection[int]) -> None:
        """Forget what found its place."""
        statement = "DELETE FROM {s}.link_recovered WHERE kind = %s AND key = %s AND seq = ANY(%s)"
        self._run(statement, kind, key, list(seqs))

    def texts_lacking(self, node: str) -> list[str]:
        """Return cases opened at this node of which the text is not here."""
        return list(self._run(_TEXTS_LACKING, node).scalars())

    def documents_lacking(self, node: str) -> list[tuple[str, str]]:
        """Return case and number of documents that this node issued and of which the text is not here."""
        return [(row.case_no, row.number) for row in self._run(_DOCUMENTS_LACKING, node)]

    def count_documents_on(self, kind: str, year: int, last: int) -> None:
        """See to it that the numbers of documents go on behind one that was given out before."""
        self._run(_COUNT_ON, kind, year, last)
