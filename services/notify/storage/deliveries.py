"""Deliveries on the connection of one transaction: written once, claimed by one, settled by whoever holds the claim."""

import json
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row

from services.notify.domain.deliveries import Claimed, Delivery, Settled, State
from services.notify.domain.questions import Kept, Paging
from services.notify.domain.rules import Channel

_TEXTS = ("id", "event_id", "rule", "kind", "case_no", "channel", "node", "role", "unit", "template", "state")
_ADD = """
INSERT INTO notify.delivery (id, event_id, rule, kind, case_no, channel, node, role, unit, template, state,
                             facts, happened_at, created_at, due_at, settled_at)
SELECT id, event_id, rule, kind, case_no, channel, node, role, unit, template, state,
       facts, happened_at, created_at,
       CASE WHEN channel = 'mail' THEN created_at END, CASE WHEN channel = 'inbox' THEN created_at END
FROM unnest(%s::text[], %s::text[], %s::text[], %s::text[], %s::text[], %s::text[], %s::text[], %s::text[], %s::text[],
            %s::text[], %s::text[], %s::jsonb[], %s::timestamptz[], %s::timestamptz[])
     WITH ORDINALITY AS new (id, event_id, rule, kind, case_no, channel, node, role, unit, template, state,
                             facts, happened_at, created_at, place)
ORDER BY place
ON CONFLICT (id) DO NOTHING
RETURNING channel
"""
_CLAIM = """
WITH due AS (
    SELECT id FROM notify.delivery WHERE due_at <= %s ORDER BY due_at, position LIMIT %s FOR UPDATE SKIP LOCKED
), taken AS (
    UPDATE notify.delivery AS mine
    SET state = 'sending', attempts = mine.attempts + 1, due_at = %s
    FROM due WHERE mine.id = due.id
    RETURNING mine.position, mine.id, mine.rule, mine.kind, mine.case_no, mine.template, mine.facts, mine.attempts,
              mine.due_at
)
SELECT taken.*, coalesce(known.sealed, true) AS sealed
FROM taken LEFT JOIN notify.case_standing AS known USING (case_no) ORDER BY taken.position
"""
_SETTLE = """
UPDATE notify.delivery
SET state = %s, reason = %s, due_at = %s::timestamptz, settled_at = CASE WHEN %s::timestamptz IS NULL THEN %s END
WHERE id = %s AND attempts = %s AND state = 'sending'
"""
_GIVE_BACK = """
UPDATE notify.delivery AS mine
SET state = CASE WHEN mine.attempts > 1 THEN 'failed' ELSE 'waiting' END, attempts = mine.attempts - 1, due_at = %s,
    reason = coalesce(nullif(%s, ''), mine.reason)
FROM unnest(%s::text[], %s::integer[]) AS back (id, attempts)
WHERE (mine.id, mine.attempts, mine.state) = (back.id, back.attempts, 'sending')
"""
_REVIVE = """
UPDATE notify.delivery SET state = 'waiting', attempts = 0, reason = '', due_at = %s, settled_at = NULL
WHERE id = %s AND channel = 'mail' AND state IN ('dead', 'skipped')
"""
_KEPT = (
    "SELECT position, id, rule, kind, case_no, channel, role, unit, state, attempts, reason, happened_at, due_at,"
    " settled_at FROM notify.delivery"
)
_ABOUT = f"{_KEPT} WHERE case_no = %s ORDER BY position LIMIT %s"
_DEAD = f"{_KEPT} WHERE state = 'dead' AND position > %s ORDER BY position LIMIT %s"
_STANDING = """
SELECT (SELECT count(*) FROM notify.delivery WHERE due_at IS NOT NULL),
       (SELECT min(created_at) FROM notify.delivery WHERE due_at IS NOT NULL),
       (SELECT count(*) FROM notify.delivery WHERE state = 'dead')
"""


class SqlDeliveries:
    """The table delivery. `added` counts what was written, by channel, until the transaction ends."""

    def __init__(self, connection: Connection, added: Counter[str]) -> None:
        self._connection = connection
        self._added = added

    def add(self, deliveries: Sequence[Delivery]) -> None:
        """Write those that are not there yet; what goes to an inbox has arrived with that."""
        if not deliveries:
            return
        columns: list[list[Any]] = [[_value(each, name) for each in deliveries] for name in _TEXTS]
        columns.append([json.dumps(dict(each.facts), ensure_ascii=False) for each in deliveries])
        columns += [[getattr(each, name) for each in deliveries] for name in ("happened_at", "created_at")]
        written = self._connection.exec_driver_sql(_ADD, tuple(columns))
        self._added.update(channel for (channel,) in written)

    def claim(self, now: datetime, lease: datetime, limit: int) -> list[Claimed]:
        """Take mails that are due. A case that is not known counts as sealed: nothing is said too much."""
        rows = self._connection.exec_driver_sql(_CLAIM, (now, limit, lease))
        return [_claimed(row) for row in rows]

    def settle(self, claimed: Claimed, settled: Settled, now: datetime) -> bool:
        """Write what became of a mail; a claim that was lost meanwhile writes nothing."""
        values = (settled.state.value, settled.reason, settled.due_at, settled.due_at, now)
        done = self._connection.exec_driver_sql(_SETTLE, (*values, claimed.id, claimed.attempts))
        return bool(done.rowcount)

    def give_back(self, claimed: Sequence[Claimed], reason: str, now: datetime) -> None:
        """Undo claims; "" leaves the reason as it was."""
        ids, attempts = [each.id for each in claimed], [each.attempts for each in claimed]
        self._connection.exec_driver_sql(_GIVE_BACK, (now, reason, ids, attempts))

    def about(self, case_no: str, limit: int) -> list[Kept]:
        """Return the deliveries of a case, oldest first."""
        return [_kept(row) for row in self._connection.exec_driver_sql(_ABOUT, (case_no, limit))]

    def dead(self, paging: Paging) -> list[Kept]:
        """Return one more than a page of dead mails, oldest first."""
        found = self._connection.exec_driver_sql(_DEAD, (paging.after or 0, paging.limit + 1))
        return [_kept(row) for row in found]

    def revive(self, delivery_id: str, now: datetime) -> bool:
        """Let a dead or skipped mail be sent anew."""
        return bool(self._connection.exec_driver_sql(_REVIVE, (now, delivery_id)).rowcount)

    def standing(self) -> tuple[int, datetime | None, int]:
        """Return how many mails wait, since when the oldest does, and how many are dead."""
        waiting, oldest, dead = self._connection.exec_driver_sql(_STANDING).one()
        return waiting, oldest, dead


def _value(each: Delivery, name: str) -> str:
    if name == "state":
        return (State.WAITING if each.channel is Channel.MAIL else State.SENT).value
    return str(getattr(each, name))


def _claimed(row: Row[Any]) -> Claimed:
    return Claimed(
        id=row.id,
        rule=row.rule,
        kind=row.kind,
        case_no=row.case_no,
        template=row.template,
        facts=row.facts,
        sealed=row.sealed,
        attempts=row.attempts,
        lease=row.due_at,
    )


def _kept(row: Row[Any]) -> Kept:
    return Kept(**{**row._asdict(), "channel": Channel(row.channel)})
