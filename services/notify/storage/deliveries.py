"""Deliveries on the connection of one transaction: written once, claimed by one, settled by whoever holds the claim.

A delivery keeps the trace of the message it follows from, because it is sent later, by a timer.
"""

import json
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row

from lianxi.runtime import tracing
from services.notify.domain.deliveries import Claimed, Delivery, Settled, State
from services.notify.domain.questions import Kept, Paging
from services.notify.domain.rules import Channel

_TEXTS = (
    "id",
    "event_id",
    "rule",
    "kind",
    "case_no",
    "channel",
    "node",
    "role",
    "unit",
    "template",
    "state",
    "others",
    "language",
)
_ADD = """
INSERT INTO notify.delivery (id, event_id, rule, kind, case_no, channel, node, role, unit, template, state, others,
                             language, facts, happened_at, created_at, urgent, gather_at, trace, due_at, settled_at)
SELECT id, event_id, rule, kind, case_no, channel, node, role, unit, template, state, others,
       language, facts, happened_at, created_at, urgent, gather_at, trace,
       CASE WHEN channel <> 'inbox' THEN created_at END, CASE WHEN channel = 'inbox' THEN created_at END
FROM unnest(%s::text[], %s::text[], %s::text[], %s::text[], %s::text[], %s::text[], %s::text[], %s::text[], %s::text[],
            %s::text[], %s::text[], %s::text[], %s::text[], %s::jsonb[], %s::timestamptz[], %s::timestamptz[],
            %s::boolean[], %s::timestamptz[], %s::text[])
     WITH ORDINALITY AS new (id, event_id, rule, kind, case_no, channel, node, role, unit, template, state, others,
                             language, facts, happened_at, created_at, urgent, gather_at, trace, place)
ORDER BY place
ON CONFLICT (id) DO NOTHING
RETURNING channel
"""
_CLAIM = """
WITH due AS (
    SELECT id FROM notify.delivery
    WHERE due_at <= %s AND channel = %s ORDER BY due_at, position LIMIT %s FOR UPDATE SKIP LOCKED
), taken AS (
    UPDATE notify.delivery AS mine
    SET state = 'sending', attempts = mine.attempts + 1, due_at = %s
    FROM due WHERE mine.id = due.id
    RETURNING mine.*
)
SELECT taken.id, taken.rule, taken.kind, taken.case_no, taken.template, taken.facts, taken.attempts, taken.due_at,
       taken.channel, taken.others, taken.urgent, taken.language, taken.provider, taken.trace,
       coalesce(known.sealed, true) AS sealed
FROM taken LEFT JOIN notify.case_standing AS known USING (case_no) ORDER BY taken.position
"""
_SETTLE = """
UPDATE notify.delivery
SET state = %(state)s, reason = %(reason)s, due_at = %(due_at)s::timestamptz, channel = %(channel)s,
    others = %(others)s, provider = %(provider)s, receipt = %(receipt)s,
    attempts = coalesce(%(attempts)s, attempts), asked = 0, ask_at = NULL,
    settled_at = CASE WHEN %(due_at)s::timestamptz IS NULL THEN %(now)s END
WHERE id = %(id)s AND attempts = %(claimed)s AND state = 'sending'
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
WHERE id = %s AND channel <> 'inbox' AND state IN ('dead', 'skipped', 'returned')
"""
_KEPT = (
    "SELECT position, id, rule, kind, case_no, channel, role, unit, state, attempts, reason, happened_at, due_at,"
    " settled_at, provider, (SELECT count(*) FROM notify.attempt WHERE delivery_id = delivery.id) AS tries,"
    " template, facts, coalesce((SELECT sealed FROM notify.case_standing AS known"
    " WHERE known.case_no = delivery.case_no), true) AS sealed"
    " FROM notify.delivery"
)
_REDIRECT = """
UPDATE notify.delivery SET channel = %s, others = %s, language = %s
WHERE id = %s AND state = 'waiting' AND attempts = 0
"""
_FACTS = """
SELECT facts FROM notify.delivery WHERE case_no = %s AND kind = ANY(%s::text[]) ORDER BY position DESC LIMIT 1
"""
_WAITING = """
SELECT id, rule FROM notify.delivery
WHERE case_no = %s AND channel <> 'inbox' AND state = 'waiting' AND attempts = 0 FOR UPDATE SKIP LOCKED
"""
_BY_RECEIPT = """
SELECT id, channel, others, state FROM notify.delivery
WHERE provider = %s AND receipt = %s AND state = 'sent' FOR UPDATE
"""
_MOVE = """
UPDATE notify.delivery
SET state = %s, reason = %s, due_at = %s::timestamptz, channel = %s, others = %s, attempts = coalesce(%s, attempts),
    settled_at = CASE WHEN %s::timestamptz IS NULL THEN %s END
WHERE id = %s
"""
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
        timed = ("happened_at", "created_at", "urgent", "gather_at")
        columns += [[getattr(each, name) for each in deliveries] for name in timed]
        columns.append([tracing.passed_on(each.case_no) for each in deliveries])
        written = self._connection.exec_driver_sql(_ADD, tuple(columns))
        self._added.update(channel for (channel,) in written)

    def claim(self, channel: Channel, now: datetime, lease: datetime, limit: int) -> list[Claimed]:
        """Take messages that are due. A case that is not known counts as sealed: nothing is said too much."""
        rows = self._connection.exec_driver_sql(_CLAIM, (now, channel.value, limit, lease))
        return [_claimed(row) for row in rows]

    def settle(self, claimed: Claimed, settled: Settled, now: datetime) -> bool:
        """Write what became of a mail; a claim that was lost meanwhile writes nothing."""
        values = {
            "state": settled.state.value,
            "reason": settled.reason,
            "due_at": settled.due_at,
            "channel": settled.channel.value,
            "others": _joined(settled.others),
            "provider": settled.provider,
            "receipt": settled.receipt,
            "attempts": settled.attempts,
            "now": now,
            "id": claimed.id,
            "claimed": claimed.attempts,
        }
        return bool(self._connection.exec_driver_sql(_SETTLE, values).rowcount)

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
        """Let a message that nobody got be sent anew."""
        return bool(self._connection.exec_driver_sql(_REVIVE, (now, delivery_id)).rowcount)

    def facts(self, case_no: str, kinds: Sequence[str]) -> dict[str, str] | None:
        """Return the facts of the newest delivery of a case by messages of these kinds, None if there is none."""
        found: dict[str, str] | None = self._connection.exec_driver_sql(
            _FACTS, (case_no, list(kinds))
        ).scalar_one_or_none()
        return found

    def untried(self, case_no: str) -> list[tuple[str, str]]:
        """Return id and rule of the messages about a case that nobody has tried to send yet."""
        return [(row.id, row.rule) for row in self._connection.exec_driver_sql(_WAITING, (case_no,))]

    def redirect(self, delivery_id: str, channels: Sequence[Channel], language: str) -> None:
        """Let an untried message go by these channels instead."""
        first, *rest = channels
        self._connection.exec_driver_sql(_REDIRECT, (first.value, _joined(rest), language, delivery_id))

    def by_receipt(self, provider: str, receipt: str) -> tuple[str, Channel, tuple[Channel, ...]] | None:
        """Return the message a provider took under this number and nobody has confirmed yet, locked."""
        row = self._connection.exec_driver_sql(_BY_RECEIPT, (provider, receipt)).one_or_none()
        return None if row is None else (row.id, Channel(row.channel), _split(row.others))

    def move(self, delivery_id: str, settled: Settled, now: datetime) -> None:
        """Write where a message stands that is not being sent."""
        values = (settled.state.value, settled.reason, settled.due_at, settled.channel.value, _joined(settled.others))
        more = (settled.attempts, settled.due_at, now, delivery_id)
        self._connection.exec_driver_sql(_MOVE, (*values, *more))

    def standing(self) -> tuple[int, datetime | None, int]:
        """Return how many mails wait, since when the oldest does, and how many are dead."""
        waiting, oldest, dead = self._connection.exec_driver_sql(_STANDING).one()
        return waiting, oldest, dead


def _value(each: Delivery, name: str) -> str:
    if name == "state":
        gathered = State.GATHERED if each.gather_at else State.SENT
        return (gathered if each.channel is Channel.INBOX else State.WAITING).value
    if name == "others":
        return _joined(each.others)
    return str(getattr(each, name))


def _joined(channels: Sequence[Channel]) -> str:
    return ",".join(channels)


def _split(text: str) -> tuple[Channel, ...]:
    return tuple(Channel(word) for word in text.split(",") if word)


def _claimed(row: Row[Any]) -> Claimed:
    known = row._asdict()
    lease, channel, others = known.pop("due_at"), Channel(known.pop("channel")), _split(known.pop("others"))
    return Claimed(**known, lease=lease, channel=channel, others=others)


def _kept(row: Row[Any]) -> Kept:
    return Kept(**{**row._asdict(), "channel": Channel(row.channel)})
