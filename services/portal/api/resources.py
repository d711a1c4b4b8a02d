"""The frame every operation of the API shares: who may call it, what it reads, what it answers, how it is described.

An operation is a plain function under one decorator. flask-smorest is untyped; everything that touches its types is
in this file, so that the resources stay checked.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import wraps
from itertools import count
from typing import Any, NoReturn, TypeVar, cast

from flask import Response, current_app, g, request
from flask_smorest import Api, Blueprint
from marshmallow import RAISE, Schema, ValidationError
from webargs.flaskparser import FlaskParser

from lianxi import __version__
from lianxi.casework.errors import Invalid
from services.portal.domain.accounts import Principal
from services.portal.domain.answers import Answer
from services.portal.domain.limits import KEY_LENGTH
from services.portal.domain.permissions import Access
from services.portal.handlers import Ports
from services.portal.handlers.access import admit, check_access
from services.portal.handlers.asking import Attempt, once
from services.portal.schemas.problems import CONTENT_TYPE, InvalidFields, Problem, field_errors
from services.portal.schemas.requests import caller_of, json_body

PREFIX = "/api/v1"
View = TypeVar("View", bound=Callable[..., Any])
Hearing = Callable[[Principal | None, Any, Invalid], Invalid]
_SIGNED_IN: list[dict[str, list[str]]] = [{"bearer": []}, {"session": []}]
_REUSABLE = {
    "in": "header",
    "name": "Idempotency-Key",
    "schema": {"type": "string", "minLength": KEY_LENGTH.start, "maxLength": KEY_LENGTH[-1], "pattern": "^[!-~]+$"},
    "description": "同一编号的重复请求只办理一次，并得到同样的答复。"
    f"{KEY_LENGTH.start}至{KEY_LENGTH[-1]}个可见的英文字符，不含空格；登录与否同一规则。",
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """What was said of an operation when it was registered.

    `reads` marks a POST that changes nothing, because what it reads must not stand in an address. Every other POST
    takes an idempotency key: of itself where it is `repeatable`, else from this frame.
    """

    name: str
    rule: str
    method: str
    access: Access
    query: type[Schema] | None
    body: type[Schema] | None
    answer: type[Schema] | None
    purpose: str
    repeatable: bool
    reads: bool

    @property
    def keyed(self) -> bool:
        """Whether it takes an idempotency key."""
        return self.method == "POST" and not self.reads


class Resource(Blueprint):  # type: ignore[misc]  # untyped
    """The operations on one kind of thing."""

    ARGUMENTS_PARSER = StrictParser()

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.operations: list[Operation] = []

    def operation(
        self,
        rule: str,
        method: str = "GET",
        *,
        access: Access,
        query: type[Schema] | None = None,
        body: type[Schema] | None = None,
        answer: type[Schema] | None = None,
        status: int = 200,
        purpose: str = "",
        repeatable: bool = False,
        reads: bool = False,
        also: dict[str, Any] | None = None,
        on_invalid: Hearing | None = None,
    ) -> Callable[[View], View]:
        """Register a function as an operation.

        It is called with the person (None only where `access` is open to all), the query, the body, and the parts of
        the path. `on_invalid` hears what was sent and why it was refused, and says what the sender is told.
        """

        def register(view: View) -> View:
            operation = Operation(
                name=view.__name__,
                rule=rule,
                method=method,
                access=access,
                query=query,
                body=body,
                answer=answer,
                purpose=purpose,
                repeatable=repeatable,
                reads=reads,
            )
            self.operations.append(operation)
            done: Any = self.response(status, answer)(_with_person(view))
            if operation.keyed and not repeatable:
                done = _one_effect(done)
            # instances: a schema that is given as a class is put together anew for every request
            if body is not None:
                done = self.arguments(body())(done)
            if query is not None:
                done = self.arguments(query(), location="query")(done)
            if on_invalid is not None:
                done = _heard(done, on_invalid)
            done = self.doc(**_described(operation, also or {}))(_let_in(done, operation))
            self.route(rule, methods=[method], endpoint=view.__name__)(done)
            return view

        return register


def _described(operation: Operation, also: dict[str, Any]) -> dict[str, Any]:
    described = dict(also, security=[{}, *_SIGNED_IN] if operation.access.open_to_all else _SIGNED_IN)
    described["x-access"] = operation.access.described()
    if operation.keyed:
        described["parameters"] = [*described.get("parameters", ()), _REUSABLE]
    return described


def _let_in(view: Callable[..., Any], operation: Operation) -> Callable[..., Any]:
    """Recognise the caller, keep to the limits and to the table of access before anything is read."""

    @wraps(view)
    def let_in(*args: Any, **path: Any) -> Any:
        g.person = admit(caller_of(request), ports(), operation.purpose)
        check_access(g.person, operation.access)
        return view(*args, **path)

    return let_in


def _heard(view: Callable[..., Any], hearing: Hearing) -> Callable[..., Any]:
    """Let a resource hear of a body that was read and refused; one that is no JSON was not read."""

    @wraps(view)
    def heard(*args: Any, **path: Any) -> Any:
        try:
            return view(*args, **path)
        except Invalid as wrong:
            raise hearing(g.person, json_body(request), wrong) from None

    return heard


def _with_person(view: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(view)
    def with_person(*args: Any, **path: Any) -> Any:
        person: Principal | None = g.person
        answer = view(person, *args, **path)
        return (answer.body, answer.status) if isinstance(answer, Answer) else answer

    return with_person


def _one_effect(view: Callable[..., Response]) -> Callable[..., Response]:
    """Answer a request repeated under one idempotency key as it was answered the first time.

    While it runs, the ids that its use case asks for follow from the key: a request that is repeated after a crash
    sends the other services the very same commands.
    """

    @wraps(view)
    def one_effect(*args: Any, **path: Any) -> Response:
        def run(attempt: Attempt) -> Answer:
            g.command_ids = (attempt.command_id if n == 0 else f"{attempt.command_id}-{n}" for n in count())
            response = view(*args, **path)
            kept = {"text": response.get_data(as_text=True), "location": response.headers.get("Location")}
            return Answer(response.status_code, kept)

        raw = "" if args else request.get_data(as_text=True)
        content = f"{request.method} {request.path}", [args, raw, request.headers.get("Upload-Key")]
        answer = once(ports(), g.person, idempotency_key(), content, run)
        response = Response(answer.body["text"], answer.status, mimetype="application/json")
        if answer.body["location"]:
            response.headers["Location"] = answer.body["location"]
        return response

    return one_effect


def ports() -> Ports:
    """Return what the use cases of this application need."""
    known = cast("Ports", current_app.extensions["portal"])
    ids = g.get("command_ids")
    return replace(known, new_id=lambda: str(next(ids))) if ids else known


def idempotency_key() -> str | None:
    """Return the key the client gave to this request."""
    return request.headers.get("Idempotency-Key")
