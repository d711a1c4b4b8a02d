"""The book of looks at personal data: lines are added and never changed, each chained to the one before."""

from collections.abc import Iterator, Sequence

from sqlalchemy import (
    CheckConstraint,
    Column,
    Connection,
    Index,
    Integer,
    Row,
    SmallInteger,
    Table,
    Text,
    select,
)
from sqlalchemy.dialects.postgresql import ARRAY, BIGINT, TIMESTAMP

from lianxi.runtime.clock import SHANGHAI
from services.intake.domain.audit import ChainedRead, PersonalRead, ReadKind, ReadQuery, broken, chained, fit_reason
from services.intake.domain.records import Unmasking
from services.intake.storage.tables import metadata

personal_read = Table(
    "personal_read",
    metadata,
    Column("position", BIGINT, primary_key=True, autoincrement=False),
    Column("number", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("fields", ARRAY(Text), nullable=False),
    Column("person", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("unit", Text, nullable=False),
    Column("node", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("contacts", Integer, nullable=False),
    Column("at", TIMESTAMP(timezone=True), nullable=False),
    Column("previous", Text, nullable=False),
    Column("digest", Text, nullable=False),
    Index("personal_read_number", "number", "position"),
    Index("personal_read_person", "person", "position"),
)

# The last line of the book, kept apart; whoever adds a line holds it until the transaction ends.
personal_read_head = Table(
    "personal_read_head",
    metadata,
    Column("id", SmallInteger, primary_key=True, autoincrement=False),
    Column("position", BIGINT, nullable=False),
    Column("digest", Text, nullable=False),
    CheckConstraint("id = 1", name="personal_read_head_alone"),
)

_HOLD_HEAD = f"SELECT position, digest FROM {personal_read_head.fullname} FOR UPDATE"
_COLUMNS = tuple(column.name for column in personal_read.columns)
_PLACES = f"({', '.join('%s::text[]' if name == 'fields' else '%s' for name in _COLUMNS)})"
_ADD = f"""
INSERT INTO {personal_read.fullname} ({", ".join(_COLUMNS)}) VALUES {{lines}};
UPDATE {personal_read_head.fullname} SET position = %s, digest = %s
"""
FULL_FIELDS = ("name", "id_number", "credit_code", "phone", "email", "address", "subject", "text")


class SqlReads:
    """The tables personal_read and personal_read_head."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, read: PersonalRead) -> None:
        """Add one line at the end."""
        self.add_all([read])

    def add_all(self, reads: Sequence[PersonalRead]) -> None:
        """Add lines at the end, in this order; others wait with theirs until the transaction ends."""
        if not reads:
            return
        head = self._connection.exec_driver_sql(_HOLD_HEAD).one()
        position, digest, lines = head.position, head.digest, []
        for read in reads:
            lines.append(chained(read, position + 1, digest))
            position, digest = lines[-1].position, lines[-1].digest
        places = ", ".join([_PLACES] * len(lines))
        values = [value for line in lines for value in _values(line)]
        self._connection.exec_driver_sql(_ADD.format(lines=places), (*values, position, digest))

    def write(self, unmasking: Unmasking) -> None:
        """Add the line of a look at a whole contact."""
        self.write_all([unmasking])

    def write_all(self, unmaskings: Sequence[Unmasking]) -> None:
        """Add the lines of looks at whole contacts."""
        self.add_all([_full_read(unmasking) for unmasking in unmaskings])

    def page(self, query: ReadQuery) -> Sequence[ChainedRead]:
        """Return the lines that are wanted, newest first."""
        columns = personal_read.c
        statement = select(personal_read).order_by(columns.position.desc()).limit(query.limit)
        if query.number:
            statement = statement.where(columns.number == query.number)
        if query.person:
            statement = statement.where(columns.person == query.person)
        if query.since is not None:
            statement = statement.where(columns.at >= query.since)
        if query.until is not None:
            statement = statement.where(columns.at < query.until)
        if query.after is not None:
            statement = statement.where(columns.position < query.after)
        return [_line(row) for row in self._connection.execute(statement)]

    def faults(self) -> list[str]:
        """Recompute the whole book; return what is wrong with it."""
        head = self._connection.execute(select(personal_read_head)).one()
        return broken(self._lines(), (head.position, head.digest))

    def head(self) -> tuple[int, str]:
        """Return how many lines there are and the digest of the last: what to keep elsewhere, to compare with."""
        found = self._connection.execute(select(personal_read_head)).one()
        return found.position, found.digest

    def _lines(self) -> Iterator[ChainedRead]:
        found = self._connection.execution_options(yield_per=1000).execute(
            select(personal_read).order_by(personal_read.c.position)
        )
        for row in found:
            yield _line(row)


def _full_read(unmasking: Unmasking) -> PersonalRead:
    return PersonalRead(
        number=unmasking.number,
        kind=ReadKind.FULL,
        fields=FULL_FIELDS,
        person=unmasking.person,
        role=unmasking.role,
        unit=unmasking.unit,
        node=unmasking.node,
        reason=fit_reason(unmasking.reason),
        at=unmasking.at,
    )


def _values(line: ChainedRead) -> list[object]:
    read = line.read
    values = {
        "position": line.position,
        "number": read.number,
        "kind": read.kind.value,
        "fields": list(read.fields),
        "person": read.person,
        "role": read.role,
        "unit": read.unit,
        "node": read.node,
        "reason": read.reason,
        "contacts": read.contacts,
        "at": read.at,
        "previous": line.previous,
        "digest": line.digest,
    }
    return [values[name] for name in _COLUMNS]


def _line(row: Row[tuple[object, ...]]) -> ChainedRead:
    read = PersonalRead(
        number=row.number,
        kind=ReadKind(row.kind),
        fields=tuple(row.fields),
        person=row.person,
        role=row.role,
        unit=row.unit,
        node=row.node,
        reason=row.reason,
        contacts=row.contacts,
        at=row.at.astimezone(SHANGHAI),
    )
    return ChainedRead(position=row.position, read=read, previous=row.previous, digest=row.digest)
