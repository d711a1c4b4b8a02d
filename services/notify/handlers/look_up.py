"""Show an inbox and mark its messages as read; list deliveries, and give a dead one another chance."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Protocol

from lianxi.casework.errors import Forbidden, Unknown
from lianxi.law.receipts import in_shanghai
from services.notify.domain.deliveries import State
from services.notify.domain.questions import InboxQuery, Kept, MarkRead, Message, Paging, SendAgain
from services.notify.domain.rules import Channel
from services.notify.handlers.ports import Desk, Work

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


def mark_read(command: MarkRead, work: Work, desk: Desk) -> dict[str, Any]:
    """Note that an officer has read a message addressed to him; a second time changes nothing."""
    _check_node(command.actor.node, desk)
    recipient = work.inbox.recipient(command.id)
    if recipient is None:
        raise Unknown("消息", "该编号")
    role, unit = recipient
    if role != command.actor.role or unit not in {"", command.actor.unit}:
        raise Forbidden("这条消息不是发给您的岗位的。", rule="inbox")
    read_at = work.inbox.mark_read(command.id, command.actor.person, desk.clock.now())
    return {"id": command.id, "read_at": _instant(read_at)}


def list_deliveries(case_no: str, work: Work, *, has_server: bool) -> dict[str, Any]:
    """Return what this node owed to whom about a case, and what became of it."""
    return {"rows": [_kept(row, has_server) for row in work.deliveries.about(case_no, MOST_OF_A_CASE)]}


def list_dead_letters(paging: Paging, work: Work) -> dict[str, Any]:
    """Return a page of mails that were given up, oldest first."""
    found = work.deliveries.dead(paging)
    return _page([_kept(row, has_server=True) for row in found], found, paging)


def send_again(command: SendAgain, work: Work, desk: Desk, wall: datetime) -> dict[str, Any]:
    """Let a mail that was given up, or had no address, be sent from its first attempt on."""
    _check_node(command.actor.node, desk)
    if not work.deliveries.revive(command.id, wall):
        raise Unknown("未送达的邮件", "该编号")
    return {"id": command.id, "state": State.WAITING.value}


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


def _kept(row: Kept, has_server: bool) -> dict[str, Any]:
    waits = row.channel is Channel.MAIL and row.due_at is not None
    return {
        "id": row.id,
        "at": _instant(row.happened_at),
        "rule": row.rule,
        "kind": row.kind,
        "case_no": row.case_no,
        "channel": row.channel.value,
        "role": row.role,
        "unit": row.unit,
        "state": row.state,
        "attempts": row.attempts,
        "reason": NO_SERVER if waits and not has_server else row.reason,
        "next_attempt_at": _instant(row.due_at) if waits else None,
        "settled_at": _instant(row.settled_at),
    }


def _instant(at: datetime | None) -> str | None:
    return None if at is None else in_shanghai(at).isoformat()
