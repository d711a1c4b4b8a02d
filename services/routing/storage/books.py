"""The books of a node as other nodes may compare them, and the comparisons this node began.

Count and digest of a bucket are made in one statement, so that a million cases need not leave the database.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from lianxi.casework.messages.books import BookBucket, BookEntry, BookPagesTold
from services.routing.domain.digests import ASKED, DONE, Comparison

KEPT = timedelta(days=30)

_BUCKET = "get_byte(sha256(convert_to(case_no, 'UTF8')), 0)"
_LINE = "concat_ws('|', case_no, holder, epoch, seq, head_digest, state)"
_BUCKETS = f"""
SELECT {_BUCKET} AS bucket, count(*) AS cases,
       encode(sha256(convert_to(string_agg({_LINE}, E'\\n' ORDER BY case_no COLLATE "C"), 'UTF8')), 'hex') AS digest
FROM {{s}}.case_file WHERE holder LIKE %s GROUP BY 1 ORDER BY 1
"""
_ENTRIES = f"""
SELECT case_no, holder, epoch, seq, head_digest AS digest, state
FROM {{s}}.case_file WHERE holder LIKE %s AND {_BUCKET} = ANY(%s) ORDER BY case_no COLLATE "C"
"""
_BEGIN = "INSERT INTO {s}.book_comparison (id, child, state, begun_at) VALUES (%s, %s, %s, %s)"
_FORGET = "DELETE FROM {s}.book_comparison WHERE begun_at < %s"
_GET = "SELECT id, child, state, cases, suspects, found FROM {s}.book_comparison WHERE id = %s FOR UPDATE"
_KEEP_PART = """
INSERT INTO {s}.book_part (comparison, round_number, part, entries) VALUES (%s, %s, %s, %s::jsonb)
ON CONFLICT DO NOTHING
"""
_PARTS = "SELECT entries FROM {s}.book_part WHERE comparison = %s AND round_number = %s ORDER BY part"
_SUSPECT = "UPDATE {s}.book_comparison SET suspects = %s::jsonb WHERE id = %s"
_FINISH = "UPDATE {s}.book_comparison SET state = %s, cases = %s, found = %s::jsonb, finished_at = %s WHERE id = %s"


class SqlBooks:
    """The books on the connection of one transaction."""

    def __init__(self, connection: Connection, schema: str) -> None:
        self._connection = connection
        self._schema = schema

    def _run(self, statement: str, *values: Any) -> Any:
        return self._connection.exec_driver_sql(statement.replace("{s}", self._schema), values)

    def buckets(self, subtree: str) -> tuple[BookBucket, ...]:
        """Return the buckets, that are not empty, of cases held in a part of the tree."""
        rows = self._run(_BUCKETS, f"{subtree}%")
        return tuple(BookBucket(bucket=row.bucket, cases=row.cases, digest=row.digest) for row in rows)

    def entries(self, subtree: str, buckets: Sequence[int]) -> tuple[BookEntry, ...]:
        """Return the entries of some buckets, by case number."""
        return tuple(BookEntry(**row) for row in self._run(_ENTRIES, f"{subtree}%", list(buckets)).mappings())

    def begin(self, comparison: str, child: str, now: datetime) -> None:
        """Note that a comparison was begun; those of a month ago are forgotten."""
        self._run(_FORGET, now - KEPT)
        self._run(_BEGIN, comparison, child, ASKED, now)

    def get(self, comparison: str) -> Comparison | None:
        """Return a comparison, locked."""
        row = self._run(_GET, comparison).first()
        if row is None:
            return None
        return Comparison(row.id, row.child, row.state, row.cases, tuple(row.suspects), tuple(row.found))

    def keep_part(self, part: BookPagesTold) -> tuple[BookEntry, ...] | None:
        """Keep a part; return the entries of the whole round once all its parts are there."""
        entries = json.dumps([asdict(entry) for entry in part.entries])
        self._run(_KEEP_PART, part.comparison, part.round_number, part.part, entries)
        parts = self._run(_PARTS, part.comparison, part.round_number).scalars().all()
        if len(parts) < part.parts:
            return None
        return tuple(BookEntry(**entry) for entries in parts for entry in entries)

    def suspect(self, comparison: str, case_nos: Sequence[str]) -> None:
        """Keep which cases differed in the first round."""
        self._run(_SUSPECT, json.dumps(list(case_nos)), comparison)

    def finish(self, comparison: str, cases: int, found: Sequence[Mapping[str, Any]], now: datetime) -> None:
        """Keep what a comparison found; the parts it came in are not needed any more."""
        self._run("DELETE FROM {s}.book_part WHERE comparison = %s", comparison)
        self._run(_FINISH, DONE, cases, json.dumps(list(found)), now, comparison)
