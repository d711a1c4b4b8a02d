"""Who works on a case, what is proposed for it, which cases belong to it, and the piles, in PostgreSQL."""

from collections.abc import Sequence
from dataclasses import asdict, fields, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Text, and_, case, cast, delete, func, literal, or_, select, tuple_, union_all
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.sql import ColumnElement, Subquery

from lianxi.casework.messages.facts import PetitionClass
from lianxi.runtime.crypto import KeyRing
from services.routing.domain.desk import ProposedAct, Relation, Taking
from services.routing.domain.piles import PileCount, PiledCase
from services.routing.domain.records import CaseText
from services.routing.storage.records import SqlTexts, opened
from services.routing.storage.tables import case_file, custody_receipt, desk_books, directive, sorting

FIRST_PART = 90_000
"""Parts of split cases are numbered after this, where no contact of a day ever comes."""
_taking, _proposed, _relation, _parts = desk_books.taking, desk_books.proposed, desk_books.relation, desk_books.parts
_OPEN = ("S01", "S02", "S03", "S06", "S07", "S08", "S09", "S10", "S14", "S15")
_DECIDED = ("S30", "S31", "S32", "S33", "S40", "S50")


def _fact(name: str) -> ColumnElement[str]:
    return func.coalesce(case_file.c.snapshot[name].astext, "")


def _pile_of(node: str) -> ColumnElement[str]:
    """The pile in which a case waits at this node, null where it waits for nobody here."""
    state, held = case_file.c.state, case_file.c.holder == node
    still = ~case_file.c.in_transfer
    mine = {
        "register": "S01",
        "dispatch": "S02",
        "instruction": "S03",
        "acceptance": "S06",
        "completion": "S09",
        "classification": "S10",
        "signature": "S14",
        "service": "S15",
    }
    return case(
        *((and_(state == code, held, still), literal(name, Text)) for name, code in mine.items()),
        (and_(state == "S07", _fact("sender") == node, still), literal("objection", Text)),
        (and_(state == "S08", held, _fact("dispute_stage") == "consult", still), literal("consultation", Text)),
        (
            and_(state == "S08", _fact("dispute_node") == node, still),
            case((_fact("dispute_stage") == "designate", literal("designation", Text)), else_="conference"),
        ),
        (and_(_fact("report") == "filed", _fact("assigned_by") == node), literal("report", Text)),
        (and_(state.in_(("S30", "S31")), _fact("reviewing_node") == node), literal("review", Text)),
        (and_(state == "S40", _fact("reviewing_node") == node), literal("final-review", Text)),
    )


