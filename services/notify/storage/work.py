"""One transaction of notify with its repositories; what it added is counted once it is committed."""

from collections import Counter
from collections.abc import Callable
from functools import cached_property
from types import TracebackType
from typing import Any

from sqlalchemy import Engine

from lianxi.bus.messages import Outgoing
from lianxi.bus.work import Work
from services.notify.storage.addressees import SqlAddressees
from services.notify.storage.agencies import SqlAgencies
from services.notify.storage.cases import SqlCases
from services.notify.storage.choices import SqlChoices
from services.notify.storage.deliveries import SqlDeliveries
from services.notify.storage.inbox import SqlInbox
from services.notify.storage.letters import SqlLetters
from services.notify.storage.questions import SqlQuestions
from services.notify.storage.services import SqlServices
from services.notify.storage.tables import SCHEMA


class NotifyWork(Work):
    """A unit of work with notify's repositories."""

    def __init__(self, engine: Engine, count: Callable[[Counter[str]], None], write: Callable[[Any], Outgoing]) -> None:
        super().__init__(engine, SCHEMA)
        self._added: Counter[str] = Counter()
        self._count = count
        self._write = write

    def record(self, message: Any) -> None:
        """Tell the other services, once this work is committed."""
        self.publish(self._write(message))

    @cached_property
    def cases(self) -> SqlCases:
        """What is remembered of cases."""
        return SqlCases(self.connection)

    @cached_property
    def deliveries(self) -> SqlDeliveries:
        """All deliveries."""
        return SqlDeliveries(self.connection, self._added)

    @cached_property
    def inbox(self) -> SqlInbox:
        """The messages to officers."""
        return SqlInbox(self.connection)

    @cached_property
    def addressees(self) -> SqlAddressees:
        """What was sent to whom, by the keyed hash of the address."""
        return SqlAddressees(self.connection)

    @cached_property
    def questions(self) -> SqlQuestions:
        """The messages nobody has confirmed."""
        return SqlQuestions(self.connection)

    @cached_property
    def choices(self) -> SqlChoices:
        """What petitioners chose."""
        return SqlChoices(self.connection)

    @cached_property
    def letters(self) -> SqlLetters:
        """The print room's letters."""
        return SqlLetters(self.connection)

    @cached_property
    def services(self) -> SqlServices:
        """Documents and their service on the petitioner."""
        return SqlServices(self.connection)

    @cached_property
    def agencies(self) -> SqlAgencies:
        """Agencies outside the house and what is kept for them."""
        return SqlAgencies(self.connection)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        super().__exit__(kind, error, trace)
        if kind is None:
            self._count(self._added)
