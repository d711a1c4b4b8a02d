"""Repeats in PostgreSQL: persons and fingerprints found by index, proposals and decisions kept for good.

A person is stored as half of the SHA-256 of its keyed hash, which is sixteen bytes instead of seventy. Fingerprints are
arrays under a GIN index. Neither look-up ever reads more than a bounded number of rows of any table, however many
cases the books have.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, select, update
from sqlalchemy.dialects.postgresql import insert

from lianxi.bus.engine import run_soon
from lianxi.casework.messages.facts import Actor, CaseState, PetitionClass
from lianxi.casework.messages.notices import ContactRegistered
from lianxi.contracts.schemas import dump, load
from lianxi.runtime.crypto import KeyRing
from services.routing.domain.fingerprints import bands
from services.routing.domain.records import CaseText
from services.routing.domain.repeats import KINDS, Known, Proposal, Verdict
from services.routing.storage.cases import SqlCases
from services.routing.storage.persons import keys_with_kind, person_id
from services.routing.storage.tables import SCHEMA, case_file, repeats

MOST = 30
"""Earlier cases that are compared; a person who has more is known to every clerk."""
_LIKELY = 200
"""Cases of a person among which the latest are chosen."""
_MOST_COPIES, _LIKELY_COPIES = 5, 50
"""Near-copies that are compared, and those among which they are chosen: of a campaign of thousands a few say all."""
_SEALED_PARTS = {"subject_sealed": "", "text_sealed": "", "petitioner_sealed": ""}
_FACTS = f"""
SELECT f.case_no, f.state, f.holder, f.received_on, f.snapshot->'category' AS category,
       s.proposal->'category' AS sorted, coalesce(f.snapshot->>'place', '') AS place,
       coalesce(f.snapshot->>'petition_class', s.proposal->>'petition_class', '') AS petition_class, found.kinds
FROM found JOIN {SCHEMA}.case_file f USING (case_no) LEFT JOIN {SCHEMA}.sorting s USING (case_no)
WHERE f.state <> '{CaseState.MERGED.value}'
ORDER BY f.received_on DESC, f.case_no DESC LIMIT %(most)s
"""
_PERSONS = f"""
WITH found AS MATERIALIZED (
    SELECT case_no, array_agg(kind) AS kinds FROM (
        SELECT case_no, kind FROM {SCHEMA}.case_person
        WHERE person = ANY (%(persons)s::uuid[]) AND case_no <> %(besides)s
        ORDER BY received_on DESC LIMIT %(likely)s
    ) AS likely GROUP BY case_no
)
{_FACTS}
"""
_ACCUSED = f"""
WITH named AS MATERIALIZED (
    SELECT case_no FROM {SCHEMA}.sorting
    WHERE proposal->'sealed' = 'true'::jsonb AND proposal->'accused' ?| %(organs)s::text[] AND case_no <> %(besides)s
    LIMIT %(likely)s
),
found AS (SELECT case_no, ARRAY['accused'] AS kinds FROM named)
{_FACTS}
"""
_SHARE_ACCUSED = f"""
SELECT count(*) FROM {SCHEMA}.sorting one JOIN {SCHEMA}.sorting other ON other.case_no = %s
WHERE one.case_no = %s AND one.proposal->'sealed' = 'true'::jsonb AND other.proposal->'sealed' = 'true'::jsonb
  AND one.proposal->'accused' ?| ARRAY(SELECT jsonb_array_elements_text(other.proposal->'accused'))
"""
# Without a LIMIT inside, the planner has no reason to read the whole table instead of the index.
_ALIKE = f"""
WITH found AS MATERIALIZED (SELECT case_no, bands FROM {SCHEMA}.case_fingerprint WHERE bands && %s::bigint[])
SELECT case_no, bands FROM found LIMIT {_LIKELY_COPIES + MOST + 1}
"""
_REMEMBER_TEXT = f"""
INSERT INTO {SCHEMA}.case_fingerprint (case_no, bands) VALUES (%s, %s::bigint[])
ON CONFLICT (case_no) DO UPDATE SET bands = excluded.bands
"""
_PROPOSE = f"""
INSERT INTO {SCHEMA}.repeat_proposal
    (case_no, earlier, same_person, score, reasons, state, holder, sealed, told_by, proposed_at)
SELECT * FROM unnest(%s::text[], %s::text[], %s::bool[], %s::smallint[], %s::jsonb[], %s::text[], %s::text[],
                     %s::bool[], %s::text[], %s::timestamptz[])