class SqlDeskBooks:
    """`DeskBooks` on one connection."""

    def __init__(self, connection: Connection, keys: KeyRing, texts: SqlTexts) -> None:
        self._connection = connection
        self._keys = keys
        self._texts = texts

    def taking(self, case_no: str) -> Taking | None:
        """Return who has taken a case, also when that has expired."""
        query = select(_taking).where(_taking.c.case_no == case_no)
        row = self._connection.execute(query).mappings().one_or_none()
        return None if row is None else Taking(**row)

    def take(self, taking: Taking) -> None:
        """Note who works on a case, in the place of whoever did."""
        row = asdict(taking)
        self._connection.execute(
            insert(_taking).values(row).on_conflict_do_update(index_elements=["case_no"], set_=row)
        )

    def give_back(self, case_no: str) -> None:
        """Let a case lie on its pile again."""
        self._connection.execute(delete(_taking).where(_taking.c.case_no == case_no))

    def propose(self, proposed: ProposedAct) -> None:
        """Keep a proposed act."""
        sealed = self._keys.seal(proposed.command, f"proposed/{proposed.id}")
        self._connection.execute(insert(_proposed).values({**asdict(proposed), "command": sealed}))

    def _read(self, row: Any) -> ProposedAct:
        command = self._keys.open(row["command"], f"proposed/{row['id']}")
        return ProposedAct(**{**row, "command": command})

    def proposed(self, act_id: str) -> ProposedAct | None:
        """Return a proposed act, locked until the end of the work."""
        query = select(_proposed).where(_proposed.c.id == act_id).with_for_update()
        row = self._connection.execute(query).mappings().one_or_none()
        return None if row is None else self._read(row)

    def settle(self, proposed: ProposedAct) -> None:
        """Keep what became of a proposed act."""
        names = ("state", "decided_by", "decided_role", "decided_at", "reason")
        values = {name: getattr(proposed, name) for name in names}
        self._connection.execute(_proposed.update().where(_proposed.c.id == proposed.id).values(values))

    def proposals(self, case_no: str, after: tuple[datetime, str] | None, limit: int) -> Sequence[ProposedAct]:
        """Return the acts proposed for a case, or with "" all that wait, oldest first."""
        query = select(_proposed).order_by(_proposed.c.proposed_at, _proposed.c.id).limit(limit)
        query = query.where(_proposed.c.case_no == case_no if case_no else _proposed.c.state == "open")
        if after is not None:
            query = query.where(tuple_(_proposed.c.proposed_at, _proposed.c.id) > after)
        return [self._read(row) for row in self._connection.execute(query).mappings()]

    def relate(self, case_no: str, other: str, kind: str) -> None:
        """Note that a case is a part of another, or was merged into it."""
        row = {"case_no": case_no, "other": other, "kind": kind}
        self._connection.execute(insert(_relation).values(row).on_conflict_do_nothing())

    def related(self, case_no: str) -> Sequence[Relation]:
        """Return the cases that belong to one, from either side."""
        other, kind = _relation.c.other, _relation.c.kind
        ways = union_all(
            select(other.label("number"), kind.label("kind")).where(_relation.c.case_no == case_no),
            select(_relation.c.case_no.label("number"), (cast("has-", Text) + kind).label("kind")).where(
                other == case_no
            ),
        ).subquery()
        query = (
            select(ways.c.number, ways.c.kind, case_file.c.state, case_file.c.holder)
            .join_from(ways, case_file, case_file.c.case_no == ways.c.number, isouter=True)
            .order_by(ways.c.number)
        )
        return [
            Relation(row.number, row.kind, row.state or "", row.holder or "") for row in self._connection.execute(query)
        ]

    def next_part(self, prefix: str) -> int:
        """Return the next sequence of a part under a prefix of node, day and channel."""
        statement = insert(_parts).values(prefix=prefix, last=FIRST_PART + 1)
        statement = statement.on_conflict_do_update(index_elements=["prefix"], set_={"last": _parts.c.last + 1})
        number: int = self._connection.execute(statement.returning(_parts.c.last)).scalar_one()
        return number

    def copy_text(self, case_no: str, number: str) -> CaseText | None:
        """Keep the text and petitioner of a case under another number too; return them sealed, None where not here.

        A sealed text opens under its own number only, so that it is sealed anew and never shown.
        """
        text = self._texts.get(case_no)
        if text is None:
            return None
        petitioner = opened(self._keys, text.petitioner_sealed, f"petitioner/{case_no}")
        again = self._keys.seal_for_transport(petitioner, f"petitioner/{number}") if petitioner else ""
        self._texts.add(replace(text, case_no=number, petitioner_sealed=again))
        return self._texts.sealed(number)

    def count(self, node: str) -> tuple[PileCount, ...]:
        """Return how many cases wait in each pile that is not empty, and since when the oldest does."""
        pile = _pile_of(node).label("pile")
        waiting = select(pile, case_file.c.since.label("since")).where(case_file.c.state.in_((*_OPEN, *_DECIDED)))
        cases = waiting.subquery()
        offers = custody_receipt.c.answered_at.is_(None) & (custody_receipt.c.direction == "out")
        sent = directive.c.answered_at.is_(None) & (directive.c.direction == "out")
        counts = union_all(
            select(cases.c.pile, func.count().label("number"), func.min(cases.c.since).label("since"))
            .where(cases.c.pile.is_not(None))
            .group_by(cases.c.pile),
            select(literal("offer", Text), func.count(), func.min(custody_receipt.c.offered_at)).where(offers),
            select(literal("directive", Text), func.count(), func.min(directive.c.issued_at)).where(sent),
            select(literal("proposed", Text), func.count(), func.min(_proposed.c.proposed_at)).where(
                _proposed.c.state == "open"
            ),
        )
        rows = self._connection.execute(counts)
        return tuple(PileCount(row.pile, row.number, row.since) for row in rows if row.number)

    def piled(
        self, node: str, pile: str, after: tuple[datetime, str] | None, limit: int, *, unit: str, sealed: bool
    ) -> Sequence[PiledCase]:
        """Return the cases of a pile, oldest first; those of one unit if it is named, accusations only if `sealed`."""
        waits = _waits(node, pile)
        columns = (case_file.c.case_no, case_file.c.state, waits.c.since, case_file.c.holder, case_file.c.unit)
        query = (
            select(*columns, _taking.c.person, _taking.c.role, _taking.c.expires_at)
            .join_from(waits, case_file, case_file.c.case_no == waits.c.case_no)
            .join(_taking, _taking.c.case_no == case_file.c.case_no, isouter=True)
            .join(sorting, sorting.c.case_no == case_file.c.case_no, isouter=True)
            .order_by(waits.c.since, case_file.c.case_no)
            .limit(limit)
        )
        if unit:
            query = query.where(case_file.c.unit == unit)
        if not sealed:
            known = case_file.c.snapshot["petition_class"].astext
            found = sorting.c.proposal["petition_class"].astext
            query = query.where(func.coalesce(known, found, "") != PetitionClass.ACCUSATION.value)
        if after is not None:
            query = query.where(tuple_(waits.c.since, case_file.c.case_no) > after)
        names = [field.name for field in fields(PiledCase)]
        rows = [dict(zip(names, row, strict=True)) for row in self._connection.execute(query)]
        return [
            PiledCase(**{**row, "taken_by": row["taken_by"] or "", "taken_role": row["taken_role"] or ""})
            for row in rows
        ]


def _waits(node: str, pile: str) -> Subquery:
    """Case number and since when, of everything in a pile."""
    if pile == "offer":
        offers = custody_receipt.c.answered_at.is_(None) & (custody_receipt.c.direction == "out")
        return select(custody_receipt.c.case_no, custody_receipt.c.offered_at.label("since")).where(offers).subquery()
    if pile == "directive":
        sent = directive.c.answered_at.is_(None) & (directive.c.direction == "out")
        return select(directive.c.case_no, directive.c.issued_at.label("since")).where(sent).subquery()
    if pile == "proposed":
        open_ones = _proposed.c.state == "open"
        return select(_proposed.c.case_no, _proposed.c.proposed_at.label("since")).where(open_ones).subquery()
    states = or_(case_file.c.state.in_(_OPEN), case_file.c.state.in_(_DECIDED))
    return select(case_file.c.case_no, case_file.c.since).where(states, _pile_of(node) == pile).subquery()
