"""The driver's connection with fewer journeys to the server: what needs no answer travels with what comes next.

psycopg2 sends BEGIN, SAVEPOINT and every lock by itself and waits for each to be acknowledged. A small transaction
consists of hardly anything else, and under eventlet each of these journeys is also a turn through the hub. Here a
transaction begins together with its first statement, and `soon` lets a statement without an answer wait for the next
one; they run in the same order, in the same transaction, and one that fails fails the statement it travels with.
`still_there` tells a connection that the server has closed without asking the server.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from psycopg2 import Error
from psycopg2.extensions import ISOLATION_LEVEL_AUTOCOMMIT, TRANSACTION_STATUS_IDLE, connection, cursor

Values = Sequence[Any] | Mapping[str, Any]
KEEPALIVES: Mapping[str, Any] = {"keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 3}
"""A server that went without a word is noticed within half a minute, also on a connection that nobody uses."""


class FrugalCursor(cursor):
    """A cursor that takes along what waits on its connection."""

    def execute(self, query: Any, vars: Any = None) -> None:  # noqa: A002  the driver's name
        """Run a statement, after what waits for it."""
        link: Any = self.connection  # a FrugalConnection made it
        waiting = link.waiting()
        if waiting and self.name is None:
            written = self.mogrify(query, vars) if vars else query if isinstance(query, bytes) else query.encode()
            super().execute(b";".join((*waiting, written)))
            return
        if waiting:
            link.run(*waiting)
        super().execute(query, vars)

    def executemany(self, query: Any, vars_list: Any) -> None:
        """Run a statement for each row, after what waits."""
        link: Any = self.connection  # a FrugalConnection made it
        waiting = link.waiting()
        if waiting:
            link.run(*waiting)
        super().executemany(query, vars_list)


class FrugalConnection(connection):
    """A connection whose transactions begin with their first statement; the driver itself does not know of them."""

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.autocommit = True  # the driver sends no BEGIN: that is done here
        self.cursor_factory = FrugalCursor
        self.each_alone = False
        self._soon: list[bytes] = []

    def cursor(self, name: str | None = None, *args: Any, **more: Any) -> Any:  # type: ignore[override]  # has overloads
        """Return a cursor; one on the server is held, because the driver sees no transaction around it."""
        if name is None:
            return super().cursor(None, *args, **more)
        return super().cursor(name, *args, **{"withhold": True} | more)

    def soon(self, statement: str, values: Values = ()) -> None:
        """Run a statement that has no answer before the next one, or at the commit."""
        with super().cursor() as writing:
            self._soon.append(writing.mogrify(statement, values) if values else statement.encode())

    def mark(self, name: str) -> None:
        """Set a savepoint."""
        self._soon.append(_savepoint(name))

    def begun(self, name: str) -> bool:
        """Forget what waits since a savepoint that is to be undone; return whether the server knows of it."""
        if _savepoint(name) in self._soon:
            del self._soon[self._soon.index(_savepoint(name)) :]
            return False
        self._soon.clear()
        return True

    def release(self, name: str) -> bool:
        """Give a savepoint up; return whether something waits that has to run before, because it belongs inside."""
        if _savepoint(name) == next(reversed(self._soon), None):
            self._soon.pop()  # nothing was done since
        elif self._soon:
            return True
        else:
            self._soon.append(f"RELEASE SAVEPOINT {name}".encode())
        return False

    def waiting(self) -> list[bytes]:
        """Return what the next statement takes along, the beginning of a transaction included."""
        waiting, self._soon = self._soon, []
        if not self.each_alone and self.get_transaction_status() == TRANSACTION_STATUS_IDLE:
            waiting.insert(0, b"BEGIN")
        return waiting

    def run(self, *statements: bytes) -> None:
        """Run statements that have no answer, now."""
        with super().cursor() as now:
            cursor.execute(now, b";".join(statements))

    def commit(self) -> None:
        """Commit, unless nothing was begun or the last statement has committed already.

        The transaction is over in any case: what waited and fails now would leave it open and of no use.
        """
        waiting = self.waiting() if self._soon else []
        if waiting or self.get_transaction_status() != TRANSACTION_STATUS_IDLE:
            try:
                self.run(*waiting, b"COMMIT")
            except Error:
                with suppress(Error):
                    self.rollback()
                raise

    def rollback(self) -> None:
        """Undo the transaction, if one was begun."""
        self._soon.clear()
        if self.closed:
            super().rollback()  # says so
        elif self.get_transaction_status() != TRANSACTION_STATUS_IDLE:
            self.run(b"ROLLBACK")

    def set_isolation_level(self, level: int | None) -> None:
        """Know only two ways: the server's own, and every statement for itself."""
        self.each_alone = level == ISOLATION_LEVEL_AUTOCOMMIT


def still_there(link: connection) -> bool:
    """Return False if the server has closed this idle connection; what it said last is read first, then its end."""
    try:
        link.poll()
        link.poll()
    except Error:
        return False
    return not link.closed


def _savepoint(name: str) -> bytes:
    return f"SAVEPOINT {name}".encode()
