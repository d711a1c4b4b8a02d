"""What the use cases need of the portal's storage: one transaction with these books open."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Protocol

from services.portal.domain.accounts import Principal
from services.portal.domain.sign_in import Failures


class Account(Protocol):
    """One stored account."""

    @property
    def id(self) -> str:
        """Its id, which stands in every act of its owner."""

    @property
    def login(self) -> str:
        """What its owner signs in with."""

    @property
    def password_hash(self) -> str:
        """The slow hash of the password."""

    @property
    def role(self) -> str:
        """What its owner is employed for."""

    @property
    def node(self) -> str:
        """The node it belongs to."""

    @property
    def unit(self) -> str:
        """The unit its owner works for, "" for the petition department itself."""

    @property
    def disabled_at(self) -> datetime | None:
        """When it was closed."""

    def principal(self, **more: Any) -> Principal:
        """Return who this is once signed in."""


class Accounts(Protocol):
    """Accounts, sessions and tokens; secrets come as digests."""

    def add(self, row: dict[str, str]) -> None:
        """Store a new account."""

    def by_login(self, login: str) -> Account | None:
        """Return the account of a login, closed ones too."""

    def all(self) -> Sequence[Account]:
        """Return every account."""

    def set_password(self, account_id: str, password_hash: str) -> None:
        """Replace a password and end the sessions opened with the old one."""

    def disable(self, account_id: str) -> None:
        """Close an account with its sessions and tokens."""

    def open_session(self, digest: str, account_id: str, csrf: str, seconds: int) -> None:
        """Remember a session."""

    def by_session(self, digest: str) -> Principal | None:
        """Return who holds a session."""

    def close_session(self, digest: str) -> None:
        """Forget a session."""

    def add_token(self, row: dict[str, Any], days: int) -> Any:
        """Store a token; return when it expires."""

    def knows_token(self, digest: str) -> bool:
        """Return whether a token was ever stored under this digest, live or not."""
        ...

    def by_token(self, digest: str) -> Principal | None:
        """Return for whom a token speaks."""

    def tokens_of(self, account_id: str) -> list[dict[str, Any]]:
        """Return the live tokens of an account."""

    def revoke_token(self, account_id: str, token_id: str) -> bool:
        """End a token; return whether this account had it."""


class FailedSignIns(Protocol):
    """Wrong passwords, per digest of a login."""

    def so_far(self, login_digest: str) -> Failures:
        """Return count and waiting time; attempts on one login wait for each other."""

    def add(self, login_digest: str) -> None:
        """Count one more."""

    def clear(self, login_digest: str) -> None:
        """Forget them."""


class RequestCounts(Protocol):
    """Requests of this minute."""

    def add(self, *keys: str) -> list[tuple[int, int]]:
        """Count one for each key; return the count of each and the seconds left of the minute."""


class Repeated(Protocol):
    """What is known of a request that may be a repeat."""

    @property
    def fingerprint(self) -> str:
        """The digest of its content."""

    @property
    def command_id(self) -> str:
        """The id under which the services know it."""

    @property
    def first_at(self) -> datetime:
        """When it came first."""

    @property
    def status(self) -> int | None:
        """The status it was answered with, None as long as it was not."""

    @property
    def sealed_answer(self) -> str | None:
        """What it was answered, sealed."""


class RepeatedRequests(Protocol):
    """Answers under idempotency keys."""

    def begin(self, scope: str, key_digest: str, *, fingerprint: str, command_id: str, first_at: datetime) -> Repeated:
        """Return what is known under the key; a new key is remembered with these facts."""

    def finish(self, scope: str, key_digest: str, *, status: int, sealed_answer: str) -> None:
        """Keep the answer."""


class Books(Protocol):
    """One transaction."""

    @property
    def accounts(self) -> Accounts:
        """Accounts, sessions and tokens."""

    @property
    def failures(self) -> FailedSignIns:
        """Wrong passwords."""

    @property
    def counts(self) -> RequestCounts:
        """Requests of this minute."""

    @property
    def repeated(self) -> RepeatedRequests:
        """Answers under idempotency keys."""
