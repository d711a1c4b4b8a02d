"""A gate in a table: the transaction that writes the row stands still there until the test lets it go.

That is how a process is killed at one exact moment. `BEFORE_COMMIT` stands where the row is written, so whoever is
killed there has done its work and not committed it. `AT_COMMIT` stands inside the commit itself: the database goes on
with it after the process is dead, so the work is committed and nobody was told. A gate is a trigger that waits for an
advisory lock which the test holds.
"""

import itertools
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import psycopg2
from psycopg2.errors import LockNotAvailable

from tests.faults.pair import Pair
from tests.support.waiting import eventually

BEFORE_COMMIT, AT_COMMIT = "before commit", "at commit"
_numbers = itertools.count(1)


@dataclass
class Gate:
    """A place in a table of a node's database, as `schema.table`, and which rows stop there."""

    node: str
    table: str
    where: str = ""
    moment: str = BEFORE_COMMIT
    on: str = "INSERT"

    def __post_init__(self) -> None:
        self._number = next(_numbers)
        self._session: Any = None
        self._cursor: Any = None
        self._pair: Any = None

    @property
    def _name(self) -> str:
        return f"gate_{self._number}"

    def build(self, pair: Pair) -> None:
        """Put the gate up, closed."""
        self._pair = pair
        self._session = pair.session(self.node)
        self._cursor = self._session.__enter__()
        self._run("CREATE SCHEMA IF NOT EXISTS faults")
        self._run(
            f"CREATE OR REPLACE FUNCTION faults.{self._name}() RETURNS trigger LANGUAGE plpgsql AS"
            f" 'BEGIN PERFORM pg_advisory_xact_lock_shared({self._number}); RETURN NULL; END'"
        )
        self._run(f"SELECT pg_advisory_lock({self._number})")
        late = self.moment == AT_COMMIT
        self._run(
            f"CREATE {'CONSTRAINT ' if late else ''}TRIGGER {self._name} AFTER {self.on} ON {self.table}"
            f" {'DEFERRABLE INITIALLY DEFERRED' if late else ''} FOR EACH ROW"
            f" {f'WHEN ({self.where})' if self.where else ''} EXECUTE FUNCTION faults.{self._name}()"
        )

    def wait(self, within: float) -> int:
        """Wait until somebody stands at the gate; return the process of the database that serves them."""
        statement = (
            "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND objid = %s"
            " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
        )

        def somebody() -> Any:
            self._run(statement, self._number)
            return self._cursor.fetchone()

        return int(eventually(somebody, within=within)[0])

    def open(self) -> None:
        """Let whoever stands there go on, and take the gate away; doing it again changes nothing."""
        if self._session is None:
            return

        def gone() -> bool:
            try:
                self._run("SELECT pg_advisory_unlock_all()")
                self._run("SET lock_timeout = '300ms'")
                self._run(f"DROP TRIGGER IF EXISTS {self._name} ON {self.table}")
                self._run(f"DROP FUNCTION IF EXISTS faults.{self._name}()")
            except LockNotAvailable:
                return False
            except (psycopg2.OperationalError, psycopg2.InterfaceError):
                self._reopen()  # the database was killed, and what the session held is free
                return False
            return True

        eventually(gone, within=60.0)
        self._session.__exit__(None, None, None)
        self._session = None

    def _reopen(self) -> None:
        """Begin another session, or leave that to the next attempt while the database is not back."""
        session = self._pair.session(self.node)
        with suppress(psycopg2.OperationalError):
            self._cursor = session.__enter__()
            self._session = session

    def _run(self, statement: str, *values: object) -> None:
        self._cursor.execute(statement, values or None)
