"""Where the calendar's years come from; the only module that reads calendar packages.

Three sources, the later beating the earlier: `holidays` forecasts a year from
the statute alone and cannot know make-up workdays, so it is provisional;
`chinese_calendar` holds the published years 2004 to 2026; an official notice,
loaded as a `YearNotice`, replaces its year. A notice also speaks about the last
days of the year before (the New Year swap), and those days are taken over.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from functools import cache
from importlib import metadata
from pathlib import Path

import chinese_calendar
from chinese_calendar import constants

from lianxi.law.calendar import FIRST_YEAR, LAST_YEAR, Calendar, CalendarYear
from lianxi.law.errors import DateRuleError
from lianxi.law.notices import YearNotice

LAST_PUBLISHED = 2026

_NAMES = {
    "New Year's Day": "元旦",
    "Spring Festival": "春节",
    "Tomb-sweeping Day": "清明节",
    "Labour Day": "劳动节",
    "Dragon Boat Festival": "端午节",
    "Mid-autumn Festival": "中秋节",
    "National Day": "国庆节",
    "Anti-Fascist 70th Day": "抗战胜利70周年纪念日",
}


class _Years(Mapping[int, CalendarYear]):
    """Known years, and a forecast made on demand for each later one: most dates never ask for one."""

    def __init__(self, known: Mapping[int, CalendarYear]) -> None:
        self._known = known

    def __getitem__(self, year: int) -> CalendarYear:
        found = self._known.get(year)
        if found is not None:
            return found
        if LAST_PUBLISHED < year <= LAST_YEAR:
            return _forecast(year)
        raise KeyError(year)

    def __iter__(self) -> Iterator[int]:
        return iter(range(FIRST_YEAR, LAST_YEAR + 1))

    def __len__(self) -> int:
        return LAST_YEAR - FIRST_YEAR + 1


def load(overrides: Sequence[YearNotice] = ()) -> Calendar:
    """The calendar of China: published years, the given notices over them, forecasts after them."""
    notices = sorted(overrides, key=lambda notice: notice.year)
    if len({notice.year for notice in notices}) != len(notices):
        raise DateRuleError("year", "D-18", "同一年份给出了两份节假日通知，请只保留一份")
    known = dict(_published())
    for notice in notices:
        known[notice.year] = CalendarYear(
            _of_year(notice.rest, notice.year), _of_year(notice.work, notice.year), notice.document
        )
    for notice in notices:
        _take_over_december(known, notice)
    version = f"chinesecalendar-{chinese_calendar.__version__}"
    version += "".join(f"+{notice.year}-{notice.digest}" for notice in notices)
    return Calendar(version=version, years=_Years(known))


def read_notices(directory: Path) -> tuple[YearNotice, ...]:
    """The notices stored in a directory, one JSON file a year; none if the directory does not exist."""
    return tuple(_read_notice(path) for path in sorted(directory.glob("*.json")))


def _read_notice(path: Path) -> YearNotice:
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        message = f"日历文件 {path.name} 无法读取，请用 lianxi calendar load 重新导入该年通知"
        raise DateRuleError("calendar", "D-18", message) from error
    return YearNotice.parse(data)


def from_directory(directory: Path) -> Calendar:
    """The calendar with every notice stored in this directory."""
    return load(read_notices(directory))


class NotedCalendar:
    """The calendar with the notices stored in a directory, read again when a file there has changed (CF-20)."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._seen: list[tuple[str, int, int]] | None = None
        self._calendar = from_directory(directory)

    def current(self) -> Calendar:
        """The calendar of this moment."""
        files = [(path.name, path.stat()) for path in sorted(self._directory.glob("*.json"))]
        seen = [(name, stat.st_mtime_ns, stat.st_size) for name, stat in files]
        if seen != self._seen:
            self._calendar = from_directory(self._directory)
            self._seen = seen
        return self._calendar


@cache
def _published() -> Mapping[int, CalendarYear]:
    """The years of chinese_calendar, with Chinese names."""
    source = f"chinesecalendar {chinese_calendar.__version__}"
    rest: dict[int, dict[date, str]] = {year: {} for year in range(FIRST_YEAR, LAST_PUBLISHED + 1)}
    makeup: dict[int, dict[date, str]] = {year: {} for year in rest}
    for target, table in ((rest, constants.holidays), (makeup, constants.workdays)):
        for day, name in table.items():
            target[day.year][day] = _NAMES[name]
    return {year: CalendarYear(rest[year], makeup[year], source) for year in rest}


@cache
def _forecast(year: int) -> CalendarYear:
    """A year by the statute alone: its holidays, no swapped days. Imported late: it costs a tenth of a second."""
    import holidays  # noqa: PLC0415 - most commands never look beyond the published years

    days = holidays.country_holidays("CN", years=[year], language="zh_CN")
    rest = {day: name for day, name in sorted(days.items()) if day.year == year}
    return CalendarYear(rest, {}, f"holidays {metadata.version('holidays')}", provisional=True)


def _take_over_december(known: dict[int, CalendarYear], notice: YearNotice) -> None:
    """Days of the previous December named by this notice replace what that year said about them."""
    before = notice.year - 1
    rest = _of_year(notice.rest, before)
    work = _of_year(notice.work, before)
    named = rest.keys() | work.keys()
    if not named or before < FIRST_YEAR:
        return
    table = _Years(known)[before]
    rest |= {day: name for day, name in table.rest.items() if day not in named}
    work |= {day: name for day, name in table.makeup.items() if day not in named}
    known[before] = CalendarYear(rest, work, f"{table.source}；{notice.document}", table.provisional)


def _of_year(days: Mapping[date, str], year: int) -> dict[date, str]:
    return {day: name for day, name in days.items() if day.year == year}
