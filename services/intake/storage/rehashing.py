"""Hashes of contacts, read with what explains them and replaced, a batch in one transaction."""

from collections.abc import Sequence
from typing import Protocol

from sqlalchemy import Connection

from services.intake.domain.records import Contact
from services.intake.storage.contacts import SqlContacts
from services.intake.storage.tables import SCHEMA

_CONTACTS = f"""
UPDATE {SCHEMA}.contact AS kept
SET petitioner_key = new.key, query_code_hash = new.code, source_digest = new.digest
FROM unnest(%s::text[], %s::text[], %s::text[], %s::text[], %s::text[]) AS new (number, was, key, code, digest)
WHERE kept.number = new.number AND kept.petitioner_key = new.was
"""
_PARTIES = f"""
UPDATE {SCHEMA}.party AS kept SET party_key = new.key
FROM unnest(%s::text[], %s::integer[], %s::text[], %s::text[]) AS new (number, position, was, key)
WHERE kept.number = new.number AND kept.position = new.position AND kept.party_key = new.was
"""


class Hashes(Protocol):
    """The hashes of one contact."""

    @property
    def petitioner_key(self) -> str:
        """By what the petitioner is recognised."""
        ...

    @property
    def query_code_hash(self) -> str | None:
        """By what the query code is found."""
        ...

    @property
    def source_digest(self) -> str | None:
        """By what a foreign text is known again."""
        ...

    @property
    def parties(self) -> tuple[str, ...]:
        """By what co-signers and agent are recognised, in their order."""
        ...


class Renewal(Protocol):
    """What they are and become."""

    @property
    def number(self) -> str:
        """The contact."""
        ...

    @property
    def before(self) -> Hashes:
        """What stood there when it was read."""
        ...

    @property
    def after(self) -> Hashes:
        """What is to stand there."""
        ...


class SqlHashes:
    """The columns of hashes on one connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def page(self, after: str, limit: int) -> list[Contact]:
        """Return the next contacts by number, with their co-signers."""
        return SqlContacts(self._connection).whole_page(after, limit)

    def replace(self, renewals: Sequence[Renewal]) -> int:
        """Write the new hashes, each only where the old one still stands; return how many contacts have new ones."""
        changed = [each for each in renewals if each.before != each.after]
        if not changed:
            return 0
        whole = [
            (each.number, each.before.petitioner_key, after.petitioner_key, after.query_code_hash, after.source_digest)
            for each in changed
            for after in (each.after,)
        ]
        self._connection.exec_driver_sql(_CONTACTS, tuple(map(list, zip(*whole, strict=True))))
        parties = [
            (each.number, place, old, new)
            for each in changed
            for place, (old, new) in enumerate(zip(each.before.parties, each.after.parties, strict=True), start=1)
            if old != new
        ]
        if parties:
            self._connection.exec_driver_sql(_PARTIES, tuple(map(list, zip(*parties, strict=True))))
        return len(changed)
