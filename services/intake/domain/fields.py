"""Reading single fields of what came in: the right type, a sane length, a real date, or a refusal naming the field.

Nothing here knows what a contact is. Dates are read as offices write them (2026-03-02, 2026/3/2 9:05, 2026年3月2日); a
time without a zone is a time in Asia/Shanghai.
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from typing import Any

from lianxi.casework.errors import Invalid
from lianxi.casework.messages.facts import Actor, Role
from lianxi.casework.validators import clean_text, email, known_by

_WRITTEN = re.compile(
    r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?"
    r"(?:[T\s]*(\d{1,2})[:时点](\d{1,2})(?:[:分](\d{1,2})?(?:\.\d+)?秒?|分)?)?",
    re.ASCII,
)
_DATE_HELP = "日期应写作 2026-03-02 或 2026-03-02 09:30:00。"


@dataclass(frozen=True, slots=True)
class Fields:
    """The fields of one object of the input; `zone` is the zone of times that name none."""

    values: Mapping[str, Any]
    zone: tzinfo | None
    path: str = ""

    def name(self, field: str) -> str:
        """Return the full path of a field, as it stands in a refusal."""
        return f"{self.path}{field}"

    def given(self, field: str) -> bool:
        """Return whether the field has a value."""
        return self.values.get(field) not in (None, "")

    def text(self, field: str, longest: int, *, multiline: bool = False) -> str:
        """Return a text, "" if none was given."""
        if not self.given(field):
            return ""
        return clean_text(self.values[field], self.name(field), longest, multiline=multiline, required=False)

    def known_by(self, field: str, longest: int) -> str:
        """Return a text by which something is known (an address, a stamp), "" if none was given."""
        return known_by(self.values[field], self.name(field), longest) if self.given(field) else ""

    def email(self, field: str) -> str:
        """Return a mail address, "" if none was given."""
        return email(self.values[field], self.name(field)) if self.given(field) else ""

    def whole(self, field: str, default: int, lowest: int, highest: int) -> int:
        """Return a whole number within its limits."""
        value = self.values.get(field)
        if value in (None, ""):
            return default
        if isinstance(value, str):
            narrowed = unicodedata.normalize("NFKC", value).strip()
            value = int(narrowed) if re.fullmatch(r"\d{1,9}", narrowed, re.ASCII) else value
        if isinstance(value, bool) or not isinstance(value, int):
            raise Invalid(self.name(field), "number", "应当是整数。")
        if not lowest <= value <= highest:
            raise Invalid(self.name(field), "range", f"应当在{lowest}至{highest}之间。")
        return value

    def flag(self, field: str) -> bool:
        """Return a yes or no; what was not given is no."""
        value = self.values.get(field)
        if value in (None, ""):
            return False
        if not isinstance(value, bool):
            raise Invalid(self.name(field), "yes-no", "应当是“是”或“否”（true 或 false）。")
        return value

    def instant(self, field: str) -> datetime | None:
        """Return a moment; a day alone is its beginning."""
        if not self.given(field):
            return None
        value = self.values[field]
        try:
            return read_instant(value, self.zone) if isinstance(value, str) else _refuse_date()
        except ValueError:
            raise Invalid(self.name(field), "date", _DATE_HELP) from None

    def day(self, field: str) -> date | None:
        """Return a day; of a moment, its day in the zone."""
        moment = self.instant(field)
        return None if moment is None else moment.date()

    def inner(self, field: str) -> "Fields":
        """Return the fields of an object inside this one."""
        value = self.values.get(field)
        if value is None:
            value = {}
        if not isinstance(value, Mapping):
            raise Invalid(self.name(field), "object", "应当是一组字段。")
        return Fields(value, self.zone, f"{self.name(field)}.")

    def rows(self, field: str, most: int) -> "list[Fields]":
        """Return the objects of a list, each knowing its place in it."""
        value = self.values.get(field)
        if value in (None, ""):
            return []
        if not isinstance(value, list | tuple) or not all(isinstance(row, Mapping) for row in value):
            raise Invalid(self.name(field), "list", "应当是一组条目，每个条目是一组字段。")
        if len(value) > most:
            raise Invalid(self.name(field), "list", f"最多{most}项，现有{len(value)}项。")
        return [Fields(row, self.zone, f"{self.name(field)}.{number}.") for number, row in enumerate(value)]

    def words(self, field: str, most: int, longest: int) -> tuple[str, ...]:
        """Return a list of short texts."""
        value = self.values.get(field)
        if value in (None, ""):
            return ()
        if isinstance(value, str):
            value = [value]
        if not isinstance(value, list | tuple) or len(value) > most:
            raise Invalid(self.name(field), "list", f"应当是不超过{most}项的列表。")
        return tuple(clean_text(word, f"{self.name(field)}.{number}", longest) for number, word in enumerate(value))

    def actor(self, field: str) -> Actor | None:
        """Return who acts, None if nobody is named."""
        if self.values.get(field) is None:
            return None
        inner = self.inner(field)
        person, unit, node = (inner.text(part, 100) for part in ("person", "unit", "node"))
        try:
            role = Role(inner.text("role", 10))
        except ValueError:
            raise Invalid(inner.name("role"), "actor", "没有这个角色。") from None
        if not person:
            raise Invalid(inner.name("person"), "actor", "请注明经办人。")
        return Actor(person=person, role=role, unit=unit, node=node)


def read_instant(text: str, zone: tzinfo | None) -> datetime:
    """Return the moment `text` names, in `zone`; ValueError for anything that is not a date."""
    typed = unicodedata.normalize("NFKC", text).strip()
    try:
        moment = datetime.fromisoformat(typed)
    except ValueError:
        match = _WRITTEN.fullmatch(typed)
        if match is None:
            raise
        moment = datetime(*(int(part or 0) for part in match.groups()))  # type: ignore[arg-type]  # noqa: DTZ001
    return moment.replace(tzinfo=zone) if moment.tzinfo is None else moment.astimezone(zone)


def _refuse_date() -> datetime:
    raise ValueError
