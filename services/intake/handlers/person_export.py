"""Take out everything this node keeps of one person, for that person: nothing of others, no sealed accusation.

The petitioner of a contact gets its fields, words, claims, what was brought later, and names and sizes of its files.
Who stands beside, as co-signer or agent, gets the words and claims that were filed in their name and their own entry;
of all others there is only their number. Every contact, draft and reject that goes out is a line in the book (MK-8).
"""

import json
from collections.abc import Collection, Iterator, Sequence
from typing import Any

from lianxi.casework.messages.facts import Actor
from services.intake.domain.audit import PersonalRead, ReadKind
from services.intake.domain.begun import Begun, accuses, own_part
from services.intake.domain.fields import Fields
from services.intake.domain.petitioner import PERSONAL_FIELDS, Petitioner
from services.intake.domain.records import Addition, Contact
from services.intake.handlers.attachments import name_context
from services.intake.handlers.audit import look
from services.intake.handlers.personal import PersonalWork, hashed, leader_of, naming, person_meant, reason_given
from services.intake.handlers.ports import Desk
from services.intake.handlers.sealing import open_claims, open_field, open_parties

WITHHELD = "GD-1"
_HEAD = frozenset({"number", "channel", "received_at", "parts", "others"})
"""What says which contact it is, and is no personal data."""


def export_person(body: dict[str, Any], work: PersonalWork, desk: Desk) -> dict[str, Any]:
    """Return everything this node keeps of one person; each look is a line in the book."""
    fields = Fields(body, None)
    actor, reason = leader_of(fields, desk), reason_given(fields)
    person = person_meant(fields, desk)
    keys = frozenset(hashed(person, desk))
    contacts = [work.contacts.by_number(number) for number in work.persons.numbers_of(sorted(keys))]
    found = [_told(contact, keys, work, desk) for contact in contacts if contact is not None]
    begun = [_told_of_begun(row, content, person, work) for row, content in naming(person, work, desk)]
    for line in _lines(found, begun, actor, reason, desk):
        work.reads.add(line)
    return {"contacts": found, "unfinished": begun, "node": str(desk.node)}


def _lines(
    found: Sequence[dict[str, Any]], begun: Sequence[dict[str, Any]], actor: Actor, reason: str, desk: Desk
) -> Iterator[PersonalRead]:
    """Yield a line for each contact, draft and reject that goes out, with the fields that do."""
    for row in found:
        if "withheld" not in row:
            shown = [name for name in row if name not in _HEAD]
            yield look(row["number"], ReadKind.EXPORTED, shown, actor, desk, reason=reason)
    for row in begun:
        if row.get("content"):
            place, shown = f"{row['kind']}/{row['id']}", list(row["content"])
            yield look(place, ReadKind.EXPORTED, shown, actor, desk, reason=reason)


def _told(contact: Contact, keys: Collection[str], work: PersonalWork, desk: Desk) -> dict[str, Any]:
    head = {"number": contact.number, "received_at": contact.received_at.isoformat()}
    if contact.restricted:
        return {**head, "withheld": WITHHELD}
    petitions = contact.petitioner_key in keys
    entries = list(zip(contact.parties, open_parties(contact, desk.vault), strict=True))
    own = [opened for kept, opened in entries if kept.party_key in keys]
    told: dict[str, Any] = {field: open_field(contact, field, desk.vault) for field in ("subject", "text")}
    told |= {"claims": open_claims(contact, desk.vault), "parties": own}
    if petitions:
        fields = {field: open_field(contact, field, desk.vault) for field in PERSONAL_FIELDS}
        additions = _additions(work.contacts.additions(contact.number), desk)
        told = fields | told | {"additions": additions, "files": _files(contact.number, work, desk)}
        told |= {"recording": contact.recording, "reception_place": contact.reception_place}
    return {
        **head,
        "channel": contact.channel,
        "parts": [*(["petitioner"] if petitions else []), *(str(entry["kind"]) for entry in own)],
        "others": len(entries) - len(own) + (0 if petitions else 1),
        **{name: value for name, value in told.items() if value},
    }


def _additions(kept: Sequence[Addition], desk: Desk) -> list[dict[str, Any]]:
    return [
        {
            "kind": addition.kind,
            "at": addition.at.isoformat(),
            "text": desk.vault.open(addition.text_sealed, f"contact/{addition.number}/addition/{addition.id}"),
        }
        for addition in kept
    ]


def _files(number: str, work: PersonalWork, desk: Desk) -> list[dict[str, Any]]:
    return [
        {
            "name": desk.vault.open(attachment.name_sealed, name_context(attachment.id)),
            "size": blob.size,
            "media_type": blob.media_type,
            "added_at": attachment.added_at.isoformat(),
            "added_by": attachment.added_by,
        }
        for attachment, blob in work.attachments.of_case(number)
    ]


def _told_of_begun(row: Begun, content: str, person: Petitioner, work: PersonalWork) -> dict[str, Any]:
    """Return the person's part of a draft or reject; nothing of an accusation, nor of what became a sealed contact."""
    head = {"kind": row.kind, "id": row.id, "at": row.at.isoformat()}
    became = work.contacts.by_number(row.number) if row.number else None
    said = json.loads(content)
    if accuses(said) or (became is not None and became.restricted):
        return {**head, "withheld": WITHHELD}
    own = own_part(said, person)
    return {**head, "content": own.content, "others": own.others}
