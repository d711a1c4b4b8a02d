"""Who is asking: sign in and out, recognise a session or a token, keep to the limits, and manage accounts."""

import hashlib
import hmac
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from lianxi.casework.errors import Conflict, Forbidden, Invalid, Unknown
from services.portal.domain.accounts import AccountRole, Principal, Scope, check_place
from services.portal.domain.answers import Answer
from services.portal.domain.limits import Limits, network_of
from services.portal.domain.permissions import Access
from services.portal.domain.sign_in import (
    SESSION_SECONDS,
    TOKEN_DAYS,
    Caller,
    NotFromOurPage,
    NotSignedIn,
    TooMany,
    WrongCredentials,
    check_login,
    check_password,
)
from services.portal.handlers import Ports
from services.portal.handlers.asking import once_here
from services.portal.handlers.books import Account, Books

TOKEN_PREFIX = "lianxi_"  # noqa: S105  what every token begins with, so that a leaked one is recognised


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A fresh session: its secret for the cookie, and who it belongs to."""

    secret: str
    principal: Principal


def admit(caller: Caller, ports: Ports, purpose: str = "") -> Principal | None:
    """Return who is asking, None for a stranger; refuse what is over the limit or does not come from our pages.

    `purpose` ("filing", "tracking", "sign_in") is what strangers have a narrower limit for.
    """
    with (ports.open_gate or ports.open_books)() as books:
        principal = _recognise(caller, books)
        counted = _count(caller, principal, purpose, ports, books)
    for (requests, seconds_left), allowed in counted:
        if requests > allowed:
            raise TooMany(f"请求过于频繁，请在{seconds_left}秒后重试。", seconds_left)
    if caller.certificate and principal is None:
        raise NotSignedIn("此证书未在本节点登记，或已撤销。")
    if caller.bearer and principal is None:
        raise NotSignedIn("访问令牌无效、已过期或已撤销。请重新申请令牌。")
    by_cookie = principal if principal and caller.changes and not (caller.bearer or caller.certificate) else None
    if by_cookie and not hmac.compare_digest(caller.csrf.encode(), by_cookie.csrf.encode()):
        raise NotFromOurPage
    return principal


def check_access(person: Principal | None, access: Access) -> None:
    """Keep to a row of the table of access: refuse who is not signed in, has another role, or a token too narrow."""
    if person is None:
        if not access.open_to_all:
            raise NotSignedIn("请先登录，或在 Authorization 头中给出访问令牌。")
        return
    for scope in sorted(access.scopes):
        person.need(scope)
    if not access.admits(person):
        raise Forbidden(access.refusal.format(role=person.role.label), rule=access.rule)


def _recognise(caller: Caller, books: Books) -> Principal | None:
    if caller.certificate:
        return books.accounts.by_token(digest_of_certificate(caller.certificate))
    if caller.bearer:
        return books.accounts.by_token(digest(caller.bearer))
    return books.accounts.by_session(digest(caller.session)) if caller.session else None


def _count(
    caller: Caller, principal: Principal | None, purpose: str, ports: Ports, books: Books
) -> list[tuple[tuple[int, int], int]]:
    limits: Limits = ports.limits
    if principal:
        return list(zip(books.counts.add(f"account:{principal.account_id}"), [limits.account], strict=True))
    address = address_key(caller.address, ports)
    allowed = {f"address:{address}": limits.address}
    if purpose:
        allowed[f"{purpose}:{address}"] = getattr(limits, purpose)
    return list(zip(books.counts.add(*allowed), allowed.values(), strict=True))


def address_key(address: str, ports: Ports) -> str:
    """Return what an address is counted under, 32 hexadecimal digits; the address cannot be told from it."""
    return ports.secrets.keyed_hash(network_of(address), "portal.address")[:32]


def sign_in(login: str, password: str, ports: Ports) -> SignedIn:
    """Open a session for the right password; count a wrong one."""
    name = login.strip().lower()
    login_digest = ports.secrets.keyed_hash(name, "portal.login")
    secret, csrf = secrets.token_urlsafe(32), secrets.token_urlsafe(24)
    with ports.open_books() as books:
        failures = books.failures.so_far(login_digest)
        account = None
        if not failures.wait_seconds:
            account = _checked(books.accounts.by_login(name), password, ports)
            if account is None:
                books.failures.add(login_digest)
            else:
                books.failures.clear(login_digest)
                books.accounts.open_session(digest(secret), account.id, csrf, SESSION_SECONDS)
    if failures.wait_seconds:
        raise TooMany(f"密码错误次数过多，请在{failures.wait_seconds}秒后重试。", failures.wait_seconds)
    if account is None:
        raise WrongCredentials
    return SignedIn(secret, account.principal(csrf=csrf))


def _checked(account: Account | None, password: str, ports: Ports) -> Account | None:
    known = account if account and account.disabled_at is None and account.node == ports.node else None
    return known if ports.passwords.matches(known.password_hash if known else None, password) else None


def sign_out(session: str, ports: Ports) -> None:
    """End a session."""
    with ports.open_books() as books:
        books.accounts.close_session(digest(session))


def issue_token(person: Principal, name: str, scopes: Sequence[str], days: int, ports: Ports) -> dict[str, Any]:
    """Make an API token that speaks for this person; it is shown this once."""
    row, secret = _token(person, name, scopes, days)
    with ports.open_books() as books:
        return _issued(row, secret, books.accounts.add_token(row, days))


def issue_token_once(person: Principal, wanted: Mapping[str, Any], key: str | None, ports: Ports) -> dict[str, Any]:
    """Make an API token; asked again under the same key, also at the same instant, show the same one."""
    row, secret = _token(person, wanted["name"], wanted["scopes"], wanted["days"])

    def add(books: Books) -> Answer:
        made = _issued(row, secret, books.accounts.add_token(row, wanted["days"]))
        return Answer(201, made | {"expires_at": made["expires_at"].isoformat()})

    made = once_here(ports, person, key, ("issue-token", dict(wanted)), add).body
    return made | {"expires_at": datetime.fromisoformat(made["expires_at"])}


def _token(person: Principal, name: str, scopes: Sequence[str], days: int) -> tuple[dict[str, Any], str]:
    """Return the row of a new token and its secret."""
    if days not in TOKEN_DAYS:
        raise Invalid("days", "range", f"有效期应为{TOKEN_DAYS.start}至{TOKEN_DAYS[-1]}天。")
    wanted = frozenset(map(Scope, scopes))
    if not wanted <= person.scopes:
        raise Invalid("scopes", "scope", "不能给新令牌多于自己现有的权限。")
    secret = TOKEN_PREFIX + secrets.token_urlsafe(32)
    row = {
        "id": digest(f"id of {secret}")[:32],
        "account_id": person.account_id,
        "digest": digest(secret),
        "name": name,
        "scopes": sorted(wanted),
    }
    return row, secret


def _issued(row: Mapping[str, Any], secret: str, expires_at: datetime) -> dict[str, Any]:
    told = {name: row[name] for name in ("id", "name", "scopes")}
    return {**told, "expires_at": expires_at, "token": secret}


def digest_of_certificate(fingerprint: str) -> str:
    """Return what stands for a certificate among the tokens; no token can have it, theirs are plain hexadecimal."""
    return f"certificate:{fingerprint}"


def trust_certificate(person: Principal, fingerprint: str, scopes: Sequence[Scope], days: int, ports: Ports) -> None:
    """Let whoever holds the key of a certificate speak for this person."""
    row = {
        "id": digest(f"id of {digest_of_certificate(fingerprint)} {ports.new_id()}")[:32],
        "account_id": person.account_id,
        "digest": digest_of_certificate(fingerprint),
        "name": f"certificate {fingerprint[:16]}",
        "scopes": sorted(scopes),
    }
    with ports.open_books() as books:
        if books.accounts.knows_token(digest_of_certificate(fingerprint)):
            raise Conflict("此证书已经登记过；撤销过的不能再用，请发新证书。", field="certificate")
        books.accounts.add_token(row, days)


def tokens_of(person: Principal, ports: Ports) -> list[dict[str, Any]]:
    """Return the live tokens of a person."""
    with ports.open_books() as books:
        return books.accounts.tokens_of(person.account_id)


def revoke_token(person: Principal, token_id: str, ports: Ports) -> None:
    """End a token of this person."""
    with ports.open_books() as books:
        found = books.accounts.revoke_token(person.account_id, token_id)
    if not found:
        raise Unknown("令牌", "")


def add_account(login: str, password: str, role: str, place: tuple[str, str], ports: Ports) -> dict[str, str]:
    """Create an account at this node; `place` is its node and unit."""
    name = check_login(login)
    check_password(password, name)
    kind = AccountRole.parse(role)
    node, unit = check_place(kind, *place)
    if node != ports.node:
        raise Invalid("node", "node-scope", "账号只能建在它所属的节点上，请在该节点执行。")
    row = {"id": ports.new_id(), "login": name, "role": str(kind), "node": node, "unit": unit}
    with ports.open_books() as books:
        books.accounts.add({**row, "password_hash": ports.passwords.hash(password)})
    return row


def account_called(login: str, books: Books) -> Account:
    """Return the account of a login or say that there is none."""
    account = books.accounts.by_login(login.strip().lower())
    if account is None:
        raise Unknown("账号", login)
    return account


def list_accounts(ports: Ports) -> list[dict[str, str]]:
    """Return every account by login, without secrets."""
    with ports.open_books() as books:
        return [
            {
                "login": account.login,
                "role": account.role,
                "node": account.node,
                "unit": account.unit,
                "state": "disabled" if account.disabled_at else "active",
            }
            for account in books.accounts.all()
        ]


def person_called(login: str, ports: Ports) -> Principal:
    """Return the person an open account belongs to."""
    with ports.open_books() as books:
        account = account_called(login, books)
    if account.disabled_at is not None:
        raise Unknown("账号", account.login)
    return account.principal()


def change_password(login: str, password: str, ports: Ports) -> None:
    """Set a new password and end the open sessions."""
    check_password(password, login.strip().lower())
    with ports.open_books() as books:
        books.accounts.set_password(account_called(login, books).id, ports.passwords.hash(password))


def disable_account(login: str, ports: Ports) -> None:
    """Close an account."""
    with ports.open_books() as books:
        books.accounts.disable(account_called(login, books).id)


def digest(secret: str) -> str:
    """Return what is stored of a secret with 256 random bits: no salt is needed."""
    return hashlib.sha256(secret.encode()).hexdigest()
