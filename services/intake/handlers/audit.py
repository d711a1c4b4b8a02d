"""The book of looks at personal data: write a look down, list them for a leader, tell a petitioner who looked."""

from collections.abc import Sequence
from typing import Any, Protocol

from lianxi.casework.errors import Forbidden, Invalid, Unknown
from lianxi.casework.identifiers import CaseNumber, QueryCode
from lianxi.casework.messages.facts import Actor, Role
from services.intake.domain.audit import MAX_REASON, ChainedRead, PersonalRead, ReadKind, ReadQuery, fit_reason
from services.intake.domain.fields import Fields
from services.intake.domain.records import Contact
from services.intake.handlers.ports import Desk, Reads

LONGEST_PAGE = 200
MAY_LIST = frozenset({Role.DEPARTMENT_LEADER})
MAY_NOTE = frozenset({ReadKind.CONTENT, ReadKind.LISTED})
"""Looks that others report here; every other kind is written where the data are shown."""


class Contacts(Protocol):
    """The contacts of this node."""

    def by_query_code(self, code_hash: str) -> Contact | None:
        """Return the contact whose query code has this hash."""
        ...


class AuditWork(Protocol):
    """One transaction."""

    @property
    def reads(self) -> Reads:
        """Return the book of looks."""
        ...

    @property
    def contacts(self) -> Contacts:
        """Return the contacts."""
        ...


def note_read(body: dict[str, Any], work: AuditWork, desk: Desk) -> dict[str, Any]:
    """Write down a look at what another service keeps, before it is shown."""
    fields = Fields(body, None)
    kind = _kind(fields)
    work.reads.add(
        look(
            str(CaseNumber.parse(body.get("number", ""), "number")),
            kind,
            fields.words("fields", 20, 40),
            officer(fields, desk),
            desk,
            reason=fields.text("reason", MAX_REASON, multiline=True),
        )
    )
    return {"noted": True}


def list_reads(body: dict[str, Any], work: AuditWork, desk: Desk) -> dict[str, Any]:
    """Return lines of the book, newest first, to the leader of the department; they name readers, not petitioners."""
    fields = Fields(body, desk.clock.now().tzinfo)
    if officer(fields, desk).role not in MAY_LIST:
        raise Forbidden("只有信访部门负责人可以查阅个人信息查看记录。", rule="MK-8")
    limit = fields.whole("limit", 50, 1, LONGEST_PAGE)
    query = ReadQuery(
        number=str(CaseNumber.parse(body["number"], "number")) if fields.given("number") else "",
        person=fields.text("person", 100),
        since=fields.instant("since"),
        until=fields.instant("until"),
        after=fields.whole("after", 0, 0, 10**12) or None,
        limit=limit,
    )
    lines = work.reads.page(query)
    following = str(lines[-1].position) if len(lines) == limit else None
    return {"rows": [shown(line) for line in lines], "next": following}


def reads_of_petitioner(body: dict[str, Any], work: AuditWork, desk: Desk) -> dict[str, Any]:
    """Tell the holder of a query code who looked: office, role, time and reason, not the person who did their duty."""
    code = QueryCode.parse(body.get("query_code", ""))
    hashes = desk.vault.keyed_hashes(code.canonical, "query-code")
    contact = next((found for one in hashes if (found := work.contacts.by_query_code(one))), None)
    if contact is None:
        raise Unknown("信访件", "该查询码")
    lines = work.reads.page(ReadQuery(number=contact.number, limit=LONGEST_PAGE))
    rows = [
        {
            "at": line.read.at.isoformat(timespec="seconds"),
            "what": line.read.kind.label,
            "node": line.read.node,
            "unit": line.read.unit,
            "role": line.read.role,
            "reason": line.read.reason,
        }
        for line in lines
    ]
    return {"number": contact.number, "rows": rows}


def look(
    number: str,
    kind: ReadKind,
    fields: Sequence[str],
    actor: Actor,
    desk: Desk,
    *,
    reason: str = "",
    contacts: int = 1,
) -> PersonalRead:
    """Return the line of a look that happens now."""
    return PersonalRead(
        number=number,
        kind=kind,
        fields=tuple(fields),
        person=actor.person,
        role=actor.role.value,
        unit=actor.unit,
        node=actor.node,
        reason=fit_reason(reason),
        at=desk.clock.now(),
        contacts=contacts,
    )


def officer(fields: Fields, desk: Desk) -> Actor:
    """Return who looks; nobody of another node does so here."""
    actor = fields.actor("actor")
    if actor is None:
        raise Invalid("actor", "MK-8", "请注明查看人。")
    if actor.node != str(desk.node):
        raise Forbidden("只有本节点的承办人可以查看信访人信息。", rule="MK-1")
    return actor


def system(desk: Desk, name: str) -> Actor:
    """Return a service of this node as the one who looks."""
    return Actor(person=name, role=Role.SYSTEM, unit="", node=str(desk.node))


def _kind(fields: Fields) -> ReadKind:
    kind = fields.text("kind", 20)
    if kind not in MAY_NOTE:
        raise Invalid("kind", "MK-8", "没有这种查看方式。")
    return ReadKind(kind)


def shown(line: ChainedRead) -> dict[str, Any]:
    """Return a line as a reader of the book sees it."""
    read = line.read
    return {
        "position": line.position,
        "at": read.at.isoformat(timespec="seconds"),
        "number": read.number,
        "kind": read.kind.value,
        "what": read.kind.label,
        "fields": list(read.fields),
        "contacts": read.contacts,
        "person": read.person,
        "role": read.role,
        "unit": read.unit,
        "node": read.node,
        "reason": read.reason,
        "digest": line.digest,
    }
