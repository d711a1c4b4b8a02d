"""`lianxi deadline`: the due date of one clock with its derivation, or of a stream of clocks.

`--batch` reads JSON lines and answers each with one line, in order. A line that
cannot be answered gets an error object naming the field, the rule and how to
mend it, and the rest go on; the exit status stays 0, because every line was
answered, and a count of refused lines goes to standard error. A single refused
request ends with status 2.

What a line may not be has its own rule ids: IN-1 not one JSON object, IN-2 no
usable id, IN-3 unknown clock, IN-4 no such date, IN-5 unknown field, IN-6 wrong
type.
"""

import json
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, BinaryIO

import click

from lianxi.law import deadlines
from lianxi.law.calendar import Calendar
from lianxi.law.clocks import CLOCKS, ClockCode, Unit
from lianxi.law.derivation import Derivation, in_words
from lianxi.law.errors import DateRuleError
from lianxi.ops import json_lines
from lianxi.ops.calendar import Refusal, current_calendar

_LONGEST_LINE = 64 * 1024
_FIELDS = frozenset({"id", "clock", "start", "extension_days", "hearing", "days", "report_due"})
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_PAIR = 2


@dataclass(frozen=True, slots=True)
class Question:
    """One request for a date, already of the right types."""

    code: ClockCode
    start: date | datetime
    extension_days: int = 0
    hearings: tuple[deadlines.Hearing, ...] = ()
    days: int | None = None
    report_due: date | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """The dates of one question; `at` only for clocks of hours."""

    raw_due: date
    legal_due: date
    provisional: bool
    derivation: Derivation
    at: datetime | None = None

    def as_data(self) -> dict[str, Any]:
        """The answer as the fields of a JSON line."""
        dates: dict[str, Any] = {
            "raw_due": self.raw_due.isoformat(),
            "legal_due": self.legal_due.isoformat(),
            "provisional": self.provisional,
        }
        return dates | ({"due_at": self.at.isoformat()} if self.at else {})


def answer(question: Question, calendar: Calendar) -> Answer:
    """Compute one question; refused by DateRuleError."""
    if CLOCKS[question.code].unit is Unit.HOUR and isinstance(question.start, datetime):
        _refuse_day_options(question)
        ends = deadlines.due_at(question.code, question.start)
        return Answer(ends.at.date(), ends.at.date(), False, ends.derivation, ends.at)
    start = deadlines.local_day(question.start) if isinstance(question.start, datetime) else question.start
    due = deadlines.due(
        question.code,
        start,
        calendar,
        extension_days=question.extension_days,
        hearings=question.hearings,
        days=question.days,
        report_due=question.report_due,
    )
    return Answer(due.raw_due, due.legal_due, due.provisional, due.derivation)


def question_of(fields: Mapping[str, Any]) -> Question:
    """Parse the fields of a JSON line; null counts as absent."""
    for name in fields:
        if name not in _FIELDS:
            raise DateRuleError(name[:40], "IN-5", f"不认识的字段；可用字段：{'、'.join(sorted(_FIELDS))}")
    report_due = fields.get("report_due")
    return Question(
        code=_clock(fields.get("clock")),
        start=_moment("start", fields.get("start")),
        extension_days=_whole("extension_days", fields.get("extension_days")) or 0,
        hearings=_hearings(fields.get("hearing")),
        days=_whole("days", fields.get("days")),
        report_due=None if report_due is None else _day("report_due", report_due),
    )


def answer_stream(source: BinaryIO, sink: BinaryIO, calendar: Calendar) -> tuple[int, int]:
    """Answer every line as it comes; returns how many were answered with a date and how many refused."""

    def reply(fields: json_lines.Fields) -> json_lines.Fields:
        return answer(question_of(fields), calendar).as_data()

    return json_lines.answer_stream(source, sink, reply, longest=_LONGEST_LINE)


