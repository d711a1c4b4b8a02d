"""Signing in and out, API tokens, and who one is."""

from typing import Any

from flask import Response, current_app, make_response, request

from services.portal.api.resources import Resource, idempotency_key, ports
from services.portal.domain import permissions as may
from services.portal.domain.accounts import Principal
from services.portal.handlers import access
from services.portal.schemas.access import Credentials, Me, NewToken, Tokens, TokenWanted
from services.portal.schemas.requests import SESSION_COOKIE, session_cookie

resource = Resource("access", __name__, description="登录与令牌")


@resource.operation(
    "/sessions", "POST", body=Credentials, answer=Me, status=201, purpose="sign_in", reads=True, access=may.FREE
)
def sign_in(_person: Principal | None, given: dict[str, str]) -> tuple[Principal, int, dict[str, str]]:
    """Sign in; the session is a cookie that scripts cannot read."""
    signed_in = access.sign_in(given["login"], given["password"], ports())
    secure = bool(current_app.config["SESSION_COOKIE_SECURE"])
    return signed_in.principal, 201, {"Set-Cookie": session_cookie(signed_in.secret, secure=secure)}


@resource.operation("/sessions", "DELETE", status=204, access=may.SIGNED_IN)
def sign_out(_person: Principal) -> Response:
    """Sign out."""
    access.sign_out(request.cookies.get(SESSION_COOKIE, ""), ports())
    response = make_response("", 204)
    response.delete_cookie(SESSION_COOKIE)
    return response


@resource.operation("/me", answer=Me, access=may.SIGNED_IN)
def me(person: Principal) -> Principal:
    """Say who is signed in."""
    return person


@resource.operation("/tokens", answer=Tokens, access=may.SIGNED_IN)
def list_tokens(person: Principal) -> dict[str, Any]:
    """List one's live tokens."""
    return {"rows": access.tokens_of(person, ports())}


@resource.operation(
    "/tokens", "POST", body=TokenWanted, answer=NewToken, status=201, repeatable=True, access=may.SIGNED_IN
)
def issue_token(person: Principal, wanted: dict[str, Any]) -> dict[str, Any]:
    """Make a token; it is shown this once, and again where the same request is repeated under its key."""
    return access.issue_token_once(person, wanted, idempotency_key(), ports())


@resource.operation("/tokens/<token_id>", "DELETE", status=204, access=may.SIGNED_IN)
def revoke_token(person: Principal, token_id: str) -> Response:
    """End a token."""
    access.revoke_token(person, token_id, ports())
    return make_response("", 204)
