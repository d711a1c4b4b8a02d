"""The errors of Lianxi, one small tree that says whose fault it is.

::

    LianxiError
    ├── Refused            4xx  the caller must change something
    │   ├── Invalid        422  a field breaks a rule
    │   ├── Unknown        404  there is no such thing
    │   ├── Conflict       409  it clashes with what is already there
    │   ├── GuardRefused   409  the transition exists, a guard holds it back
    │   ├── NotBuiltYet    409  the transition is in the table, this version does not carry it out
    │   └── Forbidden      403  somebody else may do it, not this person
    ├── Retryable          503  nothing is wrong, try again later
    └── Broken             500  our fault; a person has to look

Whoever retries, parks or answers looks at ``branch`` only, so a service may add its own class under a branch without
telling anybody. Messages are Chinese, written for the clerk or petitioner who reads them, and say how to mend the
matter. They never repeat the value that was wrong: it may be somebody's ID number, and errors end up in logs.
"""

import re
from collections.abc import Mapping
from typing import Any, ClassVar

_WORD_START = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


class LianxiError(Exception):
    """What every error has: a branch, a stable code, a message for people, and the rule and field it is about."""

    branch: ClassVar[str] = "broken"
    status: ClassVar[int] = 500
    title: ClassVar[str] = "系统内部错误"
    code: str = "lianxi-error"

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """Give each class the kebab-case form of its name as its code, unless it states one."""
        super().__init_subclass__(**kwargs)
        if "code" not in cls.__dict__:
            cls.code = _WORD_START.sub("-", cls.__name__).lower()

    def __init__(
        self,
        message: str,
        *,
        code: str | None = None,
        rule: str | None = None,
        field: str | None = None,
        details: Mapping[str, Any] | None = None,
    ) -> None:
        """``message`` is Chinese and without personal data; ``details`` hold JSON values without personal data."""
        super().__init__(message)
        self.message = message
        if code is not None:
            self.code = code
        self.rule = rule
        self.field = field
        self.details: dict[str, Any] = dict(details or {})

    def as_problem(self) -> dict[str, Any]:
        """Return the error as a problem document (RFC 9457), ready for JSON."""
        return {
            **self.details,
            "type": f"urn:lianxi:problem:{self.code}",
            "title": self.title,
            "status": self.status,
            "detail": self.message,
            "code": self.code,
            "rule": self.rule,
            "field": self.field,
        }


class Refused(LianxiError):  # noqa: N818  the tree reads as a sentence: Refused, Retryable, Broken
    """The caller asked for something that cannot be done as asked; repeating it changes nothing."""

    branch = "refused"
    status = 400
    title = "请求被拒绝"


class Invalid(Refused):
    """A field breaks a rule: ``field`` is a path (``claims.0.text``), ``rule`` an id of the rule book or a word."""

    status = 422
    title = "内容不符合要求"

    def __init__(self, field: str, rule: str, message: str, **details: Any) -> None:
        super().__init__(message, rule=rule, field=field, details=details)


class Unknown(Refused):
    """There is no such thing. ``id`` must be a public identifier, never a personal one."""

    status = 404
    title = "未找到"

    def __init__(self, what: str, id: str) -> None:  # noqa: A002  the word callers use
        super().__init__(f"没有找到{what}：{id}。请核对后重试。", details={"what": what, "id": id})


class Conflict(Refused):
    """It clashes with what is already there, such as a newer version or a number in use."""

    status = 409
    title = "与现有情况冲突"


class GuardRefused(Refused):
    """A transition of the table was asked for and a named guard holds it back; ``reason`` says why, in Chinese."""

    status = 409
    title = "当前不能办理此步骤"

    def __init__(self, transition: str, guard: str, reason: str, **details: Any) -> None:
        super().__init__(reason, rule=guard, details={**details, "transition": transition, "guard": guard})
        self.transition = transition
        self.guard = guard


class NotBuiltYet(Refused):
    """A transition of the table that this version does not carry out; it is refused whole, never half done."""

    status = 409
    title = "此步骤尚未开通"

    def __init__(self, transition: str) -> None:
        super().__init__(
            f"流转步骤 {transition} 在本版本中尚未开通，案件状态未改变。请按现行线下程序办理。",
            rule=transition,
            details={"transition": transition},
        )
        self.transition = transition


class Forbidden(Refused):
    """This person may not do it; somebody else may."""

    status = 403
    title = "无权办理"


class Retryable(LianxiError):  # noqa: N818  see Refused
    """Nothing is wrong with the request; it can be repeated later as it is."""

    branch = "retryable"
    status = 503
    title = "暂时无法办理，请稍后重试"


class Broken(LianxiError):  # noqa: N818  see Refused
    """Our own fault: repeating does not help, a person has to look."""