@click.command(help="计算期限：给出原始到期日、法定到期日及推导过程。")
@click.option("--clock", help="时钟代码，例如 HANDLE、OBJECT、FINAL。")
@click.option("--start", help="起算事件的日期，或带时区的时刻（按上海日期计）。")
@click.option("--extension-days", type=int, default=0, help="经批准的延长天数（办理期限，至多30日）。")
@click.option("--hearing", nargs=2, multiple=True, metavar="FROM TO", help="复核听证的起止日期，可重复。")
@click.option("--days", type=int, help="由本单位设置或交办机关指定的天数。")
@click.option("--report-due", help="交办机关指定的反馈日期。")
@click.option("--json", "as_json", is_flag=True, help="输出 JSON。")
@click.option("--batch", is_flag=True, help="从标准输入读 JSON 行，逐行回答。")
def deadline(*, batch: bool, as_json: bool, **options: Any) -> None:
    """Answer one question from the options, or a stream of them."""
    try:
        calendar = current_calendar()
        if batch:
            _batch(options, calendar)
            return
        fields = {name: value for name, value in options.items() if value is not None}
        fields["hearing"] = [list(pair) for pair in options["hearing"]] or None
        question = question_of(fields)
        found = answer(question, calendar)
    except DateRuleError as error:
        raise Refusal(error) from error
    if as_json:
        click.echo(json.dumps(_as_report(question, found), ensure_ascii=False))
    else:
        _print(question, found)


def _batch(options: Mapping[str, Any], calendar: Calendar) -> None:
    if any(options.values()):
        raise click.UsageError("--batch 从标准输入读取全部参数，不能与其他计算选项同用")
    answered, refused = answer_stream(sys.stdin.buffer, sys.stdout.buffer, calendar)
    if refused:
        click.echo(f"共{answered + refused}行，其中{refused}行未能计算，原因见各行 error", err=True)


def _as_report(question: Question, found: Answer) -> dict[str, Any]:
    return (
        {"clock": question.code.value, "start": question.start.isoformat()}
        | found.as_data()
        | {"calendar": found.derivation.calendar_version, "derivation": found.derivation.as_data()}
    )


def _print(question: Question, found: Answer) -> None:
    rule = CLOCKS[question.code]
    click.echo(f"{rule.title}（{rule.code}）")
    if found.at:
        click.echo(f"截止时刻　　{found.at:%Y-%m-%d %H:%M:%S}（北京时间）")
    else:
        click.echo(f"原始到期日　{in_words(found.raw_due)}")
        click.echo(f"法定到期日　{in_words(found.legal_due)}{'　暂定' if found.provisional else ''}")
    click.echo("推导：")
    for line in found.derivation.lines():
        click.echo(f"  {line}")


def _clock(value: object) -> ClockCode:
    if not isinstance(value, str):
        raise DateRuleError("clock", "IN-3", "请给出时钟代码，例如 HANDLE")
    try:
        return ClockCode(value)
    except ValueError as error:
        raise DateRuleError("clock", "IN-3", f"没有这个时钟；可用：{'、'.join(ClockCode)}") from error


def _moment(field: str, value: object) -> date | datetime:
    """A date as YYYY-MM-DD, or an instant beginning with one."""
    if isinstance(value, str) and _DAY.match(value) and len(value) > len("YYYY-MM-DD"):
        try:
            return datetime.fromisoformat(value)
        except ValueError as error:
            raise DateRuleError(field, "IN-4", "时刻应写作 2026-08-04T09:30:00+08:00") from error
    return _day(field, value)


def _day(field: str, value: object) -> date:
    if not isinstance(value, str):
        raise DateRuleError(field, "IN-6", f"{field} 应为日期字符串，例如 2026-08-04")
    try:
        if _DAY.fullmatch(value):
            return date.fromisoformat(value)
    except ValueError as error:
        raise DateRuleError(field, "IN-4", f"没有{value}这一天，请核对") from error
    raise DateRuleError(field, "IN-4", "日期应写作 YYYY-MM-DD，例如 2026-08-04")


def _whole(field: str, value: object) -> int | None:
    if value is not None and (not isinstance(value, int) or isinstance(value, bool)):
        raise DateRuleError(field, "IN-6", f"{field} 应为整数")
    return value


def _hearings(value: object) -> tuple[deadlines.Hearing, ...]:
    """One hearing as [from, to], or several as [[from, to], …]."""
    if value is None:
        return ()
    if isinstance(value, list) and value and all(isinstance(pair, list) for pair in value):
        return tuple(_hearing(pair) for pair in value)
    return (_hearing(value),)


def _hearing(pair: object) -> deadlines.Hearing:
    if not isinstance(pair, list) or len(pair) != _PAIR:
        raise DateRuleError("hearing", "IN-6", "hearing 应为 [起, 止] 两个日期")
    return _day("hearing", pair[0]), _day("hearing", pair[1])


def _refuse_day_options(question: Question) -> None:
    """Nothing that lengthens days applies to a clock of hours."""
    if question.extension_days or question.hearings or question.days is not None or question.report_due:
        raise DateRuleError("clock", "R-25-3", "按小时计算的时限不能延长、扣除或另设天数")


command = deadline
