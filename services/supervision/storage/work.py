"""One transaction of supervision: the books, the alerts, the orders, and the messages it sends."""

from collections.abc import Callable, Iterable
from functools import cached_property
from typing import Any

from sqlalchemy import Engine

from lianxi.bus.messages import Outgoing
from lianxi.bus.work import Work
from services.supervision.storage.alerts import SqlAlerts
from services.supervision.storage.books import SqlBooks
from services.supervision.storage.files import SqlFiles
from services.supervision.storage.gauges import SqlGauges
from services.supervision.storage.moves import SqlMoves
from services.supervision.storage.proposals import SqlProposals, Vault
from services.supervision.storage.snapshots import SqlSnapshots
from services.supervision.storage.tables import SCHEMA

Write = Callable[[Any], Outgoing]
"""Turns a message into what the bus sends."""


class SupervisionWork(Work):
    """A unit of work with supervision's repositories."""

    def __init__(self, engine: Engine, write: Write, vault: Vault) -> None:
        super().__init__(engine, SCHEMA)
        self._write = write
        self._vault = vault

    @cached_property
    def files(self) -> SqlFiles:
        """The books, to be written."""
        return SqlFiles(self.connection)

    @cached_property
    def books(self) -> SqlBooks:
        """The books, to be read."""
        return SqlBooks(self.connection, self._vault)

    @cached_property
    def alerts(self) -> SqlAlerts:
        """The clocks by their next alert."""
        return SqlAlerts(self.connection)

    @cached_property
    def gauges(self) -> SqlGauges:
        """Counts for the metrics."""
        return SqlGauges(self.connection)

    @cached_property
    def snapshots(self) -> SqlSnapshots:
        """What the nodes of the subtree said of themselves."""
        return SqlSnapshots(self.connection)

    @cached_property
    def moves(self) -> SqlMoves:
        """The clocks that calendars have moved."""
        return SqlMoves(self.connection)

    @cached_property
    def proposals(self) -> SqlProposals:
        """Proposed and signed orders."""
        return SqlProposals(self.connection, self._vault)

    def record(self, notices: Iterable[Any]) -> None:
        """Tell others, in this order, once this work is committed."""
        for notice in notices:
            self.publish(self._write(notice))
