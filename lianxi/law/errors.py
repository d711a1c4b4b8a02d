"""The one error of the law: a date that cannot be computed from what was given.

`lianxi.law` may not import the error tree of `lianxi.casework`, so this class
carries what the bus and the portal look at: the branch `refused` (the caller
can mend it) and `as_problem()`.
"""

from typing import ClassVar


class DateRuleError(ValueError):
    """A refused request for a date: which field, by which rule, and how to mend it (in Chinese)."""

    branch: ClassVar[str] = "refused"
    code: ClassVar[str] = "date-rule-refused"
    status: ClassVar[int] = 422

    def __init__(self, field: str, rule: str, message: str) -> None:
        super().__init__(field, rule, message)
        self.field = field
        self.rule = rule
        self.message = message

    def __str__(self) -> str:
        return f"{self.field} [{self.rule}] {self.message}"

    def as_problem(self) -> dict[str, object]:
        """The error as a problem document (RFC 9457)."""
        return {
            "type": f"urn:lianxi:problem:{self.code}",
            "title": "期限无法计算",
            "status": self.status,
            "detail": self.message,
            "code": self.code,
            "rule": self.rule,
            "field": self.field,
        }
