"""Reading the books: pages of the ledger, the clocks of a case, performance indices, counts, proposals."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection

from lianxi.casework.messages.facts import STATE_LABELS, CaseState
from services.supervision.domain.clocks import ClockRow
from services.supervision.domain.figures import Count, Period
from services.supervision.domain.orders import Proposal
from services.supervision.domain.queries import Cursor, LedgerFilter, LedgerQuery, Page
from services.supervision.storage.figures import QUERIES
from services.supervision.storage.files import CLOCK_COLUMNS, clock_rows
from services.supervision.storage.proposals import COLUMNS, Vault, proposal_rows

LAMP = """CASE WHEN red_from <= %(today)s THEN 'red' WHEN yellow_from <= %(today)s THEN 'yellow'
               WHEN red_from IS NOT NULL THEN 'green' ELSE '' END"""
_SHOWN = (
    "case_no, state, holder, unit, seq, epoch, channel, petition_class, category, place, persons, received_on,"
    " registered_on, in_transfer_since, in_transfer_to, report_due, round_number, accepted_on, reply_due, replied_on,"
    " served_on, concluded_on, merged_into, next_clock, next_due, updated_at"
)
_LEDGER = f"""
SELECT {_SHOWN}, {LAMP} AS lamp, due_key,
       (SELECT count(*) FROM supervision.ledger AS merged
        WHERE merged.merged_into = ledger.case_no AND merged.merged_into <> '') AS repeats
FROM supervision.ledger
WHERE inside AND petition_class <> 'B'
"""
# Written by a transaction the first page could not see. The hour is for databases restored from a dump, whose rows
# may carry numbers of transactions that this server has yet to reach.
_NEWS = """changed_tx >= pg_snapshot_xmin(%(snapshot)s::pg_snapshot)
 AND NOT pg_visible_in_snapshot(changed_tx, %(snapshot)s::pg_snapshot) AND changed_at > now() - interval '1 hour'"""
# What was written since the first page waits for the end: a case that came in meanwhile is shown once.
_ORDERED = f""" AND (due_key, case_no) > (%(due)s, %(case_no)s) AND NOT ({_NEWS})
 ORDER BY due_key, case_no LIMIT %(limit)s"""
_CHANGED = f" AND {_NEWS} AND case_no > %(case_no)s ORDER BY case_no LIMIT %(limit)s"
_CONDITIONS = {
    "state": "state = %(state)s",
    "holder": "holder = %(holder)s",
    "under": "starts_with(holder, %(under)s)",
    "unit": "unit = %(unit)s",
    "category": "category = %(category)s",
    "place": "starts_with(place, %(place)s)",
    "channel": "channel = %(channel)s",
    "number": "case_no = %(number)s",
}
_LAMPS = {
    "red": "red_from <= %(today)s",
    # No clock is due before it is yellow: the second condition leads along the index.
    "yellow": "yellow_from <= %(today)s AND red_from > %(today)s AND due_key >= %(today)s",
    "green": "yellow_from > %(today)s AND due_key >= %(today)s",
}
_STANDING = f"""
SELECT holder AS node, state, {LAMP} AS lamp, count(*) AS cases FROM supervision.ledger WHERE inside
GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
"""
_PROPOSALS = (
    f"SELECT {COLUMNS} FROM supervision.proposal WHERE (%(status)s::text IS NULL OR status = %(status)s)"
    " AND proposal_no > %(after)s ORDER BY proposal_no LIMIT %(limit)s"
)


class SqlBooks:
    """The books on one connection, to be read only."""

    def __init__(self, connection: Connection, vault: Vault) -> None:
        self._connection = connection
        self._vault = vault

    def page(self, query: LedgerQuery, today: date) -> Page:
        """Return one page: first the ordered ones, after the last of them the cases written meanwhile."""
        cursor = query.cursor or Cursor(
            str(self._connection.exec_driver_sql("SELECT pg_current_snapshot()::text").scalar_one())
        )
        values = _values(query, cursor, today)
        text = _LEDGER + _where(query.filter) + (_CHANGED if cursor.changed else _ORDERED)
        found = self._connection.exec_driver_sql(text, values).mappings().all()
        full = len(found) == query.limit
        if cursor.changed:
            following = replace(cursor, case_no=found[-1]["case_no"]) if full else None
        elif full:
            following = replace(cursor, due=found[-1]["due_key"], case_no=found[-1]["case_no"])
        else:
            following = replace(cursor, case_no="", changed=True)
        return Page([_plain(dict(row)) for row in found], following)

    def clocks(self, case_no: str) -> Sequence[ClockRow] | None:
        """Return the clocks of a case, or None if there is no such case."""
        text = f"SELECT {CLOCK_COLUMNS} FROM supervision.clock WHERE case_no = %s ORDER BY opened_seq, code, instance"
        rows = clock_rows(self._connection, text, case_no)
        known = (
            rows
            or self._connection.exec_driver_sql("SELECT 1 FROM supervision.ledger WHERE case_no = %s", (case_no,)).all()
        )
        return rows if known else None

    def counts(self, period: Period, today: date, targets: Mapping[str, int]) -> Sequence[Count]:
        """Return what each node's own cases contribute to each index of a period."""
        values = {"first": period.first, "last": period.last, "today": today, **targets}
        found: list[Count] = []
        for kpi, query in QUERIES.items():
            began = time.monotonic()
            found += [Count(kpi, *row) for row in self._connection.exec_driver_sql(query, values)]
            time.sleep(
                time.monotonic() - began
            )  # under nameko a statement holds up the whole process: others want a turn
        return found

    def standing(self, today: date) -> Sequence[dict[str, Any]]:
        """Return how many cases stand where: by holder, state and lamp."""
        found = self._connection.exec_driver_sql(_STANDING, {"today": today}).mappings()
        return [_labelled(dict(row)) for row in found]

    def proposals(self, status: str | None, after: str, limit: int) -> Sequence[Proposal]:
        """Return proposals in the order of their numbers."""
        values = {"status": status, "after": after, "limit": limit}
        return proposal_rows(self._connection, _PROPOSALS, values, self._vault)


def _where(conditions: LedgerFilter) -> str:
    asked = [text for name, text in _CONDITIONS.items() if getattr(conditions, name) is not None]
    if conditions.lamp is not None:
        asked.append(_LAMPS[conditions.lamp])
    return "".join(f" AND {text}" for text in asked)


def _values(query: LedgerQuery, cursor: Cursor, today: date) -> dict[str, Any]:
    asked = {name: getattr(query.filter, name) for name in _CONDITIONS}
    return asked | {
        "today": today,
        "limit": query.limit,
        "snapshot": cursor.snapshot,
        "due": cursor.due,
        "case_no": cursor.case_no,
    }


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    del row["due_key"]
    shown = {name: value.isoformat() if isinstance(value, date | datetime) else value for name, value in row.items()}
    return _labelled(shown)


def _labelled(row: dict[str, Any]) -> dict[str, Any]:
    return row | {"label": STATE_LABELS[CaseState(row["state"])]}
