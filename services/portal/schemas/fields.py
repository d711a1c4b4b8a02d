"""Fields that take JSON at its word and explain in Chinese what is wrong.

A number is a number, not a text with digits; true is not 1. What has been read is already what the other services
are sent: plain JSON values in their one canonical spelling. Each complaint is a `Complaint`, a text that knows the
rule it comes from.
"""

import re
from collections.abc import Callable
from datetime import date, datetime
from typing import Any, Self

from marshmallow import ValidationError, fields

from lianxi.casework.errors import Invalid
from lianxi.casework.validators import clean_text

LONGEST_LINE = 200
LONGEST_TEXT = 20_000
_DIGITS = re.compile(r"-?\d{1,40}", re.ASCII)
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


class Complaint(str):
    """What is wrong with a field, for people, and the rule that says so."""

    __slots__ = ("rule",)
    rule: str

    def __new__(cls, rule: str, text: str) -> Self:
        """Make a complaint under a rule."""
        complaint = super().__new__(cls, text)
        complaint.rule = rule
        return complaint


def complain(rule: str, text: str) -> ValidationError:
    """Return the error that carries a complaint."""
    return ValidationError(Complaint(rule, text))


class Text(fields.String):
    """A text: composed, trimmed, without control characters, not too long."""

    def __init__(
        self, *, longest: int = LONGEST_LINE, multiline: bool = False, blank: bool = False, **more: Any
    ) -> None:
        metadata = {**more.pop("metadata", {}), "maxLength": longest}
        super().__init__(metadata=metadata, **more)
        self._longest = longest
        self._multiline = multiline
        self._blank = blank

    def _deserialize(self, value: Any, attr: str | None, data: Any, **_more: Any) -> str:
        del data
        try:
            return clean_text(value, attr or "", self._longest, multiline=self._multiline, required=not self._blank)
        except Invalid as wrong:
            raise complain(str(wrong.rule), wrong.message) from None


class Coded(fields.String):
    """A code that a function of the rule book reads: what it returns, as text, is what is sent on."""

    def __init__(self, parse: Callable[[str], object], **more: Any) -> None:
        super().__init__(**more)
        self._parse = parse

    def _deserialize(self, value: Any, attr: str | None, data: Any, **_more: Any) -> str:
        del attr, data
        try:
            return str(self._parse(value))
        except Invalid as wrong:
            raise complain(str(wrong.rule), wrong.message) from None


class OneOf(fields.String):
    """One of a few words."""

    def __init__(self, words: tuple[str, ...], **more: Any) -> None:
        super().__init__(metadata={**more.pop("metadata", {}), "enum": [str(word) for word in words]}, **more)
        self._words = words

    def _deserialize(self, value: Any, attr: str | None, data: Any, **_more: Any) -> str:
        del attr, data
        if not isinstance(value, str) or value not in self._words:
            raise complain("choice", f"应为以下之一：{'、'.join(self._words)}。")
        return value


class Day(fields.String):
    """A day that exists, as 2026-03-02."""

    def __init__(self, **more: Any) -> None:
        super().__init__(metadata={**more.pop("metadata", {}), "format": "date"}, **more)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **_more: Any) -> str:
        del attr, data
        if not isinstance(value, str) or not _DAY.fullmatch(value):
            raise complain("date", "日期应写成“2026-03-02”这样的形式。")
        try:
            return date.fromisoformat(value).isoformat()
        except ValueError:
            raise complain("date", "没有这一天，请核对日期。") from None


class Moment(fields.String):
    """An instant with its offset, as 2026-03-02T09:30:00+08:00."""

    def __init__(self, **more: Any) -> None:
        super().__init__(metadata={**more.pop("metadata", {}), "format": "date-time"}, **more)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **_more: Any) -> str:
        del attr, data
        try:
            moment = datetime.fromisoformat(value) if isinstance(value, str) else None
        except ValueError:
            moment = None
        if moment is None or moment.tzinfo is None:
            raise complain("date-time", "时间应写成“2026-03-02T09:30:00+08:00”这样的形式，并带时区。")
        return moment.isoformat()


class WholeNumber(fields.Integer):
    """A whole number within a range."""

    def __init__(self, first: int, last: int, **more: Any) -> None:
        super().__init__(metadata={**more.pop("metadata", {}), "minimum": first, "maximum": last}, **more)
        self._range = range(first, last + 1)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **_more: Any) -> int:
        del attr, data
        if isinstance(value, bool) or not isinstance(value, int):
            raise complain("number", "应为整数。")
        if value not in self._range:
            raise complain("range", f"应在{self._range.start}至{self._range[-1]}之间。")
        return value


class QueryNumber(WholeNumber):
    """A whole number in the query string, where everything is text."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **more: Any) -> int:
        number = int(value) if isinstance(value, str) and _DIGITS.fullmatch(value) else value
        return super()._deserialize(number, attr, data, **more)


class YesNo(fields.Boolean):
    """True or false, and nothing that merely looks like it."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **_more: Any) -> bool:
        del attr, data
        if not isinstance(value, bool):
            raise complain("boolean", "应为 true 或 false。")
        return value


class Paper(fields.Dict):
    """The text of a document, by the names of its fields."""

    def __init__(self, **more: Any) -> None:
        super().__init__(
            keys=Text(longest=40),
            values=Text(longest=LONGEST_TEXT, multiline=True, blank=True),
            **more,
        )

    def _deserialize(self, value: Any, attr: str | None, data: Any, **more: Any) -> Any:
        if isinstance(value, dict) and len(value) > 30:  # noqa: PLR2004  no document of the rule book has so many
            raise complain("length", "文书最多30个栏目。")
        return super()._deserialize(value, attr, data, **more)  # type: ignore[no-untyped-call]  # marshmallow's own
