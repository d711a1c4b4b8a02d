"""The letters of the print room, on the connection of one transaction: the deliveries by letter and their post."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection

from services.notify.domain.questions import LetterRow, Paging

_ROWS = """
SELECT mine.position, mine.id, mine.case_no, mine.rule, mine.template, mine.facts, mine.language, mine.state,
       coalesce(known.sealed, true) AS sealed, coalesce(mine.settled_at, mine.created_at) AS since, post.printed_at,
       post.posted_on, coalesce(post.tracking_no, '') AS tracking_no, post.arrived_on, post.returned_on,
       coalesce(post.note, '') AS note
FROM notify.delivery AS mine
LEFT JOIN notify.letter AS post ON post.delivery_id = mine.id
LEFT JOIN notify.case_standing AS known ON known.case_no = mine.case_no
WHERE mine.channel = 'letter'
"""
_PAGE = f"{_ROWS} AND mine.state = %s AND mine.position > %s ORDER BY mine.position LIMIT %s"
_NAMED = f"{_ROWS} AND mine.id = ANY(%s::text[]) ORDER BY mine.position"
_STATE = "UPDATE notify.delivery SET state = %s, reason = %s WHERE id = %s AND channel = 'letter'"
_FIELDS = ("printed_at", "printed_by", "posted_on", "tracking_no", "arrived_on", "returned_on", "note")


class SqlLetters:
    """Deliveries by letter and the table letter."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def page(self, state: str, paging: Paging) -> list[LetterRow]:
        """Return one more than a page of letters in a state, oldest first."""
        rows = self._connection.exec_driver_sql(_PAGE, (state, paging.after or 0, paging.limit + 1))
        return [LetterRow(**row._asdict()) for row in rows]

    def named(self, ids: Sequence[str]) -> list[LetterRow]:
        """Return these letters, oldest first."""
        return [LetterRow(**row._asdict()) for row in self._connection.exec_driver_sql(_NAMED, (list(ids),))]

    def note(self, delivery_id: str, state: str, reason: str = "", **facts: str | date | datetime) -> None:
        """Write down where a letter is and what is known of it."""
        names = [name for name in _FIELDS if name in facts]
        values: dict[str, Any] = {"delivery_id": delivery_id, **facts}
        columns = ", ".join(["delivery_id", *names])
        places = ", ".join(f"%({name})s" for name in ("delivery_id", *names))
        changed = ", ".join(f"{name} = excluded.{name}" for name in names)
        self._connection.exec_driver_sql(
            f"INSERT INTO notify.letter ({columns}) VALUES ({places})"
            f" ON CONFLICT (delivery_id) DO UPDATE SET {changed}",
            values,
        )
        self._connection.exec_driver_sql(_STATE, (state, reason, delivery_id))
