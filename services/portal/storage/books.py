"""One transaction of the portal."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property

from sqlalchemy import Connection, Engine, select
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnectionFree

from lianxi.casework.errors import Retryable
from services.portal.storage import requests
from services.portal.storage.access import Accounts, FailedSignIns
from services.portal.storage.requests import RepeatedRequests, RequestCounts


class Books:
    """The repositories of the portal on one connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    @cached_property
    def accounts(self) -> Accounts:
        """Accounts, sessions and tokens."""
        return Accounts(self._connection)

    @cached_property
    def failures(self) -> FailedSignIns:
        """Wrong passwords."""
        return FailedSignIns(self._connection)

    @cached_property
    def counts(self) -> RequestCounts:
        """Requests per minute."""
        return RequestCounts(self._connection)

    @cached_property
    def repeated(self) -> RepeatedRequests:
        """Answers under idempotency keys."""
        return RepeatedRequests(self._connection)

    def prune(self) -> None:
        """Forget what has no use any more."""
        requests.prune(self._connection)

    def ping(self) -> None:
        """Ask the database for an answer."""
        self._connection.execute(select(1))


def each_alone(engine: Engine) -> Engine:
    """Return the same engine, with every statement a transaction of its own."""
    return engine.execution_options(isolation_level="AUTOCOMMIT")


@contextmanager
def open_books(engine: Engine) -> Iterator[Books]:
    """Give one transaction: committed at the end, undone on an error. A database that is away is said to be away."""
    try:
        with engine.begin() as connection:
            yield Books(connection)
    except (OperationalError, InterfaceError, NoConnectionFree) as away:
        raise Retryable("系统暂时无法存取数据，请稍后重试。", code="storage-away", details={"retry_after": 5}) from away
