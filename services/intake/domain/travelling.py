"""Which facts of a contact go with its case to another node, and how they are written for the way.

Whoever handles a letter there needs its postmark and its receiving stamp; a call has its recording, a visit its place.
They go sealed beside the petitioner. Every field of a contact has its decision here: it travels, another part of the
dossier brings it, the node that takes the case over settles it anew, or it stays where the contact was registered.
"""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from services.intake.domain.records import Contact

_WAYS: Mapping[str, Callable[[Any], Any]] = {
    "anonymous": bool,
    "posted_on": date.fromisoformat,
    "persons": int,
    "representatives": int,
    "division": str,
    "address_division": str,
    "reception_place": str,
    "recording": str,
    "read_back": bool,
    "registered_by": dict,
    "source": str,
    "stamp": str,
    "restricted": bool,
}
TRAVELS = tuple(_WAYS)
"""What goes along as it was registered."""
BROUGHT = ("number", "channel", "received_at", "petitioner_key", "sealed", "parties", "claims")
"""What other fields of the dossier bring; of what is sealed all but the query code, which finds its contact at home."""
SETTLED_ANEW: Mapping[str, str] = {
    "origin": "it came with custody",
    "entered_at": "the moment it came into the books of this node",
}
STAYS: Mapping[str, str] = {
    "query_code_hash": "the petitioner asks at the node that gave the code",
    "source_id": "by it the node that took the contact over from another system knows the row again",
    "source_digest": "the same",
    "guided_to": "no case is opened for a visitor who was guided elsewhere, so nothing is handed on",
}


def written(contact: Contact) -> dict[str, Any]:
    """Return what travels, as JSON values; what was never said is left out."""
    told = {}
    for name in TRAVELS:
        if value := getattr(contact, name):
            told[name] = value.isoformat() if isinstance(value, date) else value
    return told


def read_facts(content: Mapping[str, Any]) -> dict[str, Any]:
    """Return what `written` of any node wrote, by field of a contact; what a newer version says besides is left out."""
    return {name: read(content[name]) for name, read in _WAYS.items() if content.get(name)}
