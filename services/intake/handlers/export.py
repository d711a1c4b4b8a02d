"""Write contacts out for `lianxi export`: masked as for a colleague of the node, or in full for a reason on record.

A contact taken in as an accusation is a line with number, channel and day only, for whoever asks (GD-1). Whoever wants
the others in full is a dispatcher or leader of the petition department and says why; each contact shown is an entry in
the book of unmaskings (MK-8), in the transaction that reads it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from lianxi.casework.errors import Forbidden, Invalid
from lianxi.casework.identifiers import DivisionCode
from lianxi.casework.masking import PersonalField, Viewer, mask
from lianxi.casework.messages.facts import Actor, Role
from lianxi.casework.scrubbing import scrub
from lianxi.casework.validators import clean_text
from services.intake.domain.petitioner import PERSONAL_FIELDS
from services.intake.domain.records import Contact, Unmasking, Wanted
from services.intake.handlers.ports import Desk, Work
from services.intake.handlers.sealing import open_field

MAY_UNMASK = frozenset({Role.DISPATCHER, Role.DEPARTMENT_LEADER})
MAX_REASON = 500
_MASKED = {
    "name": PersonalField.NAME,
    "id_number": PersonalField.ID_NUMBER,
    "credit_code": PersonalField.ID_NUMBER,
    "phone": PersonalField.MOBILE,
    "address": PersonalField.ADDRESS,
}
HIDDEN = "***"


@dataclass(frozen=True, slots=True)
class InFull:
    """Who wants the contacts unmasked, and why."""

    actor: Actor
    reason: str


def permit(person: str, role: str, reason: str, node: DivisionCode) -> InFull:
    """Return the permission to export in full, or refuse."""
    try:
        known = Role(role)
    except ValueError:
        raise Invalid("role", "actor", "没有这个角色。") from None
    if known not in MAY_UNMASK:
        raise Forbidden("只有信访部门的分办人员或负责人可以导出原文。", rule="MK-8")
    actor = Actor(person=clean_text(person, "person", 100), role=known, unit=f"{node}.petition", node=str(node))
    return InFull(actor, clean_text(reason, "reason", MAX_REASON))


def export_page(wanted: Wanted, in_full: InFull | None, work: Work, desk: Desk) -> list[dict[str, str]]:
    """Return the next contacts, by number, as rows of text."""
    contacts = work.contacts.page(wanted)
    if in_full is not None:
        shown = [_unmasking(contact, in_full, desk) for contact in contacts if not contact.restricted]
        work.unmaskings.write_all(shown)
    return [_row(contact, desk, in_full=in_full is not None) for contact in contacts]


def _unmasking(contact: Contact, in_full: InFull, desk: Desk) -> Unmasking:
    actor = in_full.actor
    return Unmasking(
        number=contact.number,
        person=actor.person,
        role=actor.role.value,
        unit=actor.unit,
        node=actor.node,
        reason=in_full.reason,
        at=desk.clock.now(),
    )


def _row(contact: Contact, desk: Desk, *, in_full: bool) -> dict[str, str]:
    row = {
        "source_id": contact.number,
        "channel": contact.channel,
        "received_at": contact.received_at.isoformat(timespec="seconds"),
        "entered_at": contact.entered_at.isoformat(timespec="seconds"),
    }
    if contact.restricted:
        return row | {"subject": "（密件）"}
    row |= {
        "posted_on": contact.posted_on.isoformat() if contact.posted_on else "",
        "division": contact.division,
        "address_division": contact.address_division,
        "persons": str(contact.persons),
        "representatives": str(contact.representatives),
        "anonymous": "是" if contact.anonymous else "否",
        "reception_place": contact.reception_place,
        "recording": contact.recording,
        "stamp": contact.stamp,
        "guided_to": contact.guided_to,
    }
    return row | _said(contact, desk, in_full=in_full)


def _said(contact: Contact, desk: Desk, *, in_full: bool) -> dict[str, str]:
    fields: Sequence[str] = (*PERSONAL_FIELDS, "subject", "text")
    plain: dict[str, Any] = {field: open_field(contact, field, desk.vault) for field in fields}
    if in_full:
        return plain
    masked = {
        field: mask(_MASKED[field], plain[field], Viewer.COLLEAGUE) or "" if field in _MASKED else HIDDEN
        for field in PERSONAL_FIELDS
        if plain[field]
    }
    return masked | {"subject": scrub(plain["subject"], [plain["name"]] if plain["name"] else ())}
