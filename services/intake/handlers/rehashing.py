"""Hashes of stored contacts, made anew when the city changes its index key.

A hash says neither by which key it was made nor of what. So whatever may have been hashed is worked out from the sealed
fields, and where one of these explains the stored hash by any accepted key, its hash by the key in use takes the place.
What nothing explains is left and counted: it stays findable as long as its key is in the ring. Taking the former key
into use again and going through once more is the way back.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass

from lianxi.casework.errors import Refused
from lianxi.casework.identifiers import QueryCode
from services.intake.domain.parties import PartyKind
from services.intake.domain.petitioner import PERSONAL_FIELDS, Petitioner
from services.intake.domain.records import Contact
from services.intake.handlers.ports import Vault
from services.intake.handlers.repeats import LENGTH, PURPOSE
from services.intake.handlers.sealing import content_digests, open_field

Pair = tuple[str, str]
"""A hash by some accepted key, and the hash of the same by the key in use; the two are equal where they are one."""


@dataclass(frozen=True, slots=True)
class Hashes:
    """The hashes that stand with one contact; `parties` by their place, from 1."""

    petitioner_key: str
    query_code_hash: str | None
    source_digest: str | None
    parties: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Renewal:
    """What a contact's hashes are and become, which nothing explains, and by what the city knows its people."""

    number: str
    before: Hashes
    after: Hashes
    unexplained: tuple[str, ...]
    persons: tuple[Pair, ...]

    @property
    def stale(self) -> tuple[str, ...]:
        """The columns that are not by the key in use, one entry for each value."""
        changed = [name for name in ("petitioner_key", "query_code_hash") if self._differs(name)]
        parties = zip(self.before.parties, self.after.parties, strict=True)
        return (*changed, *("party_key" for old, new in parties if old != new), *self.unexplained)

    def _differs(self, name: str) -> bool:
        return bool(getattr(self.before, name) != getattr(self.after, name))


def renew(contact: Contact, vault: Vault) -> Renewal:
    """Work out the hashes of a contact by the key in use."""
    petitioner = _petitioner(contact, vault)
    parties = [_party(contact, place, vault) for place in range(1, len(contact.parties) + 1)]
    nobody = f"contact:{contact.number}"
    key = _newest(contact.petitioner_key, [*petitioner, nobody], "petitioner", vault)
    code = _newest(contact.query_code_hash, _codes(contact, vault), "query-code", vault)
    digest = _content_digest(contact, vault)
    keys = [
        _newest(kept.party_key, [*said, f"{nobody}/{place}"], "petitioner", vault)
        for place, (kept, said) in enumerate(zip(contact.parties, parties, strict=True), start=1)
    ]
    before = Hashes(
        contact.petitioner_key,
        contact.query_code_hash,
        contact.source_digest,
        tuple(kept.party_key for kept in contact.parties),
    )
    after = Hashes(
        key or before.petitioner_key,
        code or before.query_code_hash,
        digest or before.source_digest,
        tuple(new or old for new, old in zip(keys, before.parties, strict=True)),
    )
    missing = (("petitioner_key", key), ("query_code_hash", code if before.query_code_hash else "none"))
    unexplained = (*(name for name, found in missing if not found), *("party_key" for found in keys if not found))
    co_signers = [
        value
        for kept, said in zip(contact.parties, parties, strict=True)
        if kept.kind == PartyKind.CO_SIGNER.value
        for value in said
    ]
    persons = (
        *_persons([*petitioner, *co_signers], vault),
        *_keys(contact.petitioner_key, [*petitioner, nobody], vault),
    )
    return Renewal(contact.number, before, after, unexplained, persons)


def _petitioner(contact: Contact, vault: Vault) -> list[str]:
    """Return everything by which the petitioner may have been recognised."""
    said = {field: open_field(contact, field, vault) for field in PERSONAL_FIELDS}
    account = f"{contact.source}/{said['name']}" if contact.source and said["name"] else ""
    return [":".join(pair) for pair in Petitioner(**said, account=account).identities()]


def _party(contact: Contact, place: int, vault: Vault) -> list[str]:
    sealed = contact.parties[place - 1].person_sealed
    said = json.loads(vault.open(sealed, f"contact/{contact.number}/party/{place}"))
    person = Petitioner(**{field: str(said[field]) for field in PERSONAL_FIELDS if said.get(field)})
    return [":".join(pair) for pair in person.identities()]


def _codes(contact: Contact, vault: Vault) -> list[str]:
    code = open_field(contact, "query_code", vault)
    try:
        return [QueryCode.parse(code).canonical] if code else []
    except Refused:
        return []


def _content_digest(contact: Contact, vault: Vault) -> str | None:
    """Return the digest by the key in use of what was kept; None where nothing is left to work it out from.

    The row may have been written with other spaces or signs than were kept, so its digest explains nothing. That of
    what was kept takes its place, and who takes over looks for both.
    """
    if not contact.source_digest:
        return None
    subject, text = (open_field(contact, field, vault) for field in ("subject", "text"))
    return content_digests(subject, text, vault)[0] if subject or text else None


def _newest(stored: str | None, values: list[str], purpose: str, vault: Vault) -> str | None:
    """Return the hash by the key in use of the value that explains the stored hash; None where none does."""
    for value in values if stored else ():
        hashes = vault.keyed_hashes(value, purpose)
        if stored in hashes:
            return hashes[0]
    return None


def _persons(values: list[str], vault: Vault) -> Iterator[Pair]:
    for value in values:
        newest, *others = (each[:LENGTH] for each in vault.keyed_hashes(value, PURPOSE))
        yield from ((each, newest) for each in (newest, *others))


def _keys(stored: str, values: list[str], vault: Vault) -> Iterator[Pair]:
    for value in values:
        newest, *others = vault.keyed_hashes(value, "petitioner")
        if stored in {newest, *others}:
            yield from ((each, newest) for each in (newest, *others))
            return
