"""From a checked filing to what is stored and what is told: every personal field sealed, bound to its place.

A field is sealed for the place `contact/<number>/<field>`, so a value copied to another row or column does not open
there. What travels with custody is sealed once more, as one piece, with the key of the city.
"""

import json
from datetime import datetime

from lianxi.casework.identifiers import QueryCode
from lianxi.casework.messages.notices import ContactRegistered
from services.intake.domain.filing import Filing
from services.intake.domain.petitioner import PERSONAL_FIELDS, Petitioner
from services.intake.domain.records import Contact, ForeignContact, Origin
from services.intake.handlers.ports import Desk, Vault


def seal_filing(
    filing: Filing, number: str, entered_at: datetime, desk: Desk, foreign: ForeignContact | None = None
) -> tuple[Contact, ContactRegistered, QueryCode]:
    """Return the contact to store, the message to send and the query code of a filing that got its number."""
    code = desk.draw_code()
    key = petitioner_key(filing.petitioner, number, desk.vault)
    plain = filing.petitioner.personal() | {"subject": filing.subject, "text": filing.text, "query_code": str(code)}
    contact = Contact(
        number=number,
        origin=Origin.REGISTERED if foreign is None else Origin.TAKEN_OVER,
        channel=filing.channel.value,
        received_at=filing.received_at,
        entered_at=entered_at,
        petitioner_key=key,
        sealed=seal_fields(plain, number, desk.vault),
        anonymous=filing.anonymous,
        posted_on=filing.posted_on,
        persons=filing.persons,
        representatives=filing.representatives,
        division=filing.division,
        address_division=filing.address_division,
        reception_place=filing.reception_place,
        recording=filing.recording,
        read_back=filing.read_back,
        registered_by=None if filing.registered_by is None else _actor(filing),
        query_code_hash=query_code_hash(code, desk.vault),
        source=foreign.source if foreign else None,
        source_id=foreign.source_id if foreign else None,
        source_digest=content_digest(foreign, desk.vault) if foreign else None,
    )
    return contact, _message(filing, contact, key, desk), code


def _message(filing: Filing, contact: Contact, key: str, desk: Desk) -> ContactRegistered:
    return ContactRegistered(
        contact_no=contact.number,
        node=str(desk.node),
        channel=contact.channel,
        received_at=filing.received_at,
        entered_at=contact.entered_at,
        subject_sealed=seal_text("subject", filing.subject, contact.number, desk.vault),
        text_sealed=seal_text("text", filing.text, contact.number, desk.vault),
        persons=filing.persons,
        representatives=filing.representatives,
        anonymous=filing.anonymous,
        petitioner_key=key,
        petitioner_sealed=seal_petitioner(filing.petitioner, contact.number, desk.vault),
        division=filing.division,
        address_division=filing.address_division,
        posted_on=filing.posted_on,
        registered_by=filing.registered_by,
        purpose=filing.purpose,
        petition_class=filing.petition_class,
        category=filing.category,
        claims=filing.claims,
        same_matter_checked=filing.same_matter_checked,
    )


def _actor(filing: Filing) -> dict[str, str]:
    actor = filing.registered_by
    return {} if actor is None else {name: str(getattr(actor, name)) for name in ("person", "role", "unit", "node")}


def petitioner_key(petitioner: Petitioner, number: str, vault: Vault) -> str:
    """Return the key by which the city recognises a petitioner; nobody's key equals that of an unknown person."""
    return vault.keyed_hash(petitioner.identity() or f"contact:{number}", "petitioner")


def query_code_hash(code: QueryCode, vault: Vault) -> str:
    """Return what is kept of a query code to find it by."""
    return vault.keyed_hash(code.canonical, "query-code")


def content_digest(foreign: ForeignContact, vault: Vault) -> str:
    """Return a digest of what a foreign contact says, to notice an id that was used for two texts."""
    said = [str(foreign.body.get(field, "")) for field in ("subject", "text")]
    return vault.keyed_hash(json.dumps(said), "foreign-contact")


def seal_fields(plain: dict[str, str], number: str, vault: Vault) -> dict[str, str]:
    """Seal fields of one contact."""
    return {field: vault.seal(value, f"contact/{number}/{field}") for field, value in plain.items()}


def open_field(contact: Contact, field: str, vault: Vault) -> str:
    """Open one field of a contact, "" if it has none."""
    token = contact.sealed.get(field)
    return vault.open(token, f"contact/{contact.number}/{field}") if token else ""


def seal_petitioner(petitioner: Petitioner, number: str, vault: Vault) -> str:
    """Seal the petitioner for the journey of the case."""
    return vault.seal_for_transport(json.dumps(petitioner.personal(), ensure_ascii=False), f"petitioner/{number}")


def open_petitioner(sealed: str, number: str, vault: Vault) -> dict[str, str]:
    """Open what `seal_petitioner` of any node sealed; fields of a newer version are left out, nothing stays nothing."""
    if not sealed:
        return {}
    content = json.loads(vault.open_from_transport(sealed, f"petitioner/{number}"))
    return {field: str(content[field]) for field in PERSONAL_FIELDS if content.get(field)}


def seal_text(part: str, plain: str, number: str, vault: Vault) -> str:
    """Seal the subject or text of a petition for any node of the city; its place is sealed along."""
    return vault.seal_for_transport(plain, f"{part}/{number}")


def open_text(part: str, sealed: str, number: str, vault: Vault) -> str:
    """Open what `seal_text` sealed, here or at another node."""
    return vault.open_from_transport(sealed, f"{part}/{number}") if sealed else ""
