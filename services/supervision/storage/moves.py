"""Which clocks a calendar has moved: written with the move itself, so that a list of them can be had afterwards."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

_ADD = """
INSERT INTO supervision.clock_move
    (calendar_version, case_no, code, instance, round_number, node, unit, before, after, moved_at)
SELECT %s, row.case_no, row.clock, row.instance, row.round, row.node, row.unit, row.before, row.after, %s
FROM jsonb_to_recordset(%s::jsonb) AS row (case_no text, clock text, instance smallint, round smallint, node text,
                                           unit text, before jsonb, after jsonb)
ON CONFLICT (calendar_version, case_no, code, instance) DO UPDATE
SET before = excluded.before, after = excluded.after, moved_at = excluded.moved_at
"""
_LIST = """
SELECT case_no, code AS clock, instance, round_number AS round, node, unit, before, after
FROM supervision.clock_move WHERE calendar_version = %s ORDER BY case_no, code, instance LIMIT %s
"""
_COUNT = "SELECT count(*) FROM supervision.clock_move WHERE calendar_version = %s"


class SqlMoves:
    """The moves on one connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, version: str, moves: Sequence[Mapping[str, Any]], at: datetime) -> None:
        """Write down moves to a calendar; a clock that came back to it is listed with its last move."""
        if moves:
            self._connection.exec_driver_sql(_ADD, (version, at, json.dumps(list(moves), ensure_ascii=False)))

    def of(self, version: str, limit: int) -> Sequence[dict[str, Any]]:
        """Return the moves to a calendar by case number."""
        return [dict(row) for row in self._connection.exec_driver_sql(_LIST, (version, limit)).mappings()]

    def count(self, version: str) -> int:
        """Return how many clocks a calendar has moved."""
        number: int = self._connection.exec_driver_sql(_COUNT, (version,)).scalar_one()
        return number
