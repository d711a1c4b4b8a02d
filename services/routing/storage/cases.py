"""The case files and histories in PostgreSQL, written in batches: one statement per table and transaction.

A case read in a transaction is locked and remembered; appended events wait in memory until `flush`, which the work
calls before it commits and before a savepoint is released.
"""

import json
import re
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, select

from lianxi.bus.engine import run_soon
from lianxi.casework import chain
from lianxi.casework.case.state import Case
from lianxi.casework.errors import Invalid
from lianxi.casework.messages.events import CaseEvent
from lianxi.contracts import registry
from lianxi.contracts.envelope import Written
from lianxi.contracts.schemas import dump, load
from services.routing.domain.records import Recorded
from services.routing.storage.persons import PersonRow, persons_of
from services.routing.storage.tables import case_event, case_file, repeats

_BEGINNING = re.compile(r'\{"type":"([a-z0-9.-]+)","version":"(\d+\.\d+)","data":')
"""How the text of an event begins, as every node of this system writes it."""
_DECODER = json.JSONDecoder()
_write = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
_LOCK = "SELECT case_no, snapshot::text FROM {table} WHERE case_no = ANY(%s) ORDER BY case_no FOR UPDATE"
_EVENTS = f"""
INSERT INTO {case_event.fullname} (case_no, seq, name, major, epoch, node, at, digest, body)
SELECT * FROM unnest(%s::text[], %s::int[], %s::text[], %s::int[], %s::int[], %s::text[], %s::timestamptz[],
                     %s::text[], %s::text[])
"""
_FILES = f"""
INSERT INTO {case_file.fullname} (case_no, state, holder, unit, epoch, seq, head_digest, in_transfer, petitioner_key,
                     received_on, since, snapshot)
SELECT * FROM unnest(%s::text[], %s::text[], %s::text[], %s::text[], %s::int[], %s::int[], %s::text[], %s::bool[],
                     %s::text[], %s::date[], %s::timestamptz[], %s::jsonb[])
ON CONFLICT (case_no) DO UPDATE SET state = excluded.state, holder = excluded.holder, unit = excluded.unit,
    epoch = excluded.epoch, seq = excluded.seq, head_digest = excluded.head_digest,
    in_transfer = excluded.in_transfer, since = excluded.since, snapshot = excluded.snapshot
"""
_PERSONS = f"""
INSERT INTO {repeats.person.fullname} (person, case_no, kind, received_on)
SELECT * FROM unnest(%s::uuid[], %s::text[], %s::text[], %s::date[]) ON CONFLICT DO NOTHING
"""


