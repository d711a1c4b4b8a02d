"""What petitioners chose, on the connection of one transaction."""

from collections.abc import Collection

from sqlalchemy import Connection

from lianxi.bus.engine import run_soon
from services.notify.domain.choices import Choice
from services.notify.domain.rules import Channel

_COLUMNS = "case_no, channels, language, electronic, chosen_by, chosen_at"
_GET = f"SELECT {_COLUMNS} FROM notify.choice WHERE case_no = ANY(%s::text[])"
_SAVE = f"""
INSERT INTO notify.choice ({_COLUMNS}) VALUES (%s, %s, %s, %s, %s, %s)
ON CONFLICT (case_no) DO UPDATE SET channels = excluded.channels, language = excluded.language,
    electronic = excluded.electronic, chosen_by = excluded.chosen_by, chosen_at = excluded.chosen_at
"""


class SqlChoices:
    """The table choice."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def get(self, numbers: Collection[str]) -> dict[str, Choice]:
        """Return the choices made for these cases."""
        rows = self._connection.exec_driver_sql(_GET, (sorted(numbers),))
        return {
            row.case_no: Choice(
                **{**row._asdict(), "channels": tuple(Channel(word) for word in row.channels.split(",") if word)}
            )
            for row in rows
        }

    def save(self, choice: Choice) -> None:
        """Write a choice down; the newest counts."""
        values = (choice.case_no, ",".join(choice.channels), choice.language, choice.electronic)
        run_soon(self._connection, _SAVE, (*values, choice.chosen_by, choice.chosen_at))
