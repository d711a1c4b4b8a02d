"""A transaction that can use links: the memory of the links, and a bag that is sealed just before the commit."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Any

from sqlalchemy import Engine

from lianxi.bus.work import Work
from lianxi.casework.identifiers import DivisionCode
from services.routing.domain.link_frames import Bag
from services.routing.storage.books import SqlBooks
from services.routing.storage.link_inbox import LinkInbox
from services.routing.storage.link_outbox import LinkOutbox
from services.routing.storage.link_recovery import LinkRecovery
from services.routing.storage.members import SqlMembers


class SqlLinkBook(LinkOutbox, LinkInbox, LinkRecovery):
    """Both sides of the links on one connection, and what comes back over them after a restore."""

    def __init__(self, work: Work, node: DivisionCode) -> None:
        LinkOutbox.__init__(self, work.connection, work.schema, node, work.publish)


class LinkWork(Work):
    """A unit of work at `node`; `seal` carries out what the bag holds when the work ends well."""

    def __init__(self, engine: Engine, schema: str, node: DivisionCode, seal: Callable[[Any], None]) -> None:
        super().__init__(engine, schema)
        self.link_bag = Bag()
        self._node = node
        self._seal = seal

    @property
    def link_book(self) -> SqlLinkBook:
        """What this node remembers of its links."""
        return SqlLinkBook(self, self._node)

    @property
    def books(self) -> SqlBooks:
        """The books, as the nodes above and below compare them."""
        return SqlBooks(self.connection, self.schema)

    @property
    def members(self) -> SqlMembers:
        """The book of the nodes that joined and left."""
        return SqlMembers(self.connection)

    @contextmanager
    def savepoint(self, *, only: bool = False) -> Iterator[None]:
        """Undo what happens inside, messages and letters included, when it raises."""
        mark = self.link_bag.mark()
        try:
            with super().savepoint(only=only):
                yield
        except BaseException:
            self.link_bag.cut(mark)
            raise

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                self._seal(self)
        except BaseException as failure:
            super().__exit__(type(failure), failure, failure.__traceback__)
            raise
        finally:
            self.link_bag.cut((0, 0))
        super().__exit__(kind, error, trace)
