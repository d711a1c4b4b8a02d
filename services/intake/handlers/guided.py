"""Visits that came more than one level too high: registered and guided elsewhere, without a case (R-20-5, T7).

Nobody handles them, so no task lets anybody look at them: the petition department that received them does. The list
says when and where to, and names nobody; whoever opens one is written down with the reason, like every look at a
contact in full. Accusations stand in no list (GD-1).
"""

from collections.abc import Mapping
from typing import Any

from lianxi.casework.errors import Unknown
from lianxi.casework.identifiers import CaseNumber
from services.intake.domain.fields import Fields
from services.intake.domain.records import Contact
from services.intake.handlers.drafts import officer_of
from services.intake.handlers.look_up import show_contact
from services.intake.handlers.ports import Desk, Work


def list_guided(body: Mapping[str, Any], work: Work, desk: Desk) -> dict[str, Any]:
    """Return a page of guided visits, newest first."""
    officer_of(body, desk)
    fields = Fields(body, None)
    limit = fields.whole("limit", 50, 1, 200)
    after = str(CaseNumber.parse(body["after"], "after")) if body.get("after") else ""
    found = work.contacts.guided(after, limit)
    rows = [_row(contact, desk) for contact in found]
    return {"rows": rows, "next": found[-1].number if len(found) == limit else None}


def open_guided(body: Mapping[str, Any], work: Work, desk: Desk) -> dict[str, Any]:
    """Return a guided visit in full, and write down who looked and why (MK-8)."""
    officer_of(body, desk)
    number = str(CaseNumber.parse(body.get("number", ""), "number"))
    contact = work.contacts.by_number(number)
    if contact is None or not contact.guided_to or contact.restricted:
        raise Unknown("越级走访登记", number)
    return show_contact(dict(body), work, desk) | {"guided_place": desk.divisions.name(contact.guided_to)}


def _row(contact: Contact, desk: Desk) -> dict[str, Any]:
    return {
        "number": contact.number,
        "received_at": contact.received_at.isoformat(),
        "guided_to": contact.guided_to,
        "place": desk.divisions.name(contact.guided_to),
        "persons": contact.persons,
        "reception_place": contact.reception_place,
    }
