"""Hashes by which people are recognised, made anew when the city changes its index key: `lianxi keys rehash`.

Intake works the hashes of its contacts out of what it keeps sealed. What routing knows people by follows from the pairs
(hash by another key, hash by the one in use) that intake gives; a node that knows of a case without its file gets them
from the node that has it, as a file of pairs, in which stands nothing about anybody but hashes. While two keys are
accepted every search looks for both, so it does not matter how far this has come, here or at a neighbour.
"""

import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from sqlalchemy import Connection, Engine

Pair = tuple[str, str]
BATCH = 500
_REPLACE = """
WITH pair AS (SELECT DISTINCT * FROM unnest(%s::uuid[], %s::uuid[]) AS given (old, new) WHERE old <> new),
gone AS (
    DELETE FROM routing.case_person AS kept USING pair WHERE kept.person = pair.old
    RETURNING pair.new, kept.case_no, kept.kind, kept.received_on
)
INSERT INTO routing.case_person (person, case_no, kind, received_on)
SELECT DISTINCT ON (new, case_no) new, case_no, kind, received_on FROM gone ORDER BY new, case_no, kind
ON CONFLICT (person, case_no) DO NOTHING
"""
_KNOWN = "CREATE TEMPORARY TABLE known_person (person uuid PRIMARY KEY) ON COMMIT DROP"
_KNOW = "INSERT INTO known_person SELECT unnest(%s::uuid[]) ON CONFLICT DO NOTHING"
_UNKNOWN = """
SELECT count(*) FROM routing.case_person AS kept
WHERE kept.received_on >= %s::date AND NOT EXISTS (SELECT FROM known_person AS one WHERE one.person = kept.person)
"""
_DRAFTS = "SELECT count(*) FROM intake.draft WHERE owner = '' AND changed_at < %s::date + 1"


class Rehasher(Protocol):
    """Intake's contacts, page by page."""

    def pages(self, limit: int, *, write: bool) -> Iterator[tuple[int, list[str], list[Pair]]]:
        """Of each page: contacts with new hashes, columns that are by another key, pairs of people."""
        ...


@dataclass(slots=True)
class Rehashed:
    """What was done: contacts with new hashes, rows of routing, and hashes that nothing kept here explains."""

    contacts: int = 0
    left: dict[str, int] = field(default_factory=dict)

    def count(self, columns: Iterable[str]) -> None:
        """Count values that stay by another key."""
        for name in columns:
            table = "party" if name == "party_key" else "contact"
            place = f"intake.{table}.{name}"
            self.left[place] = self.left.get(place, 0) + 1


def rehash(contacts: Rehasher, routing: Engine, pairs: Iterable[Pair], save: Path | None, told: Any) -> Rehashed:
    """Bring every hash of this node to the key in use; `pairs` are those of other nodes, `save` is for them."""
    done = Rehashed()
    out = _new_file(save) if save else None
    try:
        for changed, left, found in contacts.pages(BATCH, write=True):
            done.contacts += changed
            done.count(left)
            replace_persons(routing, found)
            if out:
                out.writelines(json.dumps(pair) + "\n" for pair in dict.fromkeys(found))
            told(done.contacts)
    finally:
        if out:
            out.close()
    for batch in _batches(pairs):
        replace_persons(routing, batch)
    return done


def still_by_others(
    contacts: Rehasher, engines: dict[str, Engine], pairs: Iterable[Pair], days: tuple[str, str]
) -> dict[str, int]:
    """Count the hashes that are not by the key in use; `days`: since when others came in, and the last such day."""
    since, until = days
    found = Rehashed()
    with engines["routing"].begin() as connection:
        connection.exec_driver_sql(_KNOWN)
        for _, stale, here in contacts.pages(BATCH, write=False):
            found.count(stale)
            _know(connection, here)
        for batch in _batches(pairs):
            _know(connection, batch)
        unknown = int(connection.exec_driver_sql(_UNKNOWN, (since or "-infinity",)).scalar_one())
    with engines["intake"].connect() as connection:
        drafts = int(connection.exec_driver_sql(_DRAFTS, (until or "infinity",)).scalar_one()) if until else 0
    counted = {**found.left, "intake.draft.code_hash": drafts, "routing.case_person.person": unknown}
    return {place: number for place, number in counted.items() if number}


def replace_persons(routing: Engine, pairs: Sequence[Pair]) -> None:
    """Let routing know people by the new hash where it knew them by the old one."""
    different = [(_person(old), _person(new)) for old, new in dict.fromkeys(map(tuple, pairs)) if old != new]
    if different:
        with routing.begin() as connection:
            connection.exec_driver_sql(_REPLACE, tuple(map(list, zip(*different, strict=True))))


def pairs_in(files: Sequence[Path]) -> Iterator[Pair]:
    """Read the pairs that other nodes saved."""
    for path in files:
        with path.open(encoding="ascii") as lines:
            for line in lines:
                old, new = json.loads(line)
                yield str(old), str(new)


def _know(connection: Connection, pairs: Iterable[Pair]) -> None:
    known = sorted({_person(new) for _, new in pairs})
    if known:
        connection.exec_driver_sql(_KNOW, (known,))


def _person(key: str) -> str:
    """Return what routing keeps of a hash."""
    return hashlib.sha256(key.encode()).hexdigest()[:32]


def _batches(pairs: Iterable[Pair]) -> Iterator[list[Pair]]:
    batch: list[Pair] = []
    for pair in pairs:
        batch.append(pair)
        if len(batch) == BATCH * 4:
            yield batch
            batch = []
    if batch:
        yield batch


def _new_file(path: Path) -> Any:
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii")
