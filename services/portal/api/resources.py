"""The frame every operation of the API shares: who may call it, what it reads, what it answers, how it is described.

An operation is a plain function under one decorator. flask-smorest is untyped; everything that touches its types is
in this file, so that the resources stay checked.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any, NoReturn, TypeVar, cast

from flask import current_app, g, request
from flask_smorest import Api, Blueprint
from marshmallow import RAISE, Schema, ValidationError
from webargs.flaskparser import FlaskParser

from lianxi import __version__
from services.portal.domain.accounts import Principal
from services.portal.domain.answers import Answer
from services.portal.domain.sign_in import NotSignedIn
from services.portal.handlers import Ports
from services.portal.handlers.access import admit
from services.portal.schemas.problems import CONTENT_TYPE, InvalidFields, Problem, field_errors
from services.portal.schemas.requests import caller_of, json_body

PREFIX = "/api/v1"
View = TypeVar("View", bound=Callable[..., Any])
_SIGNED_IN: list[dict[str, list[str]]] = [{"bearer": []}, {"session": []}]
_REUSABLE = {
    "in": "header",
    "name": "Idempotency-Key",
    "schema": {"type": "string", "minLength": 8, "maxLength": 128},
    "description": "同一编号的重复请求只办理一次，并得到同样的答复。",
}


class StrictParser(FlaskParser):
    """Reads bodies strictly and complains about every field at once, in our own words."""

    DEFAULT_UNKNOWN_BY_LOCATION = {**FlaskParser.DEFAULT_UNKNOWN_BY_LOCATION, "query": RAISE, "json": RAISE}  # noqa: RUF012  as webargs declares it

    def load_json(self, req: Any, schema: Any) -> Any:
        """Return the body."""
        del schema
        return json_body(req)

    def handle_error(self, error: ValidationError, req: Any, schema: Schema, **_more: Any) -> NoReturn:
        """Refuse with every field that is wrong."""
        del req, schema
        messages = cast("dict[str, Any]", error.messages)
        raise InvalidFields(field_errors(next(iter(messages.values()))))


class PortalApi(Api):  # type: ignore[misc]  # untyped
    """flask-smorest with errors as problem documents; the application renders them for pages and API alike."""

    def __init__(self, app: Any) -> None:
        app.config.update(
            API_TITLE="联席 Lianxi",
            API_VERSION=__version__,
            OPENAPI_VERSION="3.1.0",
            OPENAPI_URL_PREFIX=PREFIX,
            OPENAPI_JSON_PATH="openapi.json",
        )
        super().__init__(app, spec_kwargs={"info": {"description": "信访事项的提交、查询与办理。"}})
        scheme = self.spec.components.security_scheme
        scheme("bearer", {"type": "http", "scheme": "bearer", "description": "访问令牌（POST /tokens）"})
        scheme("session", {"type": "apiKey", "in": "cookie", "name": "lianxi_session"})

    def _register_error_handlers(self) -> None:
        """Leave errors to the application."""

    def _register_pagination_header(self) -> None:
        """Pages are part of the body here."""

    def _register_responses(self) -> None:
        content = {CONTENT_TYPE: {"schema": Problem}}
        for name, description in (("DEFAULT_ERROR", "错误"), ("UNPROCESSABLE_ENTITY", "内容不符合要求")):
            self.spec.components.response(name, {"description": description, "content": content}, lazy=True)


class Resource(Blueprint):  # type: ignore[misc]  # untyped
    """The operations on one kind of thing."""

    ARGUMENTS_PARSER = StrictParser()

    def operation(
        self,
        rule: str,
        method: str = "GET",
        *,
        query: type[Schema] | None = None,
        body: type[Schema] | None = None,
        answer: type[Schema] | None = None,
        status: int = 200,
        open_to_all: bool = False,
        purpose: str = "",
        repeatable: bool = False,
        also: dict[str, Any] | None = None,
    ) -> Callable[[View], View]:
        """Register a function as an operation.

        It is called with the person (None only where `open_to_all`), the query, the body, and the parts of the path.
        """

        def register(view: View) -> View:
            done: Any = _with_person(view, open_to_all=open_to_all)
            done = self.response(status, answer)(done)
            if body is not None:
                done = self.arguments(body)(done)
            if query is not None:
                done = self.arguments(query, location="query")(done)
            described = dict(also or {}, security=[{}, *_SIGNED_IN] if open_to_all else _SIGNED_IN)
            if repeatable:
                described["parameters"] = [*described.get("parameters", ()), _REUSABLE]
            done = self.doc(**described)(_let_in(done, purpose))
            self.route(rule, methods=[method], endpoint=view.__name__)(done)
            return view

        return register


def _let_in(view: Callable[..., Any], purpose: str) -> Callable[..., Any]:
    """Recognise the caller and keep to the limits before anything is read."""

    @wraps(view)
    def let_in(*args: Any, **path: Any) -> Any:
        g.person = admit(caller_of(request), ports(), purpose)
        return view(*args, **path)

    return let_in


def _with_person(view: Callable[..., Any], *, open_to_all: bool) -> Callable[..., Any]:
    @wraps(view)
    def with_person(*args: Any, **path: Any) -> Any:
        person: Principal | None = g.person
        if person is None and not open_to_all:
            raise NotSignedIn("请先登录，或在 Authorization 头中给出访问令牌。")
        answer = view(person, *args, **path)
        return (answer.body, answer.status) if isinstance(answer, Answer) else answer

    return with_person


def ports() -> Ports:
    """Return what the use cases of this application need."""
    return cast("Ports", current_app.extensions["portal"])


def idempotency_key() -> str | None:
    """Return the key the client gave to this request."""
    return request.headers.get("Idempotency-Key")
