"""Look a contact up: by query code for its petitioner, in full for an officer with a reason, for notify to reach."""

from collections.abc import Sequence
from typing import Any

from lianxi.casework.errors import Invalid, Unknown
from lianxi.casework.identifiers import CaseNumber
from services.intake.domain.audit import ReadKind
from services.intake.domain.fields import Fields
from services.intake.domain.petitioner import PERSONAL_FIELDS
from services.intake.domain.records import Addition, Contact, Unmasking
from services.intake.handlers.audit import look, officer, system
from services.intake.handlers.bring import by_code
from services.intake.handlers.ports import Desk, Work
from services.intake.handlers.register import guided
from services.intake.handlers.sealing import open_claims, open_field, open_parties

MAX_REASON = 500


def find(body: dict[str, Any], work: Work, desk: Desk) -> dict[str, Any]:
    """Return what the holder of a query code may know at once; the rest is told by routing."""
    contact = by_code(str(body.get("query_code", "")), work, desk)
    known = {
        "number": contact.number,
        "subject": open_field(contact, "subject", desk.vault),
        "channel": contact.channel,
        "received_at": contact.received_at.isoformat(),
    }
    return known | ({"guided": guided(contact, desk)} if contact.guided_to else {})


def show_contact(body: dict[str, Any], work: Work, desk: Desk) -> dict[str, Any]:
    """Return a contact in full to an officer of this node, and write down who asked and why (MK-8)."""
    fields = Fields(body, None)
    number = CaseNumber.parse(body.get("number", ""), "number")
    actor = officer(fields, desk)
    reason = fields.text("reason", MAX_REASON, multiline=True)
    if not reason:
        raise Invalid("reason", "MK-8", "查看原文须填写理由，并记入日志。")
    contact = _contact(number, work)
    work.unmaskings.write(
        Unmasking(
            number=contact.number,
            person=actor.person,
            role=actor.role.value,
            unit=actor.unit,
            node=actor.node,
            reason=reason,
            at=desk.clock.now(),
        )
    )
    return _in_full(contact, work.contacts.additions(contact.number), desk)


def reach_petitioner(body: dict[str, Any], work: Work, desk: Desk) -> dict[str, Any]:
    """Return how to reach a petitioner, for notify; at the registering node also the query code of the receipt."""
    contact = _contact(CaseNumber.parse(body.get("case_no", ""), "case_no"), work)
    fields = ("name", "phone", "email", "query_code")
    reach = {field: value for field in fields if (value := open_field(contact, field, desk.vault))}
    shown = tuple(field for field in reach if field != "query_code")
    if shown:
        work.reads.add(look(contact.number, ReadKind.REACHED, shown, system(desk, "notify"), desk))
    return reach


def _contact(number: CaseNumber, work: Work) -> Contact:
    contact = work.contacts.by_number(str(number))
    if contact is None:
        raise Unknown("信访件", str(number))
    return contact


def _in_full(contact: Contact, additions: Sequence[Addition], desk: Desk) -> dict[str, Any]:
    return {
        "number": contact.number,
        "channel": contact.channel,
        "received_at": contact.received_at.isoformat(),
        "entered_at": contact.entered_at.isoformat(),
        "posted_on": contact.posted_on.isoformat() if contact.posted_on else None,
        "subject": open_field(contact, "subject", desk.vault),
        "text": open_field(contact, "text", desk.vault),
        "anonymous": contact.anonymous,
        "petitioner": {field: value for field in PERSONAL_FIELDS if (value := open_field(contact, field, desk.vault))},
        "persons": contact.persons,
        "representatives": contact.representatives,
        "division": contact.division,
        "address_division": contact.address_division,
        "reception_place": contact.reception_place,
        "recording": contact.recording,
        "read_back": contact.read_back,
        "stamp": contact.stamp,
        "guided_to": contact.guided_to,
        "parties": open_parties(contact, desk.vault),
        "claims": open_claims(contact, desk.vault),
        "additions": [
            {
                "kind": addition.kind,
                "at": addition.at.isoformat(),
                "text": desk.vault.open(addition.text_sealed, f"contact/{contact.number}/addition/{addition.id}"),
            }
            for addition in additions
        ],
        "registered_by": dict(contact.registered_by) if contact.registered_by else None,
    }
