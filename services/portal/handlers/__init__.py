"""What the portal does for people: lets them in, passes what they ask to the services, keeps its own books.

Each use case is one function; `Ports` is everything they need from outside, put together in `wiring`.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Protocol

from services.portal.domain.limits import Limits
from services.portal.handlers.books import Books
from services.portal.handlers.file_room import FileRoom


class Calls(Protocol):
    """Asks the other services. Raises `Answered` when they refuse and `NoAnswer` when nobody answers."""

    def call(self, service: str, method: str, body: dict[str, Any], *, command_id: str | None) -> dict[str, Any]:
        """Return the answer of `service` to `method`."""


class Clock(Protocol):
    """The time of the node."""

    def now(self) -> datetime:
        """Return this instant."""

    def today(self) -> date:
        """Return this day."""


class Passwords(Protocol):
    """Hashes passwords slowly."""

    def hash(self, password: str) -> str:
        """Return the hash to store."""

    def matches(self, stored: str | None, password: str) -> bool:
        """Compare; without a stored hash take the same time and say no."""


class Secrets(Protocol):
    """Seals answers that hold a query code, and makes digests that tell nothing without the node's key."""

    def seal(self, plain: str, context: str) -> str:
        """Seal a text, bound to its context."""

    def open(self, token: str, context: str) -> str:
        """Return what was sealed."""

    def keyed_hash(self, value: str, purpose: str) -> str:
        """Return a digest of `value`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ports:
    """Everything the use cases need from outside. `open_books` gives one transaction of the portal's storage.

    `open_gate` gives the same books for who comes in, every statement for itself: what is counted there stays counted,
    and most requests ask the database nothing else. Without it they come in by `open_books`. `files` is None where no
    store of files is set up. `categories` are the paths of the catalogue, to choose from while typing.
    """

    node: str
    names: dict[str, str]
    calls: Calls
    open_books: Callable[[], AbstractContextManager[Books]]
    clock: Clock
    passwords: Passwords
    secrets: Secrets
    new_id: Callable[[], str]
    limits: Limits
    files: FileRoom | None = None
    categories: tuple[str, ...] = ()
    open_gate: Callable[[], AbstractContextManager[Books]] | None = None
