"""Contacts, running numbers and the book of unmaskings, on the connection of one transaction."""

from collections.abc import Mapping, Sequence
from dataclasses import fields
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, func, insert, select, text
from sqlalchemy.dialects.postgresql import insert as upsert

from lianxi.casework.identifiers import DivisionCode
from lianxi.runtime.clock import SHANGHAI
from services.intake.domain.records import MAX_SEQUENCE, Contact, Origin, Unmasking
from services.intake.storage.tables import SCHEMA, SEALED_FIELDS, contact, unmasking

_PLAIN_FIELDS = tuple(field.name for field in fields(Contact) if field.name != "sealed")


class SqlContacts:
    """The table contact."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, contacts: Sequence[Contact]) -> None:
        """Insert new contacts in one statement."""
        if contacts:
            self._connection.execute(insert(contact), [_row(each) for each in contacts])

    def keep(self, contacts: Sequence[Contact]) -> None:
        """Insert contacts that came with custody; the newest dossier replaces an older one, never a registration."""
        statement = upsert(contact)
        renewed = {
            column.name: statement.excluded[column.name] for column in contact.columns if column.name != "number"
        }
        statement = statement.on_conflict_do_update(
            index_elements=["number"], set_=renewed, where=contact.c.origin == Origin.CUSTODY.value
        )
        for each in sorted(contacts, key=lambda kept: kept.number):
            self._connection.execute(statement, _row(each))

    def by_number(self, number: str) -> Contact | None:
        """Return the contact with this number."""
        return self._one(contact.c.number == number)

    def by_query_code(self, code_hash: str) -> Contact | None:
        """Return the contact whose query code has this hash."""
        return self._one(contact.c.query_code_hash == code_hash)

    def lock_source(self, source: str) -> None:
        """Wait until no other transaction takes over contacts of `source`."""
        self._connection.execute(
            text("SELECT pg_advisory_xact_lock(hashtextextended(:source, 0))"), {"source": f"{SCHEMA}/{source}"}
        )

    def taken_over(self, source: str, ids: Sequence[str]) -> dict[str, tuple[str, str]]:
        """Return number and digest by source id."""
        found = self._connection.execute(
            select(contact.c.source_id, contact.c.number, contact.c.source_digest).where(
                contact.c.source == source, contact.c.source_id == func.any(list(ids))
            )
        )
        return {source_id: (number, digest) for source_id, number, digest in found}

    def _one(self, which: ColumnElement[bool]) -> Contact | None:
        row = self._connection.execute(select(contact).where(which)).one_or_none()
        return None if row is None else _contact(row)


def _row(each: Contact) -> dict[str, Any]:
    row = {name: getattr(each, name) for name in _PLAIN_FIELDS}
    return row | {f"{field}_sealed": each.sealed.get(field) for field in SEALED_FIELDS}


def _contact(row: Row[Any]) -> Contact:
    values = row._mapping  # noqa: SLF001  the documented way to a row by names
    sealed = {field: values[f"{field}_sealed"] for field in SEALED_FIELDS if values[f"{field}_sealed"]}
    plain = {name: values[name] for name in _PLAIN_FIELDS}
    instants = {name: plain[name].astimezone(SHANGHAI) for name in ("received_at", "entered_at")}
    return Contact(**plain | instants | {"origin": Origin(plain["origin"]), "sealed": sealed})


_TAKE = f"""
INSERT INTO {SCHEMA}.running_number AS known (division, day, channel, before, last)
SELECT %s, day, channel, 0, least(count, %s)
FROM unnest(%s::date[], %s::text[], %s::integer[]) AS wanted (day, channel, count)
ORDER BY day, channel
ON CONFLICT (division, day, channel)
DO UPDATE SET before = known.last, last = least(known.last + excluded.last, %s)
RETURNING day, channel, before, last
"""


class SqlNumbers:
    """The table running_number: one row per division, day and channel, locked until the transaction ends."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def take(self, division: DivisionCode, wanted: Mapping[tuple[date, str], int]) -> dict[tuple[date, str], range]:
        """Take the sequences in one statement, always in the same order, so two transactions never wait in a ring.

        A rolled back transaction gives its sequences back, so there is never a gap.
        """
        days, channels = ([key[part] for key in wanted] for part in (0, 1))
        taken = self._connection.exec_driver_sql(
            _TAKE, (str(division), MAX_SEQUENCE, days, channels, list(wanted.values()), MAX_SEQUENCE)
        )
        return {(day, channel): range(before + 1, last + 1) for day, channel, before, last in taken}


class SqlUnmaskings:
    """The table unmasking, written to and never changed."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def write(self, entry: Unmasking) -> None:
        """Insert one line."""
        values = {name: getattr(entry, name) for name in ("number", "person", "role", "unit", "node", "reason", "at")}
        self._connection.execute(insert(unmasking).values(values))
