"""Who works on a case, what is proposed for it, which cases belong to it, and the piles, in PostgreSQL."""

from collections.abc import Sequence
from dataclasses import asdict, fields, replace
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Connection,
    Select,
    Table,
    Text,
    case,
    cast,
    column,
    func,
    literal,
    literal_column,
    select,
    text,
    tuple_,
    union_all,
)
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP, insert
from sqlalchemy.sql import ColumnElement, Subquery

from lianxi.bus.engine import run_soon
from lianxi.casework.messages.facts import PetitionClass
from lianxi.runtime.crypto import KeyRing
from services.routing.domain.claims import beside_a_part
from services.routing.domain.desk import ProposedAct, Relation, Taking
from services.routing.domain.piles import PileCount, PiledCase
from services.routing.domain.records import CaseText
from services.routing.storage.records import SqlTexts, opened
from services.routing.storage.tables import case_file, custody_receipt, desk_books, directive, sorting, wish

FIRST_PART = 90_000
"""Parts of split cases are numbered after this, where no contact of a day ever comes."""
_taking, _proposed, _relation, _parts = desk_books.taking, desk_books.proposed, desk_books.relation, desk_books.parts
_HELD = {
    "S01": "register",
    "S02": "dispatch",
    "S03": "instruction",
    "S06": "acceptance",
    "S09": "completion",
    "S10": "classification",
    "S14": "signature",
    "S15": "service",
}
"""The pile of each state at the node that holds the case."""
_STAGES = {"consult": "consultation", "designate": "designation", "conference": "conference"}
_ASSISTED = ("S06", "S10", "S11", "S12", "S13", "S14", "S15")
"""The states in which an assisting unit may give its part (T53)."""
_HAS_ASSISTS = text(f"{case_file.fullname}.snapshot->'assists' <> '[]'::jsonb")
_PART_IS_MISSING = f"""
EXISTS (
    SELECT 1 FROM jsonb_array_elements_text({case_file.fullname}.snapshot->'assists') AS asked(unit)
    WHERE {{whose}} AND NOT coalesce({case_file.fullname}.snapshot->'assisted', '[]'::jsonb) @> to_jsonb(asked.unit)
)
"""
_OWES_CALL_BACKS = text(f"{case_file.fullname}.snapshot->'call_backs' <> '[]'::jsonb")
_CALL_BACK_OF_UNIT = f"""
EXISTS (SELECT 1 FROM jsonb_array_elements({case_file.fullname}.snapshot->'call_backs') AS owed
        WHERE owed->>'unit' = :unit)
"""
_ASKED_ON: ColumnElement[Any] = literal_column(
    f"({case_file.fullname}.snapshot->>'delivered_on')::timestamp AT TIME ZONE 'Asia/Shanghai'",
    TIMESTAMP(timezone=True),
)
_WORDS = ("note", "reason")
"""What clerks write about a proposed act; it may be about people."""
_REPORTED = ("S30", "S31", "S32", "S33", "S40", "S41", "S42", "S43", "S50")
_FINAL = ("S40", "S41", "S42")


def _fact(name: str) -> ColumnElement[str]:
    return func.coalesce(case_file.c.snapshot[name].astext, "")


def _row(pile: ColumnElement[str], since: Any = case_file.c.since, case_no: Any = case_file.c.case_no) -> Select[Any]:
    return select(case_no.label("case_no"), since.label("since"), pile.label("pile"))


def _named(name: str) -> ColumnElement[str]:
    return literal(name, Text)


def _waits(node: str) -> Subquery:
    """Case number, since when and pile of everything that waits for somebody of this node; a case can wait twice."""
    state, still = case_file.c.state, ~case_file.c.in_transfer
    held = case(*((state == code, _named(name)) for code, name in _HELD.items()))
    stage = _fact("dispute_stage")
    disputed = case(*((stage == code, _named(name)) for code, name in _STAGES.items()))
    whose = case((stage == "consult", case_file.c.holder), else_=_fact("dispute_node"))
    review = case((state.in_(_FINAL), _named("final-review")), else_=_named("review"))
    asked = text(_PART_IS_MISSING.format(whose="split_part(asked.unit, '.', 1) = :node")).bindparams(node=node)
    waiting = (
        _row(held).where(state.in_(list(_HELD)), case_file.c.holder == node, still),
        _row(_named("objection")).where(state == "S07", _fact("sender") == node, still),
        _row(disputed).where(state == "S08", whose == node, still),
        _row(_named("assistance"), _ASKED_ON).where(_HAS_ASSISTS, state.in_(_ASSISTED), asked, still),
        _row(_named("report")).where(state.in_(_REPORTED), _fact("report") == "filed", _fact("assigned_by") == node),
        _called_back(node),
        _row(review).where(state.in_(("S30", "S31", *_FINAL)), _fact("reviewing_node") == node),
        _sent(_named("offer"), custody_receipt, custody_receipt.c.offered_at),
        _sent(_named("directive"), directive, directive.c.issued_at),
        _row(_named("wish"), wish.c.declared_at, wish.c.case_no).where(wish.c.state == "waiting"),
        _row(_named("proposed"), _proposed.c.proposed_at, _proposed.c.case_no).where(_proposed.c.state == "open"),
    )
    return union_all(*waiting).subquery()


