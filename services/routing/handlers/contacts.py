"""From a contact that intake registered to the command that opens its case: at the department, or at an organ (T22).

An officer of an organ who takes in what a petitioner brings there registers it for the organ. What seems to be an
accusation goes through the petition department all the same, as if the petitioner had come there (GD-1).
"""

from typing import Any

from lianxi.casework.case.builders import petition_digest
from lianxi.casework.messages.commands import ReceiveCase, RegisterCase
from lianxi.casework.messages.direct_filing import FileAtOrgan
from lianxi.casework.messages.facts import Actor, PetitionClass, Reason, Role
from lianxi.casework.messages.notices import ContactRegistered
from lianxi.law.deadlines import local_day
from services.routing.domain.claims import claims_of
from services.routing.domain.records import CaseText
from services.routing.domain.sorting import Sorted
from services.routing.handlers import Here

AT_AN_ORGAN = frozenset({Role.CASE_OFFICER, Role.UNIT_HEAD})
UNSORTED = ("党务政务",)
"""The class of what is the business of "the organ concerned" (CAT-2), where nothing more exact is found."""


def came_to_an_organ(contact: ContactRegistered) -> bool:
    """Whether an officer of an organ took it in."""
    return contact.registered_by is not None and contact.registered_by.role in AT_AN_ORGAN


def seems_to_accuse(contact: ContactRegistered, found: Sorted) -> bool:
    """Whether it is, or may be, an accusation: by its class, that of a claim, or the words that were used."""
    stated = {claim.petition_class for claim in contact.stated_claims}
    return PetitionClass.ACCUSATION in {contact.petition_class, found.petition_class, *stated}


def registrar_of(contact: ContactRegistered) -> Actor | None:
    """The registrar who took a contact in, if one did."""
    registered_by = contact.registered_by
    return registered_by if registered_by is not None and registered_by.role is Role.REGISTRAR else None


def receipt(contact: ContactRegistered, petition: CaseText) -> ReceiveCase:
    """T1, T2: a contact for the petition department."""
    petitioner = Actor(person="petitioner", role=Role.PETITIONER, unit="", node=contact.node)
    return ReceiveCase(
        case_no=contact.contact_no,
        actor=petitioner if came_to_an_organ(contact) else contact.registered_by or petitioner,
        **_received(contact, petition),
    )


def registration(
    contact: ContactRegistered, found: Sorted, petition_class: PetitionClass, software: Actor
) -> RegisterCase:
    """T3: what the registrar or the rules settled."""
    return RegisterCase(
        case_no=contact.contact_no,
        actor=registrar_of(contact) or software,
        purpose=contact.purpose or found.purpose,
        petition_class=petition_class,
        category=found.category,
        place=found.place,
        claims=claims_of(contact),
        same_matter_checked=True,
        reasons=found.reasons,
    )


def filing_at_organ(
    contact: ContactRegistered, petition: CaseText, found: Sorted, officer: Actor, here: Here
) -> FileAtOrgan:
    """T22: what an organ took in; where the rules find no category, that of the organ's own work stands in."""
    category, reasons = found.category, found.reasons
    if not category:
        category = here.competence(officer.unit) or UNSORTED
        told = f"未能识别内容分类，暂按收件单位的职责登记为“{'/'.join(category)}”。"
        reasons = (*reasons, Reason(rule="R-23-1", version="1", text=told))
    return FileAtOrgan(
        case_no=contact.contact_no,
        actor=officer,
        **_received(contact, petition),
        purpose=contact.purpose or found.purpose,
        petition_class=contact.petition_class or found.petition_class or PetitionClass.RELIEF,
        category=category,
        place=found.place or contact.division or here.node,
        claims=claims_of(contact),
        reasons=reasons,
    )


def _received(contact: ContactRegistered, petition: CaseText) -> dict[str, Any]:
    """Return what every command that receives a contact says of it."""
    return {
        "channel": contact.channel,
        "received_on": local_day(contact.received_at),
        "received_at": contact.received_at,
        "persons": contact.persons,
        "representatives": contact.representatives,
        "text_digest": petition_digest(petition.subject, petition.text),
        "petitioner_key": contact.petitioner_key,
        "anonymous": contact.anonymous,
        "posted_on": contact.posted_on,
        "person_keys": contact.person_keys,
    }