class SqlCases:
    """`Cases` on one connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._known: dict[str, Case | None] = {}
        self._changed: dict[str, Case] = {}
        self._rows: list[tuple[object, ...]] = []
        self._persons: list[PersonRow] = []
        self._written: dict[str, Written] = {}

    def get(self, case_no: str) -> Case | None:
        """Return the case, locked until the end of the work, or None."""
        if case_no not in self._known:
            self.preload([case_no])
        return self._known[case_no]

    def preload(self, case_nos: Iterable[str]) -> None:
        """Fetch and lock many cases at once, in one order so that two workers cannot block each other."""
        wanted = sorted(set(case_nos) - self._known.keys())
        if not wanted:
            return
        rows = self._connection.exec_driver_sql(_LOCK.format(table=case_file.fullname), (wanted,)).all()
        found = {case_no: load(Case, json.loads(snapshot)) for case_no, snapshot in rows}
        self._known.update({case_no: found.get(case_no) for case_no in wanted})

    def append(self, case: Case, records: Sequence[Recorded]) -> None:
        """Add events to the history and keep the state they lead to."""
        self._known[case.case_no] = self._changed[case.case_no] = case
        self._rows.extend(_event_row(record) for record in records)
        self._persons.extend(row for record in records for row in persons_of(record))

    def history(self, case_no: str) -> tuple[str, ...]:
        """Return the events as the texts that were sealed, in order."""
        self.flush()
        query = select(case_event.c.body).where(case_event.c.case_no == case_no).order_by(case_event.c.seq)
        return tuple(self._connection.execute(query).scalars())

    def read(self, text: str) -> Recorded:
        """Read one event from its text; raises Invalid."""
        event, data, written = _read(text)
        cls = type(event)
        digest = chain.seal(chain.recorded_fields(cls.MESSAGE.name, data), event.head.previous)  # type: ignore[attr-defined]
        if written is not None and written.version.startswith(f"{cls.MESSAGE.major}."):  # type: ignore[attr-defined]
            self._written[digest] = written
        return Recorded(event, text, digest)

    def write(self, event: CaseEvent) -> Recorded:
        """Return an event of this node with its text."""
        written = Written(registry.version_of(event), _write(dump(event)))
        self._written[event.head.digest] = written
        text = f'{{"type":"{registry.type_of(event)}","version":"{written.version}","data":{written.data}}}'
        return Recorded(event, text, event.head.digest)

    def written(self, event: CaseEvent) -> Written | None:
        """Return the data of an event as it was read or written in this transaction, if it may be passed on so."""
        return self._written.get(event.head.digest)

    def forget(self) -> None:
        """Drop what a savepoint took back."""
        self._known.clear()
        self._changed.clear()
        self._rows.clear()
        self._persons.clear()
        self._written.clear()

    def flush_persons(self, persons: Sequence[str], besides: str) -> None:
        """Write what waits if another case of one of these persons is among it."""
        wanted = set(persons)
        if any(person in wanted and case_no != besides for person, case_no, *_ in self._persons):
            self.flush()

    def flush_cases(self, case_nos: Iterable[str]) -> None:
        """Write what waits if one of these cases is among it."""
        if not self._changed.keys().isdisjoint(case_nos):
            self.flush()

    def flush(self) -> None:
        """Write what waits in one go: an insert of events, one of persons, an upsert of case files."""
        files = [_file_row(case) for _, case in sorted(self._changed.items())]
        waiting: list[tuple[str, Sequence[tuple[object, ...]]]]
        waiting = [(_EVENTS, self._rows), (_PERSONS, self._persons), (_FILES, files)]
        statements = [statement for statement, rows in waiting if rows]
        if statements:
            # A column at a time as an array: several times faster than row by row.
            columns = [list(column) for _, rows in waiting for column in zip(*rows, strict=True)]
            run_soon(self._connection, ";".join(statements), columns)
        self._rows.clear()
        self._persons.clear()
        self._changed.clear()


def read_event(text: str) -> CaseEvent:
    """Return the event that a text tells of, to be looked at; its place in the chain is not worked out."""
    return _read(text)[0]


def _read(text: str) -> tuple[CaseEvent, Any, Written | None]:
    """Return an event with its data as JSON has it; raises Invalid."""
    try:
        wire_type, data, written = _parsed(text)
        cls = registry.MESSAGES[wire_type]
    except (ValueError, KeyError, TypeError):
        raise Invalid("events", "event", "案件事件无法解读，或本版本不认识其类型。") from None
    if not issubclass(cls, CaseEvent):
        raise Invalid("events", "event", "消息不是案件事件。")
    return load(cls, data), data, written


def _parsed(text: str) -> tuple[str, Any, Written | None]:
    """Return type and data of an event's text, and its data as text where nothing but that has to be passed on."""
    match = _BEGINNING.match(text)
    if match is None:
        stored = json.loads(text)
        return stored["type"], stored["data"], None
    data, end = _DECODER.raw_decode(text, match.end())
    if text[end:] != "}":  # something stands behind the data, so it is read like any other JSON
        stored = json.loads(text)
        return stored["type"], stored["data"], None
    written = Written(match[2], text[match.end() : end])
    # An escape may hide a character that no reader takes; written anew it is found out here and not at the reader.
    return match[1], data, None if "\\u" in written.data else written


def _event_row(record: Recorded) -> tuple[object, ...]:
    head = record.event.head
    message = record.event.MESSAGE  # type: ignore[attr-defined]
    name = (message.name, message.major)
    return (head.case_no, head.seq, *name, head.epoch, head.node, head.at, head.digest, record.text)


def _file_row(case: Case) -> tuple[object, ...]:
    return (
        case.case_no,
        case.state.value,
        case.holder,
        case.unit,
        case.epoch,
        case.seq,
        case.head_digest,
        case.in_transfer,
        case.petitioner_key,
        case.received_on,
        case.updated_at,
        _write(dump(case)),
    )