def _called_back(node: str) -> Select[Any]:
    """The cases for which this node or a unit of it owes a call-back, whoever holds them, since the first is owed."""
    owed = func.jsonb_array_elements(case_file.c.snapshot["call_backs"]).table_valued(
        column("value", JSONB), name="owed", joins_implicitly=True
    )
    call = owed.c.value
    since = func.min(cast(call["since"].astext, TIMESTAMP(timezone=True)))
    return (
        _row(_named("call-back"), since)
        .where(_OWES_CALL_BACKS, call["node"].astext == node)
        .group_by(case_file.c.case_no)
    )


def _sent(pile: ColumnElement[str], table: Table, since: Any) -> Select[Any]:
    unanswered = table.c.answered_at.is_(None) & (table.c.direction == "out")
    return _row(pile, since, table.c.case_no).where(unanswered)


_TAKING = f"SELECT {', '.join(field.name for field in fields(Taking))} FROM {_taking.fullname} WHERE case_no = %s"
_RELATED = f"""
SELECT ways.number, ways.kind, f.state, f.holder FROM (
    SELECT other AS number, kind FROM {_relation.fullname} WHERE case_no = %s
    UNION ALL SELECT case_no, 'has-' || kind FROM {_relation.fullname} WHERE other = %s
) AS ways LEFT JOIN {case_file.fullname} f ON f.case_no = ways.number ORDER BY ways.number
"""


