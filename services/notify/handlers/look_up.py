"""Show an inbox and mark its messages as read; list deliveries, and give a dead one another chance."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from lianxi.casework.errors import Forbidden, Unknown
from lianxi.law.receipts import in_shanghai
from services.notify.domain.deliveries import State
from services.notify.domain.questions import InboxQuery, Kept, MarkRead, Message, Paging, SendAgain, Tried
from services.notify.domain.rules import Channel
from services.notify.handlers.offices import Desk


class Deliveries(Protocol):
    """All deliveries of this node."""

    def about(self, case_no: str, limit: int) -> Sequence[Kept]:
        """Return the deliveries of a case, oldest first."""
        ...

    def dead(self, paging: Paging) -> Sequence[Kept]:
        """Return one more than a page of dead messages, oldest first."""
        ...

    def revive(self, delivery_id: str, now: datetime) -> bool:
        """Let a message that nobody got be sent from its first attempt on; return whether there is one."""
        ...


class Addressees(Protocol):
    """What was tried."""

    def tried(self, deliveries: Sequence[str]) -> Mapping[str, Sequence[Tried]]:
        """Return the attempts at each of these deliveries, oldest first."""
        ...


class Inbox(Protocol):
    """The messages to the officers of this node."""

    def page(self, query: InboxQuery) -> Sequence[Message]:
        """Return one more than a page of messages, newest first."""
        ...

    def gathered(self, digest_id: str, paging: Paging) -> Sequence[Message]:
        """Return one more than a page of the alerts of a digest, oldest first."""
        ...

    def recipient(self, delivery_id: str) -> tuple[str, str] | None:
        """Return role and unit a message is for, None if there is no such message."""
        ...

    def mark_read(self, delivery_id: str, person: str, at: datetime) -> datetime:
        """Note that a person has read it; return when that was first noted."""
        ...


class Work(Protocol):
    """One transaction."""

    @property
    def deliveries(self) -> Deliveries:
        """All deliveries."""
        ...

    @property
    def addressees(self) -> Addressees:
        """What was tried."""
        ...

    @property
    def inbox(self) -> Inbox:
        """The messages to officers."""
        ...


MOST_OF_A_CASE = 500
"""Deliveries of one case that a list shows."""

NO_SERVER = "no-mail-server"
"""Why a mail waits at a node without a mail server."""


class Numbered(Protocol):
    """A row with its place in the order."""

    @property
    def position(self) -> int:
        """The place."""
        ...


def show_inbox(query: InboxQuery, work: Work, desk: Desk) -> dict[str, Any]:
    """Return a page of messages to a role of this node, newest first."""
    _check_node(query.node, desk)
    found = work.inbox.page(query)
    return _page([_message(row, desk) for row in found], found, query.paging)


def show_digest(command: MarkRead, paging: Paging, work: Work, desk: Desk) -> dict[str, Any]:
    """Return a page of the alerts that were gathered into one message, oldest first, to whom it is addressed."""
    _check_addressee(command, work, desk)
    found = work.inbox.gathered(command.id, paging)
    return _page([_message(row, desk) for row in found], found, paging)


def mark_read(command: MarkRead, work: Work, desk: Desk) -> dict[str, Any]:
    """Note that an officer has read a message addressed to him; a second time changes nothing."""
    _check_addressee(command, work, desk)
    read_at = work.inbox.mark_read(command.id, command.actor.person, desk.clock.now())
    return {"id": command.id, "read_at": _instant(read_at)}


def list_deliveries(case_no: str, work: Work, desk: Desk, *, has_server: bool) -> dict[str, Any]:
    """Return what this node owed to whom about a case, what became of it, and every attempt."""
    found = work.deliveries.about(case_no, MOST_OF_A_CASE)
    tried = work.addressees.tried([row.id for row in found if row.tries])
    return {
        "rows": [
            {**_kept(row, desk, has_server=has_server), "tried": [_tried(each) for each in tried.get(row.id, ())]}
            for row in found
        ]
    }


def list_dead_letters(paging: Paging, work: Work, desk: Desk) -> dict[str, Any]:
    """Return a page of mails that were given up, oldest first."""
    found = work.deliveries.dead(paging)
    return _page([_kept(row, desk, has_server=True) for row in found], found, paging)


def send_again(command: SendAgain, work: Work, desk: Desk, wall: datetime) -> dict[str, Any]:
    """Let a mail that was given up, or had no address, be sent from its first attempt on."""
    _check_node(command.actor.node, desk)
    if not work.deliveries.revive(command.id, wall):
        raise Unknown("未送达的通知", "该编号")
    return {"id": command.id, "state": State.WAITING.value}


def _check_addressee(command: MarkRead, work: Work, desk: Desk) -> None:
    _check_node(command.actor.node, desk)
    recipient = work.inbox.recipient(command.id)
    if recipient is None:
        raise Unknown("消息", "该编号")
    role, unit = recipient
    if role != command.actor.role or unit not in {"", command.actor.unit}:
        raise Forbidden("这条消息不是发给您的岗位的。", rule="inbox")


def _check_node(node: str, desk: Desk) -> None:
    if node != desk.office.node:
        raise Forbidden("只能查看本节点的消息。", rule="node-scope", field="node")


def _page(rows: list[dict[str, Any]], found: Sequence[Numbered], paging: Paging) -> dict[str, Any]:
    """Return so many rows and where the next page begins; one row too many was asked for to know."""
    more = len(found) > paging.limit
    return {"rows": rows[: paging.limit], "next": str(found[paging.limit - 1].position) if more else None}


def _message(row: Message, desk: Desk) -> dict[str, Any]:
    words = desk.texts.words(row.template, row.facts, desk.office, sealed=row.sealed)
    return {
        "id": row.id,
        "at": _instant(row.happened_at),
        "kind": row.kind,
        "case_no": row.case_no,
        "title": words.title,
        "body": words.body,
        "read_at": _instant(row.read_at),
    }


def _kept(row: Kept, desk: Desk, *, has_server: bool) -> dict[str, Any]:
    waits = row.channel is not Channel.INBOX and row.due_at is not None
    no_server = waits and row.channel is Channel.MAIL and not has_server
    return {
        "id": row.id,
        "at": _instant(row.happened_at),
        "rule": row.rule,
        "title": desk.texts.words(row.template, row.facts, desk.office, sealed=row.sealed).title,
        "kind": row.kind,
        "case_no": row.case_no,
        "channel": row.channel.value,
        "role": row.role,
        "unit": row.unit,
        "state": row.state,
        "attempts": row.attempts,
        "reason": NO_SERVER if no_server else row.reason,
        "next_attempt_at": _instant(row.due_at) if waits else None,
        "settled_at": _instant(row.settled_at),
        "provider": row.provider,
    }


def _tried(row: Tried) -> dict[str, Any]:
    return {
        "at": _instant(row.at),
        "channel": row.channel,
        "provider": row.provider,
        "outcome": row.fate,
        "reason": row.reason,
    }


def _instant(at: datetime | None) -> str | None:
    return None if at is None else in_shanghai(at).isoformat()
