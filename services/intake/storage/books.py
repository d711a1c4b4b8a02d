"""One transaction of intake: its repositories, the messages it sends, and answers to commands kept sealed."""

import json
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import cached_property
from types import TracebackType
from typing import Any, Protocol

from sqlalchemy import Engine

from lianxi.bus.commands import Answer, CommandBook, SqlCommands
from lianxi.bus.messages import Outgoing
from lianxi.bus.work import Work
from services.intake.domain.records import Contact
from services.intake.storage.attachments import SqlAttachments, SqlBlobs, SqlUploads
from services.intake.storage.audit import SqlReads
from services.intake.storage.contacts import SqlContacts, SqlNumbers
from services.intake.storage.drafts import SqlDrafts
from services.intake.storage.personal import SqlPersons, SqlUnfinished
from services.intake.storage.rejects import SqlRejectBook
from services.intake.storage.tables import SCHEMA

Write = Callable[[Any, datetime], Outgoing]
"""Turns a message and its time into what the bus sends."""


class Vault(Protocol):
    """Seals answers."""

    def seal(self, plain: str, context: str) -> str:
        """Seal for this node."""
        ...

    def open(self, token: str, context: str) -> str:
        """Open what was sealed for this node."""
        ...


class SealedCommands:
    """The answers to commands. An answer holds a query code or a whole petitioner, so it is stored sealed."""

    def __init__(self, book: CommandBook, vault: Vault) -> None:
        self._book = book
        self._vault = vault

    def begin(self, command_id: str, method: str, mark: str) -> Answer | None:
        """Return the answer already given, or None and reserve the id."""
        given = self._book.begin(command_id, method, mark)
        if given is None or given.body is None:
            return given
        return Answer(json.loads(self._vault.open(given.body["sealed"], f"answer/{command_id}")), given.refused)

    def finish(self, command_id: str, answer: Answer) -> None:
        """Keep the answer."""
        sealed = self._vault.seal(json.dumps(answer.body, ensure_ascii=False, default=str), f"answer/{command_id}")
        self._book.finish(command_id, Answer({"sealed": sealed}, answer.refused))


class _CountedContacts(SqlContacts):
    """Contacts that remember what was added, to be counted once it is committed."""

    def __init__(self, work: "IntakeWork") -> None:
        super().__init__(work.connection)
        self._added = work.added

    def add(self, contacts: Sequence[Contact]) -> None:
        """Insert new contacts."""
        super().add(contacts)
        self._added.update(contact.channel for contact in contacts)


class IntakeWork(Work):
    """A unit of work with intake's repositories."""

    def __init__(self, engine: Engine, vault: Vault, write: Write, count: Callable[[Counter[str]], None]) -> None:
        super().__init__(engine, SCHEMA)
        self.added: Counter[str] = Counter()
        self._vault = vault
        self._write = write
        self._count = count

    @cached_property
    def contacts(self) -> SqlContacts:
        """Return the contacts."""
        return _CountedContacts(self)

    @cached_property
    def numbers(self) -> SqlNumbers:
        """Return the running numbers."""
        return SqlNumbers(self.connection)

    @cached_property
    def rejects(self) -> SqlRejectBook:
        """Return refused input."""
        return SqlRejectBook(self.connection)

    @cached_property
    def drafts(self) -> SqlDrafts:
        """Return the drafts."""
        return SqlDrafts(self.connection)

    @cached_property
    def reads(self) -> SqlReads:
        """Return the book of looks at personal data."""
        return SqlReads(self.connection)

    @property
    def unmaskings(self) -> SqlReads:
        """Return the same book, for looks at whole contacts."""
        return self.reads

    @cached_property
    def persons(self) -> SqlPersons:
        """Return the contacts by person."""
        return SqlPersons(self.connection)

    @cached_property
    def unfinished(self) -> SqlUnfinished:
        """Return drafts and rejects, to be read through for one person."""
        return SqlUnfinished(self.connection)

    @cached_property
    def blobs(self) -> SqlBlobs:
        """Return the files by content."""
        return SqlBlobs(self.connection)

    @cached_property
    def attachments(self) -> SqlAttachments:
        """Return the files in their cases."""
        return SqlAttachments(self.connection)

    @cached_property
    def uploads(self) -> SqlUploads:
        """Return the files on their way in."""
        return SqlUploads(self.connection)

    @property
    def commands(self) -> CommandBook:
        """Return the answers this service has given, sealed."""
        return SealedCommands(SqlCommands(self.connection, self.schema), self._vault)

    def record(self, message: Any, *, at: datetime) -> None:
        """Tell the other services, once this work is committed."""
        self.publish(self._write(message, at))

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        super().__exit__(kind, error, trace)
        if kind is None:
            self._count(self.added)
