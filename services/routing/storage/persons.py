"""How the persons behind a case are written: what a keyed hash becomes in the table, and who stands in an event."""

import hashlib
from collections.abc import Iterator

from lianxi.casework.messages.events import CaseReceived
from services.routing.domain.records import Recorded

PersonRow = tuple[str, str, str, object]
"""Person, case, kind, day of receipt."""


def keys_with_kind(person_key: str) -> tuple[str, str]:
    """Split `phone:ab12…` into kind and key; a petitioner's key alone has no kind."""
    kind, _, key = person_key.rpartition(":")
    return kind, key


def person_id(key: str) -> str:
    """Return half of the SHA-256 of a keyed hash, as PostgreSQL's `uuid`."""
    return hashlib.sha256(key.encode()).hexdigest()[:32]


def persons_of(record: Recorded) -> Iterator[PersonRow]:
    """Yield the persons that an event names: only the first event of a case does."""
    event = record.event
    if not isinstance(event, CaseReceived):
        return
    seen = set()
    for kind, key in map(keys_with_kind, (*event.person_keys, event.petitioner_key)):
        person = person_id(key)
        if key and person not in seen:
            seen.add(person)
            yield person, event.head.case_no, kind, event.received_on
