"""Joining and leaving: the parent of a node keeps the book, tells the nodes above, and says what still ties a node.

A node joins in one step and leaves in two. While it is *leaving* custody is offered to it no more, its link goes on;
it has *left* once nothing ties it: no open case, no custody on its way, no frame without an ack. Every step may be
repeated; what is so already is not recorded again. The last thing a node hears when it leaves is that it left; when it
comes back it is told so as soon as it is heard, because before that it has no link by which anything could be said.
"""

from collections import Counter
from collections.abc import Collection
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from lianxi.casework.errors import Broken, Forbidden, Unknown
from lianxi.casework.identifiers import DivisionCode
from lianxi.casework.messages.members import MemberChanged
from services.routing.domain.link_protocol import Inbound
from services.routing.domain.members import (
    AskedMembership,
    Member,
    Membership,
    Standing,
    Ties,
    check_change,
    newest,
)
from services.routing.handlers import Here
from services.routing.handlers.link_ends import LinkEnd, LinkWork
from services.routing.handlers.links import send

UNKNOWN_PLACE = "区划目录中没有这个节点，请先把它写入 topology.yaml。"


@dataclass(frozen=True, kw_only=True, slots=True)
class Registry:
    """What a change of membership is judged by: links, node, who takes part now, and the nodes that may."""

    end: LinkEnd
    here: Here
    membership: Membership
    known: Collection[str]


Joining = tuple[str, int]


@dataclass(slots=True)
class Greetings:
    """Whom this process told that it has joined, and when each was last heard before it was first looked at.

    A joining is known by the node and how many changes its book has: a node may leave and come back on one day.
    """

    told: set[Joining] = field(default_factory=set)
    heard: dict[Joining, datetime | None] = field(default_factory=dict)


def list_members(membership: Membership) -> dict[str, Any]:
    """Return who has a link, and who left when."""
    changed = membership.changed
    return {
        "joined": sorted(membership.joined),
        "leaving": sorted(code for code, each in changed.items() if each.standing is Standing.LEAVING),
        "left": [{"node": each.node, "since": each.since.isoformat()} for each in membership.left],
    }


def change_member(work: LinkWork, asked: AskedMembership, registry: Registry) -> dict[str, Any]:
    """Record how a node below stands from today, and tell the nodes concerned. Raises Forbidden, Unknown, Conflict."""
    here = registry.here
    division = DivisionCode.parse(asked.node, "node")
    if str(division.parent) != here.node:
        raise Forbidden(f"{division} 不是本节点的直接下级，应在其上级节点办理。", rule="GD-4", field="node")
    if str(division) not in registry.known:
        raise Unknown("节点", f"{division}：{UNKNOWN_PLACE}")
    work.members.lock()
    before = newest(work.members.all()).get(str(division))
    check_change(before, asked.standing, ties_of(work, registry, str(division)))
    if before is not None and before.standing is asked.standing:
        return _row(before, changed=False)
    wanted = Member(node=str(division), parent=here.node, standing=asked.standing, since=here.clock.today())
    work.members.add(wanted, asked.by, here.clock.now())
    _tell(work, registry.end, here, wanted)
    return _row(wanted, changed=True)


def take(work: LinkWork, end: LinkEnd, origin: str, message: Any) -> None:
    """Keep what the node above a node says of it, and pass it on upwards; raises Forbidden."""
    if not isinstance(message, MemberChanged):
        raise Broken("没有处理这种成员消息的用例。", code="no-use-case")
    sender, division = DivisionCode.parse(origin), DivisionCode.parse(message.node)
    from_below = sender != division and sender.contains(division)
    of_this_node = division == end.node and sender == end.node.parent
    if not (from_below or of_this_node):
        raise Forbidden("只有上级节点能说明其下级是否在网。", code="foreign-sender", rule="GD-4")
    told = Member(node=message.node, parent=message.parent, standing=Standing(message.standing), since=message.since)
    work.members.lock()
    if newest(work.members.all()).get(told.node) != told:
        work.members.add(told, origin, end.now())
    if from_below and end.node.parent is not None and not of_this_node:
        send(work, end, str(end.node.parent), message)


def greet(work: LinkWork, end: LinkEnd, greetings: Greetings) -> set[Joining]:
    """Tell each child that joined so, once it was heard again: its own book may say that it left. Return whom."""
    changes = work.members.all()
    numbers = Counter(change.node for change in changes)
    here = [each for each in newest(changes).values() if each.standing is Standing.JOINED and each.node in end.children]
    wanted = {(each.node, numbers[each.node]): each for each in here}
    wanted = {joining: each for joining, each in wanted.items() if joining not in greetings.told}
    inbounds = work.link_book.inbounds() if wanted else {}
    greeted = set()
    for joining, member in wanted.items():
        heard = inbounds[member.node].heard_at if member.node in inbounds else None
        if greetings.heard.setdefault(joining, heard) != heard:
            _say(work, end, member.node, member)
            greeted.add(joining)
    return greeted


def ties_of(work: LinkWork, registry: Registry, node: str) -> Ties:
    """Return what ties a node to this one, in exact numbers as far as this node has heard."""
    end, book, members = registry.end, work.link_book, work.members
    inbound = book.inbounds().get(node, Inbound(peer=node))
    unacked = 0
    if node in end.peers and inbound.heard_at is not None:  # whoever was never there has nothing to ack
        outbound = book.outbounds([node], end.fresh_epoch)[node]
        unacked = outbound.last_seq - outbound.acked
    return Ties(
        open_by_state=members.open_by_state(node),
        in_transfer=members.in_transfer(node),
        directives=members.directives(node),
        below=len(registry.membership.children(DivisionCode.parse(node))),
        unacked=unacked,
        unapplied=max(inbound.held, inbound.peer_sent - inbound.applied, 0),
        quarantined=members.quarantined(node),
        heard_seconds=(end.real_now() - inbound.heard_at).total_seconds() if inbound.heard_at else None,
    )


def show_ties(ties: Ties) -> dict[str, Any]:
    """Return the ties as plain data."""
    return {**asdict(ties), "open_by_state": dict(ties.open_by_state), "reasons": ties.reasons}


def open_cases(work: LinkWork, node: str, after: str, limit: int) -> dict[str, Any]:
    """Return the open cases that a node holds, by number."""
    return {"rows": work.members.open_cases(node, after, limit)}


def _tell(work: LinkWork, end: LinkEnd, here: Here, member: Member) -> None:
    if here.parent:
        _say(work, end, here.parent, member)
    if member.node in end.peers:
        _say(work, end, member.node, member)


def _say(work: LinkWork, end: LinkEnd, to_node: str, member: Member) -> None:
    standing = member.standing.value
    said = MemberChanged(node=member.node, parent=member.parent, standing=standing, since=member.since)
    send(work, end, to_node, said)


def _row(member: Member, *, changed: bool) -> dict[str, Any]:
    return {
        "node": member.node,
        "parent": member.parent,
        "standing": member.standing.value,
        "since": member.since.isoformat(),
        "changed": changed,
    }