class SqlDeskBooks:
    """`DeskBooks` on one connection."""

    def __init__(self, connection: Connection, keys: KeyRing, texts: SqlTexts) -> None:
        self._connection = connection
        self._keys = keys
        self._texts = texts

    def taking(self, case_no: str) -> Taking | None:
        """Return who has taken a case, also when that has expired."""
        row = self._connection.exec_driver_sql(_TAKING, (case_no,)).mappings().one_or_none()
        return None if row is None else Taking(**row)

    def take(self, taking: Taking) -> None:
        """Note who works on a case, in the place of whoever did."""
        row = asdict(taking)
        self._connection.execute(
            insert(_taking).values(row).on_conflict_do_update(index_elements=["case_no"], set_=row)
        )

    def give_back(self, case_no: str) -> None:
        """Let a case lie on its pile again."""
        run_soon(self._connection, f"DELETE FROM {_taking.fullname} WHERE case_no = %s", (case_no,))

    def propose(self, proposed: ProposedAct) -> None:
        """Keep a proposed act."""
        sealed = self._keys.seal(proposed.command, f"proposed/{proposed.id}")
        row = asdict(proposed) | {"command": sealed} | self._words(proposed)
        self._connection.execute(insert(_proposed).values(row))

    def _words(self, proposed: ProposedAct) -> dict[str, str]:
        """Return what clerks wrote as it is stored: sealed, and no more in clear."""
        words: dict[str, str] = {}
        for name in _WORDS:
            said, place = getattr(proposed, name), f"proposed/{proposed.id}/{name}"
            words |= {name: "", f"{name}_sealed": self._keys.seal(said, place) if said else ""}
        return words

    def _read(self, row: Any) -> ProposedAct:
        values = {field.name: row[field.name] for field in fields(ProposedAct)}
        values["command"] = self._keys.open(row["command"], f"proposed/{row['id']}")
        for name in _WORDS:
            if sealed := row[f"{name}_sealed"]:
                values[name] = self._keys.open(sealed, f"proposed/{row['id']}/{name}")
        return ProposedAct(**values)

    def proposed(self, act_id: str) -> ProposedAct | None:
        """Return a proposed act, locked until the end of the work."""
        query = select(_proposed).where(_proposed.c.id == act_id).with_for_update()
        row = self._connection.execute(query).mappings().one_or_none()
        return None if row is None else self._read(row)

    def settle(self, proposed: ProposedAct) -> None:
        """Keep what became of a proposed act."""
        names = ("state", "decided_by", "decided_role", "decided_at")
        values = {name: getattr(proposed, name) for name in names} | self._words(proposed)
        self._connection.execute(_proposed.update().where(_proposed.c.id == proposed.id).values(values))

    def proposals(self, case_no: str, after: tuple[datetime, str] | None, limit: int) -> Sequence[ProposedAct]:
        """Return the acts proposed for a case, or with "" all that wait, oldest first."""
        query = select(_proposed).order_by(_proposed.c.proposed_at, _proposed.c.id).limit(limit)
        query = query.where(_proposed.c.case_no == case_no if case_no else _proposed.c.state == "open")
        if after is not None:
            query = query.where(tuple_(_proposed.c.proposed_at, _proposed.c.id) > after)
        return [self._read(row) for row in self._connection.execute(query).mappings()]

    def relate(self, case_no: str, other: str, kind: str) -> None:
        """Note that a case is a part of another, was merged into it, or is a new matter beside it."""
        row = {"case_no": case_no, "other": other, "kind": kind}
        self._connection.execute(insert(_relation).values(row).on_conflict_do_nothing())

    def related(self, case_no: str) -> Sequence[Relation]:
        """Return the cases that belong to one, from either side."""
        rows = self._connection.exec_driver_sql(_RELATED, (case_no, case_no))
        return [Relation(row.number, row.kind, row.state or "", row.holder or "") for row in rows]

    def next_part(self, prefix: str) -> int:
        """Return the next sequence of a part under a prefix of node, day and channel."""
        statement = insert(_parts).values(prefix=prefix, last=FIRST_PART + 1)
        statement = statement.on_conflict_do_update(index_elements=["prefix"], set_={"last": _parts.c.last + 1})
        number: int = self._connection.execute(statement.returning(_parts.c.last)).scalar_one()
        return number

    def copy_text(self, case_no: str, number: str, claims: Sequence[int]) -> CaseText | None:
        """Keep the text and petitioner of a case under the number of a part too, of its written claims only these.

        A sealed text opens under its own number only, so that it is sealed anew and never shown. Returns what was
        sealed, None where the text is not here.
        """
        text = self._texts.get(case_no)
        if text is None:
            return None
        petitioner = beside_a_part(opened(self._keys, text.petitioner_sealed, f"petitioner/{case_no}"), claims)
        again = self._keys.seal_for_transport(petitioner, f"petitioner/{number}") if petitioner else ""
        self._texts.add(replace(text, case_no=number, petitioner_sealed=again))
        return self._texts.sealed(number)

    def count(self, node: str) -> tuple[PileCount, ...]:
        """Return how many cases wait in each pile that is not empty, and since when the oldest does."""
        waits = _waits(node)
        query = select(waits.c.pile, func.count(), func.min(waits.c.since)).group_by(waits.c.pile)
        return tuple(PileCount(name, number, since) for name, number, since in self._connection.execute(query))

    def piled(
        self, node: str, pile: str, after: tuple[datetime, str] | None, limit: int, *, unit: str, sealed: bool
    ) -> Sequence[PiledCase]:
        """Return the cases of a pile, oldest first; those of one unit if it is named, accusations only if `sealed`."""
        waits = _waits(node)
        columns = (case_file.c.case_no, case_file.c.state, waits.c.since, case_file.c.holder, case_file.c.unit)
        query = (
            select(*columns, _taking.c.person, _taking.c.role, _taking.c.expires_at)
            .join_from(waits, case_file, case_file.c.case_no == waits.c.case_no)
            .join(_taking, _taking.c.case_no == case_file.c.case_no, isouter=True)
            .join(sorting, sorting.c.case_no == case_file.c.case_no, isouter=True)
            .where(waits.c.pile == pile)
            .order_by(waits.c.since, case_file.c.case_no)
            .limit(limit)
        )
        if unit and pile == "assistance":
            query = query.where(text(_PART_IS_MISSING.format(whose="asked.unit = :unit")).bindparams(unit=unit))
        elif unit and pile == "call-back":
            query = query.where(text(_CALL_BACK_OF_UNIT).bindparams(unit=unit))
        elif unit:
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
