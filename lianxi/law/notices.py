"""The State Council's yearly holiday notice, read from a file and checked before it moves any date.

A notice names, holiday by holiday, the days off and the weekend days worked in
exchange. It is plain data (YAML or JSON, see deploy/calendar/README.md); one
that is cut short or contradicts itself is refused with the field to mend.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from lianxi.law.calendar import FIRST_YEAR, LAST_YEAR, SATURDAY
from lianxi.law.errors import DateRuleError

_DECEMBER = 12
_LONGEST_RANGE = timedelta(days=31)
_STATUTORY_NAMES = ("元旦", "春节", "清明节", "劳动节", "端午节", "中秋节", "国庆节")
_FIXED_DAYS = ((1, 1), (5, 1), (5, 2), (10, 1), (10, 2), (10, 3))


@dataclass(frozen=True, slots=True)
class YearNotice:
    """The State Council's yearly holiday notice: every day off and every make-up workday it names."""

    year: int
    title: str
    document: str
    rest: Mapping[date, str]
    work: Mapping[date, str]

    def __post_init__(self) -> None:
        _check_notice(self)

    @classmethod
    def parse(cls, data: object) -> "YearNotice":
        """Read a notice from plain data (YAML or JSON); refused with the field that is wrong."""
        fields = _mapping(data, "notice")
        year = fields.get("year")
        if not isinstance(year, int) or isinstance(year, bool):
            raise DateRuleError("year", "D-18", "year 应为四位年份，例如 2027")
        entries = fields.get("holidays")
        if not isinstance(entries, list) or not entries:
            raise DateRuleError("holidays", "D-18", "holidays 应为非空列表，每项含 name、rest、work")
        rest: dict[date, str] = {}
        work: dict[date, str] = {}
        for entry in entries:
            _add_holiday(_mapping(entry, "holidays"), rest, work)
        return cls(year, _text(fields, "title"), _text(fields, "document"), rest, work)

    def as_data(self) -> dict[str, object]:
        """The notice as plain data that `parse` reads back; days in order, so equal notices give equal text."""
        names = sorted({*self.rest.values(), *self.work.values()})
        return {
            "year": self.year,
            "title": self.title,
            "document": self.document,
            "holidays": [
                {"name": name, "rest": _iso_days(self.rest, name), "work": _iso_days(self.work, name)} for name in names
            ],
        }

    @property
    def digest(self) -> str:
        """Eight hexadecimal digits over the days named: it tells two wordings of one year apart."""
        days = [sorted(day.isoformat() for day in part) for part in (self.rest, self.work)]
        return hashlib.sha256(json.dumps(days).encode()).hexdigest()[:8]


def _iso_days(days: Mapping[date, str], name: str) -> list[str]:
    return sorted(day.isoformat() for day, of in days.items() if of == name)


def _check_notice(notice: YearNotice) -> None:
    """A notice that is cut short or contradicts itself must not become the calendar of a year."""
    if not FIRST_YEAR <= notice.year < LAST_YEAR:
        raise DateRuleError("year", "D-18", f"年份应在{FIRST_YEAR}至{LAST_YEAR - 1}之间")
    for day in (*notice.rest, *notice.work):
        if day.year != notice.year and (day.year, day.month) != (notice.year - 1, _DECEMBER):
            raise DateRuleError("holidays", "D-18", f"{day}不属于{notice.year}年，也不在上年12月")
    _check_makeup_days(notice)
    _check_complete(notice)


def _check_makeup_days(notice: YearNotice) -> None:
    for day in notice.work:
        if day in notice.rest:
            raise DateRuleError("work", "D-5", f"{day}既放假又上班，请核对通知")
        if day.weekday() < SATURDAY:
            raise DateRuleError("work", "D-5", f"{day}不是周末，不能是调休上班日")


def _check_complete(notice: YearNotice) -> None:
    """Every statutory holiday must be there: the fixed ones by date, the lunar ones by name."""
    for month, number in _FIXED_DAYS:
        if date(notice.year, month, number) not in notice.rest:
            raise DateRuleError("rest", "D-16", f"缺少法定节日{notice.year}-{month:02}-{number:02}，通知可能不完整")
    named = "、".join(notice.rest.values())
    for name in _STATUTORY_NAMES:
        if name not in named:
            raise DateRuleError("holidays", "D-16", f"缺少{name}，通知可能不完整")


def _add_holiday(entry: Mapping[str, object], rest: dict[date, str], work: dict[date, str]) -> None:
    name = _text(entry, "name")
    for field, target in (("rest", rest), ("work", work)):
        items = entry.get(field) or []
        if not isinstance(items, list):
            raise DateRuleError(field, "D-18", f"{name}的 {field} 应为日期列表")
        for item in items:
            for day in _days(item, field):
                if day in target:
                    raise DateRuleError(field, "D-18", f"{day}出现了两次，请核对通知")
                target[day] = name


def _days(item: object, field: str) -> Iterable[date]:
    """One date, or a range written FROM..TO with both ends included."""
    if not isinstance(item, str | date):
        raise DateRuleError(field, "D-18", f"{field} 的每一项应为日期或“起..止”区间")
    first, _, last = str(item).partition("..")
    try:
        begin, end = date.fromisoformat(first.strip()), date.fromisoformat((last or first).strip())
    except ValueError as error:
        message = f"“{item}”不是日期或“起..止”区间，例如 2027-01-01..2027-01-03"
        raise DateRuleError(field, "D-18", message) from error
    if not timedelta(0) <= end - begin <= _LONGEST_RANGE:
        raise DateRuleError(field, "D-18", f"“{item}”的起止不合理")
    return [begin + timedelta(days=step) for step in range((end - begin).days + 1)]


def _mapping(data: object, field: str) -> Mapping[str, object]:
    if not isinstance(data, dict):
        raise DateRuleError(field, "D-18", "应为键值结构，格式见 deploy/calendar/README.md")
    return data


def _text(fields: Mapping[str, object], field: str) -> str:
    value = fields.get(field)
    if not isinstance(value, str) or not value.strip():
        raise DateRuleError(field, "D-18", f"{field} 不能为空")
    return value.strip()
