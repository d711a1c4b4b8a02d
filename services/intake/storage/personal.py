"""The contacts of one person: found by keyed hash, shown field by field, blanked for good."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from sqlalchemy import Column, Connection, Table, Text, delete, func, insert, literal, select, union, update
from sqlalchemy.dialects.postgresql import TIMESTAMP

from lianxi.casework.messages.facts import Actor
from lianxi.runtime.clock import SHANGHAI
from services.intake.domain.begun import Begun
from services.intake.storage.attachments import SqlAttachments
from services.intake.storage.tables import SEALED_FIELDS, addition, claim, contact, draft, metadata, party, reject

erasure = Table(
    "erasure",
    metadata,
    Column("number", Text, primary_key=True),
    Column("person", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("at", TIMESTAMP(timezone=True), nullable=False),
)


_CHUNK = 500
_BEGUN = {
    "draft": (draft, draft.c.id, draft.c.changed_at, literal("")),
    "reject": (reject, reject.c.fingerprint, reject.c.last_at, func.coalesce(reject.c.number, "")),
}
"""Drafts and rejects: the column the sealed content is bound to, the last change, the contact it became."""


class SqlUnfinished:
    """The tables draft and reject, read through for one person: what is in them is sealed and has no hash."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def contents(self) -> Iterator[Begun]:
        """Yield all drafts, then all rejects."""
        for kind, (table, bound, changed, number) in _BEGUN.items():
            query = select(table.c.id, table.c.content_sealed, bound, changed, number).order_by(table.c.id)
            with self._connection.execute(query.execution_options(yield_per=_CHUNK)) as rows:
                for each, sealed, place, at, became in rows:
                    yield Begun(
                        kind=kind,
                        id=each,
                        content_sealed=sealed,
                        place=f"{kind}/{place}",
                        at=at.astimezone(SHANGHAI),
                        number=became,
                    )

    def forget(self, kind: str, ids: Sequence[str]) -> None:
        """Delete drafts or rejects."""
        table = _BEGUN[kind][0]
        self._connection.execute(delete(table).where(table.c.id == func.any(list(ids))))

    def forget_mended(self, numbers: Sequence[str]) -> None:
        """Delete the refused input from which these contacts were made."""
        self._connection.execute(delete(reject).where(reject.c.number == func.any(list(numbers))))


class SqlPersons:
    """What identifies people, in the table contact and those that hang on it."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def numbers_of(self, keys: Sequence[str]) -> list[str]:
        """Return the contacts of whoever has one of these keys: as petitioner, co-signer or agent."""
        own = select(contact.c.number).where(contact.c.petitioner_key == func.any(list(keys)))
        joined = select(party.c.number).where(party.c.party_key == func.any(list(keys)))
        return sorted(self._connection.execute(union(own, joined)).scalars())

    def sealed_names(self, numbers: Sequence[str]) -> dict[str, tuple[str | None, bool]]:
        """Return the sealed name of each contact, and whether it stands in no list (GD-1)."""
        found = self._connection.execute(
            select(contact.c.number, contact.c.name_sealed, contact.c.restricted).where(
                contact.c.number == func.any(list(numbers))
            )
        )
        return {number: (sealed, restricted) for number, sealed, restricted in found}

    def blank(self, number: str, nobody: str, actor: Actor, reason: str, at: datetime) -> None:
        """Take everything personal out of a contact, its files too; `nobody` takes the place of the person's key."""
        blanks = dict.fromkeys((f"{field}_sealed" for field in SEALED_FIELDS), None)
        self._connection.execute(
            update(contact)
            .where(contact.c.number == number)
            .values(**blanks, petitioner_key=nobody, query_code_hash=None, source_digest=None, recording="")
        )
        for table in (party, claim, addition):
            self._connection.execute(delete(table).where(table.c.number == number))
        SqlAttachments(self._connection).forget(number)
        self._connection.execute(
            insert(erasure).values(number=number, person=actor.person, role=actor.role.value, reason=reason, at=at)
        )

    def erased(self, numbers: Sequence[str]) -> list[str]:
        """Return those of these contacts that were erased."""
        query = select(erasure.c.number).where(erasure.c.number == func.any(list(numbers)))
        return sorted(self._connection.execute(query).scalars())
