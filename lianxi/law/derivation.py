"""Why a date is what it is: numbered steps a clerk can read out to a petitioner.

Each step names the rule, the article or notice behind it, what was done, and
the day reached. `deadlines` computes, this module only words; the numbers in a
derivation are always those of the computation it came from.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from lianxi.law.calendar import ONE_DAY, Calendar
from lianxi.law.clocks import ClockRule, Kind

_WEEKDAYS = "一二三四五六日"
CIVIL_CODE_201 = "《民法典》第二百零一条"
CIVIL_CODE_203 = "《民法典》第二百零三条"
LICENSING_LAW_82 = "《行政许可法》第八十二条"
ARTICLE_34 = "《信访工作条例》第三十四条"
ARTICLE_36_2 = "《信访工作条例》第三十六条第二款"
FORECAST_RULE = "D-18"
HOLIDAY_NOTICE = "国务院办公厅节假日安排通知"


@dataclass(frozen=True, slots=True)
class Step:
    """One step: rule id, article or notice (None where the office's setting decides), Chinese text, day reached."""

    rule: str
    article: str | None
    text: str
    day: date

    def as_data(self) -> dict[str, str | None]:
        """The step as plain data for messages and JSON."""
        return {"rule": self.rule, "article": self.article, "text": self.text, "day": self.day.isoformat()}


@dataclass(frozen=True, slots=True)
class Derivation:
    """The steps from the event to the legal due date, and the calendar they were computed with."""

    start: date
    steps: tuple[Step, ...]
    calendar_version: str

    def lines(self) -> list[str]:
        """The derivation in Chinese, one numbered line a step."""
        numbered = [
            f"{number}. {step.text}〔{step.rule}{'，' + step.article if step.article else ''}〕"
            for number, step in enumerate(self.steps, start=1)
        ]
        return [*numbered, f"日历版本：{self.calendar_version}"]

    def __str__(self) -> str:
        return "\n".join(self.lines())

    def as_data(self) -> list[dict[str, str | None]]:
        """The steps as plain data."""
        return [step.as_data() for step in self.steps]


def in_words(day: date) -> str:
    """A day with its weekday: 2026-10-08（星期四）."""
    return f"{day.isoformat()}（星期{_WEEKDAYS[day.weekday()]}）"


def first_day(start: date) -> Step:
    """Day 1 is the day after the event."""
    day = start + ONE_DAY
    return Step("D-2", CIVIL_CODE_201, f"{in_words(start)}为起算事件日，当日不计入，第1日为{in_words(day)}", day)


def counted_days(rule: ClockRule, days: int, end: date) -> Step:
    """The last of so many calendar days."""
    text = f"{rule.title}{days}日，按自然日连续计算（D-1，期间的节假日不扣除，D-7），第{days}日为{in_words(end)}"
    return Step(rule.rule, _basis(rule), text, end)


def counted_workdays(rule: ClockRule, days: int, end: date, calendar: Calendar, start: date) -> Iterator[Step]:
    """The last of so many working days, and what was left out or put in on the way."""
    text = f"{rule.title}{days}个工作日，第{days}个工作日为{in_words(end)}"
    passed = [start + number * ONE_DAY for number in range(1, (end - start).days + 1)]
    resting = [day for day in passed if not calendar.is_workday(day)]
    if resting:
        yield Step("D-6", LICENSING_LAW_82, f"休息日不计入：{_spans(resting, calendar)}", resting[-1])
    yield from makeup_days([day for day in passed if calendar.is_makeup_workday(day)])
    yield Step(rule.rule, _basis(rule), text, end)


def named_day(rule: ClockRule, day: date) -> Step:
    """A day named by the assigner instead of counted."""
    return Step(rule.rule, _basis(rule), f"{rule.title}由交办机关指定为{in_words(day)}", day)


def extended(days: int, end: date) -> Step:
    """An approved extension, computed from acceptance and not from the rolled sixtieth day (D-10)."""
    text = f"经批准延长{days}日，自受理之日起连续计算（60日+{days}日，D-10），届满日为{in_words(end)}"
    return Step("R-34-2", ARTICLE_34, text, end)


def paused(begin: date, end: date, days: int, due: date) -> Step:
    """A hearing in the final review, which does not count."""
    text = f"听证自{begin}至{end}，首尾均计，共{days}日不计入复核期限，届满日顺推为{in_words(due)}"
    return Step("D-14", ARTICLE_36_2, text, due)


def rolled(raw_due: date, legal_due: date, calendar: Calendar) -> Iterator[Step]:
    """What becomes of a last day on which nobody works; nothing to say about an ordinary workday."""
    if raw_due == legal_due:
        yield from makeup_days([raw_due] if calendar.is_makeup_workday(raw_due) else [])
        return
    resting = [raw_due + number * ONE_DAY for number in range((legal_due - raw_due).days)]
    text = f"届满日{in_words(raw_due)}为休息日，经{_spans(resting, calendar)}，顺延至{in_words(legal_due)}"
    yield Step("D-4", CIVIL_CODE_203, text, legal_due)
    yield from makeup_days([legal_due] if calendar.is_makeup_workday(legal_due) else [])


def makeup_days(days: Sequence[date]) -> Iterator[Step]:
    """Weekend days on which people work, so that nobody takes them for a mistake."""
    if days:
        listed = "、".join(in_words(day) for day in days)
        yield Step("D-5", HOLIDAY_NOTICE, f"{listed}为调休上班日，按工作日计算", days[-1])


def provisional(days: Sequence[date], calendar: Calendar) -> Iterator[Step]:
    """The mark of a date that an official notice may still move: one of the days it rests on is a forecast."""
    day = next((day for day in days if calendar.is_provisional(day)), None)
    if day is not None:
        source = calendar.year(day.year).source
        text = f"{day.year}年节假日安排尚未公布，依{source}推算，法定到期日为暂定，公布后重新计算"
        yield Step(FORECAST_RULE, None, text, day)


def index_only(rule: ClockRule, raw_due: date) -> Iterator[Step]:
    """Performance indices count to the unrolled day."""
    if rule.kind is Kind.KPI:
        yield Step("D-11", None, f"考核以未顺延的{in_words(raw_due)}为准", raw_due)


def _basis(rule: ClockRule) -> str | None:
    if rule.article:
        return f"《信访工作条例》{rule.article}"
    return f"本单位设置{rule.setting}" if rule.setting else None


def _spans(days: Sequence[date], calendar: Calendar) -> str:
    """Rest days grouped into runs of one name: 2026-10-03至2026-10-07国庆节."""
    runs: list[tuple[date, date, str]] = []
    for day in days:
        name = calendar.rest_name(day)
        if runs and runs[-1][1] + ONE_DAY == day and runs[-1][2] == name:
            runs[-1] = (runs[-1][0], day, name)
        else:
            runs.append((day, day, name))
    return "、".join(f"{first}{name}" if first == last else f"{first}至{last}{name}" for first, last, name in runs)
