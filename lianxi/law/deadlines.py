"""From a clock and its start to two dates: where the count ends, and until when acting is lawful.

`raw_due` is the counted day; `legal_due` is the same day, or the next workday
if nobody works on it (D-4, D-12). Units aim at the first, petitioners may rely
on the second. Only two things move the count: an approved extension of
handling (Art. 34) and hearing days in a final review (Art. 36(2), D-9).
Everything is checked first: a wrong request is refused, never half computed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from lianxi.law import derivation as words
from lianxi.law.calendar import ONE_DAY, Calendar
from lianxi.law.clocks import CLOCKS, ClockCode, ClockRule, Unit, longest
from lianxi.law.derivation import Derivation, Step
from lianxi.law.errors import DateRuleError
from lianxi.law.receipts import filing_day, in_shanghai, local_day

__all__ = ["Due", "DueAt", "due", "due_at", "in_time", "local_day", "overdue"]

FIRST_START = date(2004, 1, 1)
LAST_START = date(2098, 12, 31)
HANDLING_DAYS = 60

Hearing = tuple[date, date]


@dataclass(frozen=True, slots=True)
class Due:
    """Both due dates of a clock, whether a later holiday notice may still move the legal one, and why."""

    raw_due: date
    legal_due: date
    provisional: bool
    derivation: Derivation


@dataclass(frozen=True, slots=True)
class DueAt:
    """The instant at which a clock of hours ends; rest days do not move it."""

    at: datetime
    derivation: Derivation


def due(
    code: ClockCode,
    start: date,
    calendar: Calendar,
    *,
    extension_days: int = 0,
    hearings: Sequence[Hearing] = (),
    days: int | None = None,
    report_due: date | None = None,
) -> Due:
    """The due dates of a clock that started with an event on this day.

    `days` replaces the length of clocks set by the office or the assigner,
    `report_due` is the day an assigner named. Anything the clock does not
    admit is refused.
    """
    rule = CLOCKS[code]
    _check_start(start)
    _check_extension(rule, extension_days)
    if hearings and rule.pause is None:
        raise DateRuleError("hearing", "R-36-2", "只有复核期限扣除听证时间（C5）；办理、复查等期限不因听证中止")
    length = _length(rule, start, days, report_due)
    if rule.unit is Unit.WORKDAY:
        return _workday_due(rule, start, length, calendar)
    if extension_days:
        length = HANDLING_DAYS
    raw_due = start + timedelta(days=length)
    if report_due:
        steps = [words.named_day(rule, raw_due)]
    else:
        steps = [words.first_day(start), words.counted_days(rule, length, raw_due)]
    if extension_days:
        raw_due += timedelta(days=extension_days)
        steps.append(words.extended(extension_days, raw_due))
    for begin, end in _checked_hearings(start, hearings):
        raw_due = _pause(raw_due, begin, end, calendar, steps)
    return _rolled(rule, start, raw_due, calendar, steps)


def due_at(code: ClockCode, start: datetime) -> DueAt:
    """The instant by which a clock of hours must be kept, in Shanghai time (R-25-3)."""
    rule = CLOCKS[code]
    if rule.unit is not Unit.HOUR or rule.length is None:
        raise DateRuleError("clock", rule.rule, f"{rule.title}按日计算，请用日期起算")
    began = in_shanghai(start)
    _check_start(began.date())
    ends = began + timedelta(hours=rule.length)
    text = (
        f"{rule.title}{rule.length}小时，自{began:%Y-%m-%d %H:%M}知悉起连续计算，至{ends:%Y-%m-%d %H:%M}，节假日不顺延"
    )
    step = Step(rule.rule, f"《信访工作条例》{rule.article}", text, ends.date())
    return DueAt(ends, Derivation(began.date(), (step,), "不涉及日历"))


def overdue(now: datetime, dates: Due) -> bool:
    """Whether the time has passed: the last day ends at 24:00 in Shanghai (D-3)."""
    return local_day(now) > dates.legal_due


def in_time(code: ClockCode, dates: Due, received: date, postmark: date | None = None) -> bool:
    """Whether a request was made in time; posted review requests by their postmark (D-8)."""
    return filing_day(code, received, postmark) <= dates.legal_due


def _check_start(start: date) -> None:
    if isinstance(start, datetime):
        raise DateRuleError("start", "D-13a", "起算日应为日期；时间请先换算为上海日期（local_day）")
    if not FIRST_START <= start <= LAST_START:
        raise DateRuleError("start", "D-18", f"起算日应在{FIRST_START}至{LAST_START}之间，请核对年份")


def _check_extension(rule: ClockRule, days: int) -> None:
    _check_integer("extension_days", "R-34-2", days)
    if days < 0:
        raise DateRuleError("extension_days", "R-34-2", "延长天数不能为负")
    if days and not rule.max_extension:
        raise DateRuleError("extension_days", "R-34-2", f"{rule.title}不能延长；只有办理期限可经批准延长一次")
    if days > rule.max_extension:
        raise DateRuleError("extension_days", "R-34-2", f"延长不得超过{rule.max_extension}日")


def _check_integer(field: str, rule: str, value: object) -> None:
    """JSON's true is an int to Python, and 30.5 days are nobody's extension."""
    if not isinstance(value, int) or isinstance(value, bool):
        raise DateRuleError(field, rule, f"{field} 应为整数")


def _length(rule: ClockRule, start: date, days: int | None, report_due: date | None) -> int:
    """How many units to count, after checking that the caller may say so."""
    if report_due is not None:
        return _named_length(rule, start, days, report_due)
    if days is not None:
        _check_integer("days", rule.rule, days)
        if not rule.length_is_set:
            raise DateRuleError("days", rule.rule, f"{rule.title}的长度由规定确定，不能另设天数")
        if not 1 <= days <= longest(rule):
            raise DateRuleError("days", rule.rule, f"{rule.title}应为1至{longest(rule)}日")
        return days
    if rule.unit is Unit.HOUR:
        raise DateRuleError("start", rule.rule, f"{rule.title}按小时计算，须给出带时区的时刻")
    if rule.length is None:
        raise DateRuleError("report_due", rule.rule, f"{rule.title}由交办机关指定，请给出 report_due 或 days")
    return rule.length


def _named_length(rule: ClockRule, start: date, days: int | None, report_due: date) -> int:
    if rule.unit is not Unit.DATE:
        raise DateRuleError("report_due", "R-22-6", f"{rule.title}不能指定到期日；只有交办反馈期限可以")
    if days is not None:
        raise DateRuleError("days", rule.rule, "days 与 report_due 只能给出一个")
    length = (report_due - start).days
    if not 1 <= length <= longest(rule):
        raise DateRuleError("report_due", rule.rule, f"指定的到期日应在起算日之后1至{longest(rule)}日内")
    return length


def _checked_hearings(start: date, hearings: Sequence[Hearing]) -> list[Hearing]:
    """The hearings in order of time, each with its end after its beginning, none overlapping (D-14)."""
    ordered = sorted(hearings)
    free_from = start
    for begin, end in ordered:
        if end < begin:
            raise DateRuleError("hearing", "D-14", f"听证结束日{end}早于开始日{begin}")
        if begin < start:
            raise DateRuleError("hearing", "D-14", f"听证开始日{begin}早于收到复核申请之日{start}")
        if begin < free_from:
            raise DateRuleError("hearing", "D-14", f"听证期间相互重叠：{begin}")
        free_from = end + ONE_DAY
    return ordered


def _pause(raw_due: date, begin: date, end: date, calendar: Calendar, steps: list[Step]) -> date:
    """Move the due date by the hearing's days; a hearing after the last lawful day revives nothing."""
    if begin > calendar.next_workday(raw_due):
        raise DateRuleError("hearing", "D-14", f"听证开始日{begin}时复核期限已届满（{raw_due}）")
    length = (end - begin).days + 1
    if length > longest(CLOCKS[ClockCode.FINAL]):
        raise DateRuleError("hearing", "D-14", f"听证自{begin}至{end}超过一年，请核对日期")
    moved = raw_due + timedelta(days=length)
    steps.append(words.paused(begin, end, length, moved))
    return moved


def _rolled(rule: ClockRule, start: date, raw_due: date, calendar: Calendar, steps: list[Step]) -> Due:
    legal_due = calendar.next_workday(raw_due)
    steps += words.rolled(raw_due, legal_due, calendar)
    steps += words.index_only(rule, raw_due)
    steps += words.provisional((raw_due, legal_due), calendar)
    return Due(raw_due, legal_due, _is_unsure(steps), Derivation(start, tuple(steps), calendar.version))


def _workday_due(rule: ClockRule, start: date, length: int, calendar: Calendar) -> Due:
    end = calendar.add_workdays(start, length)
    steps = [words.first_day(start), *words.counted_workdays(rule, length, end, calendar, start)]
    turns = [date(year, 12, 31) for year in range((start + ONE_DAY).year, end.year)]
    steps += words.provisional((*turns, end), calendar)
    return Due(end, end, _is_unsure(steps), Derivation(start, tuple(steps), calendar.version))


def _is_unsure(steps: Sequence[Step]) -> bool:
    """The remark about a forecast year is always the last step."""
    return steps[-1].rule == words.FORECAST_RULE
