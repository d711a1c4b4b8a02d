"""Errors as clients see them: problem documents (RFC 9457), in Chinese, without personal data.

Every document has `errors`, one entry per field: which one, which rule, and how to mend it. Nothing that was sent is
ever repeated in it.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from marshmallow import INCLUDE, Schema, ValidationError, fields
from werkzeug.exceptions import HTTPException

from lianxi.casework.errors import Invalid, LianxiError
from services.portal.schemas.fields import Complaint

CONTENT_TYPE = "application/problem+json"
_WORDS: tuple[tuple[str, str, str], ...] = (
    ("Missing data", "required", "此项为必填项。"),
    ("Field may not be null", "required", "此项不能为空值（null）。"),
    ("Unknown field", "unknown-field", "没有这个栏目，请核对名称或删去。"),
    ("Not a valid string", "text", "应当是文字。"),
    ("Not a valid list", "list", "应当是列表。"),
    ("Not a valid mapping", "object", "应当是“栏目：内容”形式的对象。"),
    ("Invalid input type", "object", "应当是“栏目：内容”形式的对象。"),
    ("Invalid type", "object", "应当是“栏目：内容”形式的对象。"),
    ("Length must", "length", "数量或长度不符合要求。"),
    ("Longer than", "length", "数量或长度超过上限。"),
    ("Shorter than", "length", "数量或长度低于下限。"),
)


class InvalidFields(Invalid):
    """Several fields break rules; `errors` names each."""

    def __init__(self, errors: list[dict[str, str]]) -> None:
        first = errors[0]
        super().__init__(first["field"], first["rule"], "内容不符合要求，请按各栏目的提示修改后重新提交。")
        self.code = "invalid"
        self.errors = errors

    def as_problem(self) -> dict[str, Any]:
        """Return the problem with every field."""
        return {**super().as_problem(), "errors": self.errors}


def checked(schema: Schema, body: Any, empty: Iterable[str] = ()) -> dict[str, Any]:
    """Return the body as the schema reads it; refuse it with every field that is wrong, or that a form left `empty`."""
    missing = tuple(empty)
    errors = [{"field": name, "rule": "required", "message": "此项为必填项。"} for name in missing]
    loaded: dict[str, Any] = {}
    try:
        loaded = schema.load(body)
    except ValidationError as wrong:
        errors += [error for error in field_errors(wrong.messages) if not _said_already(error["field"], missing)]
    if errors:
        raise InvalidFields(errors)
    return loaded


def _said_already(field: str, missing: Iterable[str]) -> bool:
    """Return whether a field, or the group it is, is among those that were left empty."""
    return any(name == field or name.startswith(f"{field}.") for name in missing)


def field_errors(messages: Any) -> list[dict[str, str]]:
    """Return what marshmallow collected as one flat list; `messages` is nested by field."""
    return [
        {"field": path, "rule": rule, "message": text}
        for path, complaint in _flat(messages, "")
        for rule, text in (_said(complaint),)
    ]


def _flat(messages: Any, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(messages, Mapping):
        for key, inner in messages.items():
            # "_schema" means the object itself, "key" and "value" the halves of an entry: neither is a field
            step = "" if key in {"_schema", "key", "value"} else str(key)[:60]
            yield from _flat(inner, ".".join(part for part in (path, step) if part))
    elif isinstance(messages, list):
        for inner in messages:
            yield from _flat(inner, path)
    else:
        yield path, messages


def _said(complaint: str) -> tuple[str, str]:
    if isinstance(complaint, Complaint):
        return complaint.rule, str(complaint)
    return next(
        ((rule, text) for start, rule, text in _WORDS if complaint.startswith(start)), ("value", "内容不符合要求。")
    )


def problem_of(error: LianxiError) -> dict[str, Any]:
    """Return the problem document of an error; it always has `status` and `errors`."""
    problem = error.as_problem()
    if "errors" not in problem:
        field = problem.get("field")
        problem["errors"] = (
            [{"field": field, "rule": problem.get("rule") or problem["code"], "message": problem.get("detail") or ""}]
            if field
            else []
        )
    return problem


_HTTP = {
    400: ("请求格式不正确", "请求无法读取，请检查后重试。"),
    404: ("未找到", "没有这个地址，请核对后重试。"),
    405: ("不支持此操作", "此地址不支持这种请求方法。"),
    413: ("内容过大", "请求内容超过1兆字节（1 MiB）的上限，请精简后重试。"),
    414: ("地址过长", "请求地址过长。"),
    431: ("请求头过大", "请求头过大。"),
}


def problem_for(error: Exception) -> tuple[dict[str, Any], dict[str, str]]:
    """Return the problem document of whatever was raised, and the headers that belong to it."""
    if isinstance(error, HTTPException):
        return _http_problem(error)
    problem = problem_of(error if isinstance(error, LianxiError) else _BROKEN)
    headers = {}
    if "retry_after" in problem:
        headers["Retry-After"] = str(problem["retry_after"])
    if problem["status"] == 401:  # noqa: PLR2004  RFC 9110: a 401 names how to sign in
        headers["WWW-Authenticate"] = getattr(error, "challenge", 'Bearer realm="lianxi"')
    return problem, headers


_BROKEN = LianxiError("系统出现错误，已记录。请稍后重试或联系系统管理员。", code="broken")


def _http_problem(error: HTTPException) -> tuple[dict[str, Any], dict[str, str]]:
    status = error.code or _BROKEN.status
    title, detail = _HTTP.get(status, (_BROKEN.title, _BROKEN.message) if status >= _BROKEN.status else _HTTP[400])
    code = error.name.lower().replace(" ", "-")
    problem = {"type": f"urn:lianxi:problem:{code}", "title": title, "status": status, "detail": detail, "code": code}
    headers = {name: value for name, value in error.get_headers() if name in {"Allow", "Retry-After"}}
    return {**problem, "rule": None, "field": None, "errors": []}, headers


class FieldError(Schema):
    """One field that breaks a rule."""

    field = fields.String(required=True, metadata={"description": "路径，如 petitioner.phone"})
    rule = fields.String(required=True, metadata={"description": "规则编号"})
    message = fields.String(required=True)


class Problem(Schema):
    """RFC 9457; what a kind of problem has to say besides (the guard that refused, what was not found) comes along."""

    class Meta:
        """More members may follow."""

        unknown = INCLUDE

    type = fields.String(required=True)
    title = fields.String(required=True)
    status = fields.Integer(required=True)
    detail = fields.String(required=True)
    code = fields.String(required=True)
    rule = fields.String(allow_none=True)
    field = fields.String(allow_none=True)
    errors = fields.List(fields.Nested(FieldError), required=True)
    reject_id = fields.String(
        metadata={"description": "提交的来件没有收下，但已留存：凭此编号改正后重新提交，或者到窗口请工作人员改正"}
    )
    changes = fields.List(
        fields.Dict(keys=fields.String()),
        metadata={"description": "所见版本之后的办理步骤（code 为 stale-version 时）：谁（角色、单位）何时做了什么"},
    )
