"""From a checked filing to what is stored and what is told: every personal field sealed, bound to its place.

A field is sealed for the place `contact/<number>/<field>`, so a value copied to another row or column does not open
there. What travels with custody is sealed once more, as one piece, with the key of the city.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from lianxi.casework.identifiers import QueryCode
from lianxi.casework.messages.facts import Claim, PetitionClass
from lianxi.casework.messages.notices import ContactRegistered
from services.intake.domain.claims import StatedClaim
from services.intake.domain.filing import Filing
from services.intake.domain.parties import Party, PartyKind
from services.intake.domain.petitioner import PERSONAL_FIELDS, Petitioner
from services.intake.domain.records import Contact, ForeignContact, KeptClaim, KeptParty, Origin
from services.intake.domain.travelling import read_facts, written
from services.intake.handlers.ports import Desk, Vault
from services.intake.handlers.repeats import person_keys


def seal_filing(
    filing: Filing,
    number: str,
    entered_at: datetime,
    desk: Desk,
    foreign: ForeignContact | None = None,
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
        stamp=filing.stamp,
        restricted=filing.accuses,
        parties=seal_parties(filing.parties, number, desk.vault),
        claims=seal_claims(filing.stated_claims, number, desk.vault),
    )
    return contact, _message(filing, contact, key, desk), code


def _message(filing: Filing, contact: Contact, key: str, desk: Desk) -> ContactRegistered:
    wanted = filing.notice
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
        person_keys=person_keys(filing.petitioner, filing.parties, desk.vault),
        petitioner_sealed=seal_petitioner(
            filing.petitioner,
            contact.number,
            desk.vault,
            filing.parties,
            filing.stated_claims,
            facts=written(contact),
        ),
        division=filing.division,
        address_division=filing.address_division,
        posted_on=filing.posted_on,
        registered_by=filing.registered_by,
        purpose=filing.purpose,
        petition_class=filing.petition_class,
        category=filing.category,
        claims=filing.claims,
        same_matter_checked=filing.same_matter_checked,
        stated_claims=tuple(
            Claim(number=claim.number, petition_class=claim.petition_class) for claim in filing.stated_claims
        ),
        notice_channels=wanted.channels if wanted else (),
        notice_language=wanted.language if wanted else "",
        electronic_service=wanted.electronic if wanted else False,
    )


def seal_parties(parties: Sequence[Party], number: str, vault: Vault) -> tuple[KeptParty, ...]:
    """Seal co-signers and agent, each bound to the place it stands at."""
    return tuple(
        KeptParty(
            kind=party.kind.value,
            party_key=vault.keyed_hash(party.person.identity() or f"contact:{number}/{position}", "petitioner"),
            representative=party.representative,
            person_sealed=vault.seal(
                json.dumps(_said_of(party), ensure_ascii=False), f"contact/{number}/party/{position}"
            ),
        )
        for position, party in enumerate(parties, start=1)
    )


def open_parties(contact: Contact, vault: Vault) -> list[dict[str, Any]]:
    """Open the co-signers and the agent of a contact."""
    return [
        {"kind": party.kind, "representative": party.representative}
        | json.loads(vault.open(party.person_sealed, f"contact/{contact.number}/party/{position}"))
        for position, party in enumerate(contact.parties, start=1)
    ]


def seal_claims(claims: Sequence[StatedClaim], number: str, vault: Vault) -> tuple[KeptClaim, ...]:
    """Seal the words of claims."""
    return tuple(
        KeptClaim(
            claim=claim.number,
            petition_class=claim.petition_class.value if claim.petition_class else None,
            category=claim.category,
            text_sealed=vault.seal(claim.text, f"contact/{number}/claim/{claim.number}"),
        )
        for claim in claims
    )


def open_claims(contact: Contact, vault: Vault) -> list[dict[str, Any]]:
    """Open the claims of a contact that were written out."""
    return [
        {
            "number": claim.claim,
            "petition_class": claim.petition_class,
            "category": list(claim.category),
            "text": vault.open(claim.text_sealed, f"contact/{contact.number}/claim/{claim.claim}"),
        }
        for claim in contact.claims
    ]


def _said_of(party: Party) -> dict[str, str]:
    return party.person.personal() | ({"authority": party.authority} if party.authority else {})


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
    return content_digests(str(foreign.body.get("subject", "")), str(foreign.body.get("text", "")), vault)[0]


def content_digests(subject: str, text: str, vault: Vault) -> tuple[str, ...]:
    """Return the digest by every index key that is accepted, the one in use first."""
    return vault.keyed_hashes(json.dumps([subject, text]), "foreign-contact")


def seal_fields(plain: dict[str, str], number: str, vault: Vault) -> dict[str, str]:
    """Seal fields of one contact."""
    return {field: vault.seal(value, f"contact/{number}/{field}") for field, value in plain.items()}


def open_field(contact: Contact, field: str, vault: Vault) -> str:
    """Open one field of a contact, "" if it has none."""
    token = contact.sealed.get(field)
    return vault.open(token, f"contact/{contact.number}/{field}") if token else ""


def seal_petitioner(
    petitioner: Petitioner,
    number: str,
    vault: Vault,
    parties: Sequence[Party] = (),
    claims: Sequence[StatedClaim] = (),
    *,
    facts: Mapping[str, Any] | None = None,
) -> str:
    """Seal the petitioner, who stands beside, the claims as written, and how all came, for the journey of the case."""
    content: dict[str, Any] = dict(petitioner.personal())
    if parties:
        content["parties"] = [
            {"kind": party.kind.value, "representative": party.representative, **_said_of(party)} for party in parties
        ]
    if claims:
        content["claims"] = [
            {
                "number": claim.number,
                "petition_class": claim.petition_class,
                "category": claim.category,
                "text": claim.text,
            }
            for claim in claims
        ]
    if facts:
        content["contact"] = facts
    return vault.seal_for_transport(json.dumps(content, ensure_ascii=False), f"petitioner/{number}")


@dataclass(frozen=True, slots=True, repr=False)
class Travelled:
    """What came sealed with a case: the petitioner's fields, the persons beside, the claims, how all came.

    `facts` are fields of a contact, only those that were said; a sender of an older version says none.
    """

    petitioner: dict[str, str]
    parties: tuple[Party, ...]
    claims: tuple[StatedClaim, ...]
    facts: Mapping[str, Any]


def open_petitioner(sealed: str, number: str, vault: Vault) -> Travelled:
    """Open what `seal_petitioner` of any node sealed; fields of a newer version are left out, nothing stays nothing."""
    if not sealed:
        return Travelled({}, (), (), {})
    content = json.loads(vault.open_from_transport(sealed, f"petitioner/{number}"))
    return Travelled(
        {field: str(content[field]) for field in PERSONAL_FIELDS if content.get(field)},
        tuple(_party(row) for row in content.get("parties", ())),
        tuple(_claim(row) for row in content.get("claims", ())),
        read_facts(content.get("contact", {})),
    )


def _party(row: Mapping[str, Any]) -> Party:
    return Party(
        kind=PartyKind(row["kind"]),
        person=Petitioner(**{field: str(row[field]) for field in PERSONAL_FIELDS if row.get(field)}),
        representative=bool(row.get("representative")),
        authority=str(row.get("authority", "")),
    )


def _claim(row: Mapping[str, Any]) -> StatedClaim:
    petition_class = row.get("petition_class")
    return StatedClaim(
        number=int(row["number"]),
        text=str(row["text"]),
        petition_class=PetitionClass(petition_class) if petition_class else None,
        category=tuple(row.get("category", ())),
    )


def seal_text(part: str, plain: str, number: str, vault: Vault) -> str:
    """Seal the subject or text of a petition for any node of the city; its place is sealed along."""
    return vault.seal_for_transport(plain, f"{part}/{number}")


def open_text(part: str, sealed: str, number: str, vault: Vault) -> str:
    """Open what `seal_text` sealed, here or at another node."""
    return vault.open_from_transport(sealed, f"{part}/{number}") if sealed else ""
