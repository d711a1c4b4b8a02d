"""Contacts and running numbers, on the connection of one transaction."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields, replace
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import (
    Connection,
    Row,
    Table,
    delete,
    func,
    insert,
    select,
    text,
    update,
)
from sqlalchemy.dialects.postgresql import insert as upsert

from lianxi.bus.engine import run_soon
from lianxi.casework.identifiers import DivisionCode
from lianxi.runtime.clock import SHANGHAI
from services.intake.domain.records import (
    MAX_SEQUENCE,
    Addition,
    Contact,
    KeptClaim,
    KeptParty,
    Origin,
    Wanted,
)
from services.intake.storage.tables import SCHEMA, SEALED_FIELDS, addition, claim, contact, party

_ELSEWHERE = frozenset({"sealed", "parties", "claims"})
_PLAIN_FIELDS = tuple(field.name for field in fields(Contact) if field.name not in _ELSEWHERE)


class SqlContacts:
    """The table contact."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, contacts: Sequence[Contact]) -> None:
        """Insert new contacts in one statement."""
        if contacts:
            rows = [_row(each) for each in contacts]
            places = ", ".join([_PLACES] * len(rows))
            values = [_written(row[name]) for row in rows for name in _COLUMNS]
            run_soon(self._connection, _ADD.format(places=places), values)
            self._add_parts(contacts)

    def keep(self, contacts: Sequence[Contact]) -> None:
        """Insert contacts that came with custody; the newest dossier replaces an older one, never a registration."""
        statement = upsert(contact)
        renewed = {
            column.name: statement.excluded[column.name] for column in contact.columns if column.name != "number"
        }
        statement = statement.on_conflict_do_update(
            index_elements=["number"], set_=renewed, where=contact.c.origin == Origin.CUSTODY.value
        )
        kept = [
            each
            for each in sorted(contacts, key=lambda known: known.number)
            if self._connection.execute(statement.returning(contact.c.number), _row(each)).first() is not None
        ]
        for table in (party, claim):
            self._connection.execute(delete(table).where(table.c.number == func.any([each.number for each in kept])))
        self._add_parts(kept)

    def _add_parts(self, contacts: Sequence[Contact]) -> None:
        persons = [
            {"number": each.number, "position": position} | asdict(one)
            for each in contacts
            for position, one in enumerate(each.parties, start=1)
        ]
        claims = [
            {"number": each.number} | asdict(one) | {"category": list(one.category)}
            for each in contacts
            for one in each.claims
        ]
        for table, rows in ((party, persons), (claim, claims)):
            if rows:
                self._connection.execute(insert(table), rows)

    def page(self, wanted: Wanted) -> list[Contact]:
        """Return the next contacts by number, without co-signers and claims."""
        query = select(contact).where(contact.c.number > wanted.after)
        if wanted.since is not None:
            query = query.where(contact.c.received_at >= datetime.combine(wanted.since, time(), SHANGHAI))
        if wanted.until is not None:
            end = datetime.combine(wanted.until + timedelta(days=1), time(), SHANGHAI)
            query = query.where(contact.c.received_at < end)
        if wanted.channel:
            query = query.where(contact.c.channel == wanted.channel)
        found = self._connection.execute(query.order_by(contact.c.number).limit(wanted.limit))
        return [_contact(row) for row in found]

    def guided(self, before: str, limit: int) -> list[Contact]:
        """Return visits that were guided elsewhere, newest first, without co-signers and claims."""
        query = select(contact).where(contact.c.guided_to != "", contact.c.restricted.is_(False))
        if before:
            query = query.where(contact.c.number < before)
        return [_contact(row) for row in self._connection.execute(query.order_by(contact.c.number.desc()).limit(limit))]

    def additions(self, number: str) -> list[Addition]:
        """Return what the petitioner brought later, first to last."""
        found = self._connection.execute(
            select(addition).where(addition.c.number == number).order_by(addition.c.at, addition.c.id)
        )
        return [Addition(**row._mapping) for row in found]  # noqa: SLF001  the documented way to a row by names

    def bring(self, brought: Addition) -> None:
        """Store what the petitioner brought later."""
        self._connection.execute(insert(addition).values(asdict(brought)))

    def by_number(self, number: str) -> Contact | None:
        """Return the contact with this number."""
        return self._one("number", number)

    def restrict(self, numbers: Sequence[str]) -> None:
        """Mark contacts as accusations."""
        self._connection.execute(
            update(contact).where(contact.c.number == func.any(list(numbers))).values(restricted=True)
        )

    def by_query_code(self, code_hash: str) -> Contact | None:
        """Return the contact whose query code has this hash."""
        return self._one("query_code_hash", code_hash)

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

    def _one(self, column: str, value: str) -> Contact | None:
        row = self._connection.exec_driver_sql(f"{_WHOLE} WHERE c.{column} = %s", (value,)).one_or_none()
        return None if row is None else _whole(row)

    def whole_page(self, after: str, limit: int) -> list[Contact]:
        """Return the next contacts by number, with co-signers and claims."""
        page = f"{_WHOLE} WHERE c.number > %s ORDER BY c.number LIMIT %s"
        return [_whole(row) for row in self._connection.exec_driver_sql(page, (after, limit))]


def _whole(row: Row[Any]) -> Contact:
    parties = tuple(KeptParty(**each) for each in row.kept_parties or ())
    claims = tuple(KeptClaim(**each | {"category": tuple(each["category"])}) for each in row.kept_claims or ())
    return replace(_contact(row), parties=parties, claims=claims)


def _kept(table: Table, record: type, place: str) -> str:
    """Return the question for the rows of a table that belong to a contact, in order."""
    pairs = ", ".join(f"'{field.name}', k.{field.name}" for field in fields(record))
    rows = f"json_agg(json_build_object({pairs}) ORDER BY k.{place})"
    return f"(SELECT {rows} FROM {table.fullname} k WHERE k.number = c.number)"


_WHOLE = f"""
SELECT {", ".join(f"c.{column.name}" for column in contact.columns)},
    {_kept(party, KeptParty, "position")} AS kept_parties, {_kept(claim, KeptClaim, "claim")} AS kept_claims
FROM {contact.fullname} c
"""
"""A contact with its co-signers, agents and claims, in one question."""


def _row(each: Contact) -> dict[str, Any]:
    row = {name: getattr(each, name) for name in _PLAIN_FIELDS}
    return row | {f"{field}_sealed": each.sealed.get(field) for field in SEALED_FIELDS}


# Every filing asks for this, so it is written out: to put it together anew would cost more than to answer it.
_COLUMNS = tuple(column.name for column in contact.columns)
_PLACES = f"({', '.join(['%s'] * len(_COLUMNS))})"
_ADD = f"INSERT INTO {contact.fullname} ({', '.join(_COLUMNS)}) VALUES {{places}}"


def _written(value: Any) -> Any:
    return json.dumps(dict(value), ensure_ascii=False) if isinstance(value, Mapping) else value


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
