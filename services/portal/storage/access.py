"""Accounts, sessions, API tokens and failed sign-ins, on the connection of one transaction."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, delete, func, insert, select, text, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.exc import IntegrityError

from lianxi.casework.errors import Conflict
from services.portal.domain.accounts import AccountRole, Principal, Scope
from services.portal.domain.sign_in import SESSION_IDLE_SECONDS, Failures, pause_after
from services.portal.storage.tables import account, api_token, session, sign_in_failure


class AccountRow(NamedTuple):
    """One account as it is stored."""

    id: str
    login: str
    password_hash: str
    role: str
    node: str
    unit: str
    created_at: Any
    disabled_at: Any

    def principal(self, **more: Any) -> Principal:
        """Return who this account is once signed in."""
        return Principal(
            account_id=self.id, login=self.login, role=AccountRole(self.role), node=self.node, unit=self.unit, **more
        )


_ACCOUNT = tuple(account.c)
_BY_TOKEN = f"""
SELECT {", ".join(f"a.{column.name}" for column in _ACCOUNT)}, t.scopes
FROM {api_token.fullname} t JOIN {account.fullname} a ON a.id = t.account_id
WHERE t.digest = %s AND a.disabled_at IS NULL AND t.revoked_at IS NULL AND t.expires_at > now()
"""


class Accounts:
    """Accounts with their sessions and tokens."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, row: dict[str, str]) -> None:
        """Store a new account."""
        try:
            self._connection.execute(insert(account), row)
        except IntegrityError:
            raise Conflict("此账号已存在，请换一个账号名。", field="login") from None

    def by_login(self, login: str) -> AccountRow | None:
        """Return the account of a login, disabled ones too."""
        row = self._connection.execute(select(*_ACCOUNT).where(account.c.login == login)).one_or_none()
        return AccountRow(*row) if row else None

    def all(self) -> Sequence[AccountRow]:
        """Return every account by login."""
        return [AccountRow(*row) for row in self._connection.execute(select(*_ACCOUNT).order_by(account.c.login))]

    def set_password(self, account_id: str, password_hash: str) -> None:
        """Replace the password and end every session opened with the old one."""
        self._connection.execute(update(account).where(account.c.id == account_id).values(password_hash=password_hash))
        self._connection.execute(delete(session).where(session.c.account_id == account_id))

    def disable(self, account_id: str) -> None:
        """Close an account: it cannot sign in, its sessions and tokens are dead; what it did keeps its name."""
        self._connection.execute(update(account).where(account.c.id == account_id).values(disabled_at=func.now()))
        self._connection.execute(delete(session).where(session.c.account_id == account_id))
        self._connection.execute(
            update(api_token)
            .where(api_token.c.account_id == account_id, api_token.c.revoked_at.is_(None))
            .values(revoked_at=func.now())
        )

    def open_session(self, digest: str, account_id: str, csrf: str, seconds: int) -> None:
        """Remember that somebody signed in."""
        expires = func.now() + text(f"interval '{seconds} seconds'")
        self._connection.execute(
            insert(session).values(digest=digest, account_id=account_id, csrf=csrf, expires_at=expires)
        )

    def by_session(self, digest: str) -> Principal | None:
        """Return who holds this session, and note that it is in use; at most one note a minute."""
        found = self._connection.execute(
            select(
                *_ACCOUNT, session.c.csrf, (session.c.seen_at < func.now() - text("interval '1 minute'")).label("stale")
            )
            .join(session, session.c.account_id == account.c.id)
            .where(
                session.c.digest == digest,
                account.c.disabled_at.is_(None),
                session.c.expires_at > func.now(),
                session.c.seen_at > func.now() - text(f"interval '{SESSION_IDLE_SECONDS} seconds'"),
            )
        ).one_or_none()
        if found is None:
            return None
        if found.stale:
            self._connection.execute(update(session).where(session.c.digest == digest).values(seen_at=func.now()))
        return AccountRow(*found[: len(_ACCOUNT)]).principal(csrf=found.csrf)

    def close_session(self, digest: str) -> None:
        """Forget a session."""
        self._connection.execute(delete(session).where(session.c.digest == digest))

    def add_token(self, row: dict[str, Any], days: int) -> Any:
        """Store an API token's digest; return when it expires."""
        expires = func.now() + text(f"interval '{days} days'")
        return self._connection.execute(
            insert(api_token).values(**row, expires_at=expires).returning(api_token.c.expires_at)
        ).scalar_one()

    def knows_token(self, digest: str) -> bool:
        """Return whether a token was ever stored under this digest, live or not."""
        found = self._connection.execute(select(api_token.c.id).where(api_token.c.digest == digest))
        return found.one_or_none() is not None

    def by_token(self, digest: str) -> Principal | None:
        """Return on whose behalf a token speaks, with the token's own scopes."""
        found = self._connection.exec_driver_sql(_BY_TOKEN, (digest,)).one_or_none()
        if found is None:
            return None
        return AccountRow(*found[: len(_ACCOUNT)]).principal(scopes=frozenset(map(Scope, found.scopes)))

    def tokens_of(self, account_id: str) -> list[dict[str, Any]]:
        """Return the live tokens of an account, newest first; the tokens themselves nobody has."""
        columns = (api_token.c.id, api_token.c.name, api_token.c.scopes, api_token.c.created_at, api_token.c.expires_at)
        rows = self._connection.execute(
            select(*columns)
            .where(
                api_token.c.account_id == account_id,
                api_token.c.revoked_at.is_(None),
                api_token.c.expires_at > func.now(),
            )
            .order_by(api_token.c.created_at.desc(), api_token.c.id.desc())
        )
        return [dict(row) for row in rows.mappings()]

    def revoke_token(self, account_id: str, token_id: str) -> bool:
        """End a token; return whether this account had it."""
        done = self._connection.execute(
            update(api_token)
            .where(api_token.c.id == token_id, api_token.c.account_id == account_id, api_token.c.revoked_at.is_(None))
            .values(revoked_at=func.now())
        )
        return done.rowcount == 1


class FailedSignIns:
    """Wrong passwords, counted per digest of a login."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def so_far(self, login_digest: str) -> Failures:
        """Return the count and the seconds left; a second attempt at the same time waits for the first."""
        self._connection.execute(
            select(func.pg_advisory_xact_lock(func.hashtextextended(f"sign-in:{login_digest}", 0)))
        )
        row = self._connection.execute(
            select(
                sign_in_failure.c.failures,
                func.ceil(func.extract("epoch", sign_in_failure.c.open_at - func.now())).label("wait"),
            ).where(sign_in_failure.c.login_digest == login_digest)
        ).one_or_none()
        return Failures(row.failures, max(0, int(row.wait))) if row else Failures()

    def add(self, login_digest: str) -> None:
        """Count one more, and let the next attempt wait as the rule says."""
        failures = self.so_far(login_digest).count + 1
        values = {
            "failures": failures,
            "last_at": func.now(),
            "open_at": func.now() + text(f"interval '{pause_after(failures)} seconds'"),
        }
        self._connection.execute(
            upsert(sign_in_failure)
            .values(login_digest=login_digest, **values)
            .on_conflict_do_update(index_elements=["login_digest"], set_=values)
        )

    def clear(self, login_digest: str) -> None:
        """Forget them after a right password."""
        self._connection.execute(delete(sign_in_failure).where(sign_in_failure.c.login_digest == login_digest))
