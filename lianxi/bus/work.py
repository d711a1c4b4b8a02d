"""One transaction: the business rows of a use case, what it has seen, and what it wants to tell, or none of them.

A service subclasses `Work` and adds its repositories, all on `connection`: when they are asked for, or in `prepare`.
Messages given to `publish` become outbox rows just before the commit, in one statement, and wake the relay; a
savepoint that is rolled back takes its messages with it. Used as a context manager: a clean exit commits, an exception
rolls back::

    with open_work() as work:
        case = work.cases.get(number)
        work.publish(Outgoing(...))
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Self

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from lianxi.bus.commands import CommandBook, SqlCommands
from lianxi.bus.driver import FrugalConnection
from lianxi.bus.engine import frugal
from lianxi.bus.inbox import ConsumerBook, SqlInbox
from lianxi.bus.messages import Incoming, Outgoing, RawMessage
from lianxi.bus.outbox import add

__all__ = ["Incoming", "Outgoing", "RawMessage", "Work"]

_TRANSIENT = ("08", "40", "53", "55", "57")
"""SQLSTATE classes of failures that pass: connection, serialization and deadlock, resources, locks, shutdown."""


class Work:
    """A unit of work on one connection of `engine`, for the service whose tables are in `schema`."""

    def __init__(self, engine: Engine, schema: str) -> None:
        self.schema = schema
        self._engine = engine
        self._connection: Connection | None = None
        self._outgoing: list[Outgoing] = []
        self._afterwards: list[Callable[[], object]] = []
        self._savepoints = 0
        self._reading: FrugalConnection | None = None

    @property
    def connection(self) -> Connection:
        """Return the connection; there is one between entering and leaving only."""
        if self._connection is None:
            raise RuntimeError("work is not open: use it in a with statement")
        return self._connection

    @property
    def consumed(self) -> ConsumerBook:
        """Return what the consumers of this service have seen, hold and have set aside."""
        return SqlInbox(self.connection, self.schema)

    @property
    def commands(self) -> CommandBook:
        """Return the answers this service has given."""
        return SqlCommands(self.connection, self.schema)

    def only_read(self) -> None:
        """Let every statement of this work stand for itself: what changes nothing has nothing to commit."""
        self._reading = frugal(self.connection)
        if self._reading is not None:
            self._reading.each_alone = True

    def publish(self, message: Outgoing) -> None:
        """Send `message` once this work is committed."""
        self._outgoing.append(message)

    def after_commit(self, act: Callable[[], object]) -> None:
        """Run `act` once this work is committed, and never if it or the savepoint around it is rolled back.

        It is for what cannot be taken back, such as a metric: a batch that is repeated would count twice.
        """
        self._afterwards.append(act)

    @contextmanager
    def savepoint(self, *, only: bool = False) -> Iterator[None]:
        """Undo what happens inside, published messages included, when it raises; the work itself goes on.

        One that is the `only` one of its work may end with the commit: a statement that waited and turns out to be
        wrong then fails the whole work, and locks are held for one journey to the server less.
        """
        before, self._outgoing = self._outgoing, []
        so_far = len(self._afterwards)
        try:
            with self._marked(only=only):
                yield
                # inside, so that a message which cannot be written fails here and not the messages beside it
                add(self.connection, self.schema, self._outgoing, soon=only)
        except BaseException:
            del self._afterwards[so_far:]
            raise
        finally:
            self._outgoing = before

    @contextmanager
    def _marked(self, *, only: bool) -> Iterator[None]:
        """Set a savepoint that costs no journey to the server of its own, where the connection knows how."""
        link = frugal(self.connection)
        if link is None:
            with self.connection.begin_nested():
                yield
            return
        self._savepoints += 1
        name = f"savepoint_{self._savepoints}"
        link.mark(name)
        try:
            yield
            if only:
                link.soon(f"RELEASE SAVEPOINT {name}")
            elif link.release(name):
                self.connection.exec_driver_sql(f"RELEASE SAVEPOINT {name}")
        except BaseException as error:
            if not self.lost(error) and link.begun(name):
                self.connection.exec_driver_sql(f"ROLLBACK TO SAVEPOINT {name}")
            raise

    @staticmethod
    def passes(error: BaseException) -> bool:
        """Return whether `error` is a failure of the database that a repeat may not meet."""
        if isinstance(error, DBAPIError):
            sqlstate = getattr(error.orig, "pgcode", None)
            return sqlstate.startswith(_TRANSIENT) if sqlstate else isinstance(error, OperationalError)
        return isinstance(error, PoolTimeout)

    def lost(self, error: BaseException) -> bool:
        """Return whether `error` came from losing the database, after which nothing of this work can be saved."""
        if isinstance(error, DBAPIError) and error.connection_invalidated:
            return True
        return self._connection is None or self._connection.closed or self._connection.invalidated

    def __enter__(self) -> Self:
        if self._connection is not None:
            raise RuntimeError("work is already open")
        self._connection = self._engine.connect()
        try:
            self._connection.begin()
            self.prepare()
        except BaseException:
            # nobody will leave what was never entered, and a pool that has lost a few connections stops the service
            connection, self._connection = self._connection, None
            connection.close()
            raise
        return self

    def prepare(self) -> None:
        """Build what every such work needs from the connection; a failure gives the connection back."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        connection, self._connection = self.connection, None
        outgoing, self._outgoing = self._outgoing, []
        afterwards, self._afterwards = self._afterwards, []
        if self._reading is not None:
            self._reading.each_alone, self._reading = False, None
        with connection:  # closing rolls back what was not committed
            if kind is None:
                add(connection, self.schema, outgoing, last=frugal(connection) is not None)
                connection.commit()
        if kind is None:
            for act in afterwards:
                act()
