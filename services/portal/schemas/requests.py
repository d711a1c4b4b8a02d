"""What a request says before anybody reads its content: who sends it, and whether its body is JSON at all."""

import json
from typing import Any, NoReturn

from flask import Request
from werkzeug.http import dump_cookie

from lianxi.casework.errors import Refused
from lianxi.runtime.certificate_door import CERTIFICATE
from services.portal.domain.sign_in import Caller

READING = frozenset({"GET", "HEAD", "OPTIONS"})
SESSION_COOKIE = "lianxi_session"


class Malformed(Refused):
    """The body is not JSON."""

    title = "请求格式不正确"

    def __init__(self, message: str) -> None:
        super().__init__(message, rule="json")


class NotJson(Refused):
    """The body says it is something else than JSON."""

    status = 415
    title = "请求内容类型不受支持"

    def __init__(self) -> None:
        super().__init__("请求内容应为 JSON（Content-Type: application/json）。", rule="content-type")


def caller_of(request: Request, *, csrf: str = "") -> Caller:
    """Return what the request says about its sender; `csrf` is the token of a form, else the header's is taken."""
    scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
    return Caller(
        address=request.remote_addr or "",
        bearer=secret.strip() if scheme.lower() == "bearer" else "",
        session=request.cookies.get(SESSION_COOKIE, ""),
        csrf=csrf or request.headers.get("X-CSRF-Token", ""),
        changes=request.method not in READING,
        certificate=str(request.environ.get(CERTIFICATE, "")),
    )


def json_body(request: Request) -> Any:
    """Return the body as JSON values, strictly: UTF-8, no NaN, no name twice in one object."""
    raw = request.get_data(cache=True)
    if not request.is_json:
        raise NotJson
    try:
        return json.loads(raw.decode("utf-8"), parse_constant=_no_constant, object_pairs_hook=_no_repeats)
    except (ValueError, RecursionError):
        raise Malformed("请求内容不是有效的 JSON，请检查引号、逗号、编码（UTF-8）和嵌套层数。") from None


def _no_constant(_name: str) -> NoReturn:
    raise ValueError


def _no_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    content = dict(pairs)
    if len(content) != len(pairs):
        raise ValueError
    return content


def session_cookie(secret: str, *, secure: bool) -> str:
    """Return the Set-Cookie line of a session: for this site only, invisible to scripts, gone with the browser."""
    return dump_cookie(SESSION_COOKIE, secret, path="/", httponly=True, samesite="Strict", secure=secure)