ON CONFLICT DO NOTHING
"""
_NAMED = f"""
WITH found AS MATERIALIZED (SELECT unnest(%(case_nos)s::text[]) AS case_no, ARRAY[]::text[] AS kinds)
{_FACTS}
"""


class SqlRepeats:
    """`Repeats` on one connection. `cases` may hold cases that are not written yet."""

    def __init__(self, connection: Connection, cases: SqlCases, keys: KeyRing) -> None:
        self._connection = connection
        self._cases = cases
        self._keys = keys
        self._alike: dict[str, dict[str, frozenset[int]]] = {}

    def of_persons(self, person_keys: Iterable[str], besides: str) -> tuple[Known, ...]:
        """Return other cases of these persons that this node knows, latest first."""
        persons = [person_id(key) for _, key in map(keys_with_kind, person_keys)]
        if not persons:
            return ()
        self._cases.flush_persons(persons, besides)
        given = {"persons": persons, "besides": besides, "likely": _LIKELY, "most": MOST}
        return tuple(_known(row, own=True) for row in self._connection.exec_driver_sql(_PERSONS, given))

    def of_accused(self, organs: Sequence[str], besides: str) -> tuple[Known, ...]:
        """Return other accusations of these organs, latest first."""
        self._cases.flush()
        given = {"organs": list(organs), "besides": besides, "likely": _LIKELY, "most": MOST}
        return tuple(_known(row, own=True) for row in self._connection.exec_driver_sql(_ACCUSED, given))

    def known_here(self, case_nos: Sequence[str]) -> frozenset[str]:
        """Return those of the cases that this node knows."""
        self._cases.flush_cases(case_nos)
        query = select(case_file.c.case_no).where(case_file.c.case_no.in_(case_nos))
        return frozenset(self._connection.execute(query).scalars())

    def share_a_person(self, one: str, other: str) -> bool:
        """Return whether two cases have a petitioner or co-signer in common."""
        self._cases.flush()
        table = repeats.person
        of_one = select(table.c.person).where(table.c.case_no == one)
        both = select(table.c.person).where(table.c.case_no == other, table.c.person.in_(of_one)).limit(1)
        return self._connection.execute(both).first() is not None

    def share_the_accused(self, one: str, other: str) -> bool:
        """Return whether two accusations are about an organ in common."""
        return bool(self._connection.exec_driver_sql(_SHARE_ACCUSED, (other, one)).scalar_one())

    def remember_text(self, text: CaseText) -> None:
        """Keep the fingerprint of a text that came to this node.

        Of a campaign the first fifty are kept: they are enough to know the rest by, and no search reads more of it.
        """
        every = self._bands(text)
        made = every[0]
        if not made:
            return
        alike = self._alike[text.case_no] = self._sharing(every)
        if sum(len(each.intersection(made)) * 2 >= len(made) for each in alike.values()) < _LIKELY_COPIES:
            run_soon(self._connection, _REMEMBER_TEXT, (text.case_no, list(made)))

    def copies_of(self, text: CaseText, besides: Iterable[str]) -> tuple[Known, ...]:
        """Return cases here whose texts are near-copies of this one, latest first."""
        alike = self._alike.pop(text.case_no, None)
        if alike is None:
            alike = self._sharing(self._bands(text))
        not_these = {text.case_no, *besides}
        numbers = [number for number in alike if number not in not_these][:_LIKELY_COPIES]
        if not numbers:
            return ()
        self._cases.flush_cases(numbers)
        named = self._connection.exec_driver_sql(_NAMED, {"case_nos": numbers, "most": _MOST_COPIES})
        return tuple(_known(row, own=False) for row in named)

    def propose(self, proposals: Sequence[Proposal]) -> None:
        """Keep proposals; what was proposed before stays as it is, with its decision."""
        if proposals:
            columns = zip(*map(_new_row, proposals), strict=True)
            run_soon(self._connection, _PROPOSE, [list(column) for column in columns])

    def proposals(self, case_no: str) -> tuple[Proposal, ...]:
        """Return what was proposed for a case, most likely first, with where the earlier cases stand now."""
        table = repeats.proposal
        query = (
            select(table, case_file.c.state.label("state_now"), case_file.c.holder.label("holder_now"))
            .join_from(table, case_file, case_file.c.case_no == table.c.earlier, isouter=True)
            .where(table.c.case_no == case_no)
            .order_by(table.c.score.desc(), table.c.earlier)
        )
        return tuple(_proposal(row) for row in self._connection.execute(query))

    def decide(
        self, case_no: str, earlier: str, verdict: Verdict, actor: Actor, at: datetime, *, note: str, outcome: str
    ) -> None:
        """Keep what a clerk decided; the note may be about people and is sealed."""
        table = repeats.proposal
        sealed = self._keys.seal(note, f"{case_no}/{earlier}/repeat-note") if note else ""
        self._connection.execute(
            update(table)
            .where(table.c.case_no == case_no, table.c.earlier == earlier)
            .values(
                verdict=verdict.value,
                decided_by=actor.person,
                decided_role=actor.role.value,
                decided_at=at,
                note=sealed,
                outcome=outcome,
            )
        )

    def note_of(self, proposal: Proposal) -> str:
        """Return the clerk's note in clear."""
        context = f"{proposal.case_no}/{proposal.earlier}/repeat-note"
        return self._keys.open(proposal.note, context) if proposal.note else ""

    def hold(self, contact: ContactRegistered) -> None:
        """Keep what a registration needs of a contact until a clerk has decided; its text stands elsewhere."""
        content = dump(contact) | _SEALED_PARTS
        self._remember(contact.contact_no, contact=json.loads(json.dumps(content)))

    def held(self, case_no: str) -> ContactRegistered | None:
        """Return the contact that waits, None when none does."""
        query = select(repeats.search.c.contact).where(repeats.search.c.case_no == case_no)
        content = self._connection.execute(query).scalar_one_or_none()
        return load(ContactRegistered, content) if content else None

    def release(self, case_no: str) -> None:
        """Forget the contact of a case that waits no more."""
        self._remember(case_no, contact=None)

    def asked(self, case_no: str, of: str, at: datetime) -> None:
        """Note that the city was asked."""
        self._remember(case_no, asked_of=of, asked_at=at)

    def answered(self, case_no: str, at: datetime) -> bool:
        """Note the answer; False where nothing was asked or the answer is here already."""
        table = repeats.search
        waiting = (table.c.case_no == case_no, table.c.asked_of != "", table.c.answered_at.is_(None))
        return self._connection.execute(update(table).where(*waiting).values(answered_at=at)).rowcount == 1

    def question(self, case_no: str) -> tuple[str, datetime | None, datetime | None]:
        """Return who was asked, when, and when the answer came; "" when nobody was."""
        table = repeats.search
        query = select(table.c.asked_of, table.c.asked_at, table.c.answered_at).where(table.c.case_no == case_no)
        row = self._connection.execute(query).one_or_none()
        return (row.asked_of, row.asked_at, row.answered_at) if row else ("", None, None)

    def _remember(self, case_no: str, **facts: Any) -> None:
        statement = insert(repeats.search).values(case_no=case_no, **facts)
        self._connection.execute(statement.on_conflict_do_update(index_elements=["case_no"], set_=facts))

    def _bands(self, text: CaseText) -> list[tuple[int, ...]]:
        """Return the bands of a text under each key derived from the city's index keys, the one in use first."""
        keys = self._keys.keyed_hashes("fingerprint", "text")
        return [bands(f"{text.subject}\n{text.text}", bytes.fromhex(key)) for key in keys]

    def _sharing(self, every: Iterable[Sequence[int]]) -> dict[str, frozenset[int]]:
        """Return some of the cases here whose texts share a band with these, each with all its bands."""
        wanted = [band for made in every for band in made]
        if not wanted:
            return {}
        found = self._connection.exec_driver_sql(_ALIKE, (wanted,))
        return {row.case_no: frozenset(row.bands) for row in found}


def _known(row: Row[Any], *, own: bool) -> Known:
    kinds = [kind for kind in KINDS if kind in row.kinds]
    return Known(
        case_no=row.case_no,
        state=row.state,
        holder=row.holder,
        received_on=row.received_on,
        category=tuple(row.category or row.sorted or ()),
        place=row.place,
        petition_class=PetitionClass(row.petition_class) if row.petition_class else None,
        kind=(kinds[0] if kinds else "") if own else None,
    )


def _new_row(proposal: Proposal) -> tuple[object, ...]:
    return (
        proposal.case_no,
        proposal.earlier,
        proposal.same_person,
        proposal.score,
        json.dumps(proposal.reasons, ensure_ascii=False),
        proposal.state,
        proposal.holder,
        proposal.sealed,
        proposal.told_by,
        proposal.proposed_at,
    )


def _proposal(row: Row[Any]) -> Proposal:
    values = {field.name: getattr(row, field.name) for field in fields(Proposal)}
    verdict = Verdict(row.verdict) if row.verdict else None
    now = {"state": row.state_now, "holder": row.holder_now} if row.state_now else {}
    return Proposal(**values | now | {"reasons": tuple(row.reasons), "verdict": verdict})
