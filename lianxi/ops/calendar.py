"""`lianxi calendar`: load the State Council's yearly notice, show a year.

A notice is checked by `lianxi.law.notices`, stored as one JSON file a year and
read by every process that computes dates. Loading it again changes nothing;
loading another wording of it prints the days that change. For a node that is
named by options or by the environment, its supervision is asked at once which
open clocks the new calendar moves.
"""

import json
import os
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import click

from lianxi.law import calendar_data
from lianxi.law.calendar import ONE_DAY, Calendar
from lianxi.law.derivation import in_words
from lianxi.law.errors import DateRuleError
from lianxi.law.notices import YearNotice
from lianxi.ops.whereabouts import environment_of

_BESIDE_THE_PACKAGE = Path(__file__).resolve().parents[2] / "deploy" / "calendar" / "years"
_LARGEST_FILE = 64 * 1024


def notice_directory(environment: Mapping[str, str] = os.environ) -> Path:
    """Where notices are kept: LIANXI_CALENDAR_DIR, else calendar/years of the deploy directory, else .lianxi."""
    named, deploy = environment.get("LIANXI_CALENDAR_DIR"), environment.get("LIANXI_DEPLOY_DIR")
    if named or deploy:
        return Path(named) if named else Path(deploy or "", "calendar", "years")
    return _BESIDE_THE_PACKAGE if _BESIDE_THE_PACKAGE.is_dir() else Path(".lianxi") / "calendar"


def current_calendar() -> Calendar:
    """The calendar with the stored notices, for commands that compute dates."""
    return calendar_data.from_directory(notice_directory())


def placed(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options that say whose open clocks are meant, and how they are shown."""
    for option in (
        click.option("--json", "as_json", is_flag=True, help="输出 JSON。"),
        click.option("--timeout", default=60.0, show_default=True, help="等待节点应答的秒数。"),
        click.option("--state", type=click.Path(path_type=Path), help="本机节点的状态目录（lianxi node up）。"),
        click.option("--node", help="节点的区划代码；不给则为环境变量所指的节点。"),
    ):
        command = option(command)
    return command


@click.group(help="工作日历：导入国务院办公厅节假日安排通知，查看某一年。")
def calendar() -> None:
    """Group of the calendar verbs."""


@calendar.command(
    help="校验并导入一年的节假日安排通知（YAML，格式见 deploy/calendar/README.md）；指明节点时并列出受影响的期限。"
)
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@placed
def load(file: Path, node: str | None, state: Path | None, timeout: float, *, as_json: bool) -> None:
    """Store the notice in FILE, print what it changes, and for a node also the open clocks it moves."""
    named = node or state or "LIANXI_NODE" in os.environ
    environment = environment_of(node, state) if named else os.environ
    directory = notice_directory(environment)
    try:
        notice = YearNotice.parse(_read_yaml(file))
        stored = calendar_data.read_notices(directory)
        before = calendar_data.load(stored)
        after = calendar_data.load([*(other for other in stored if other.year != notice.year), notice])
    except DateRuleError as error:
        raise Refusal(error) from error
    if notice not in stored:
        _store(notice, directory)
    if not as_json:
        _print_difference(notice, before, after, fresh=notice not in stored)
    if named:
        _show_moved(environment, after.version, timeout, as_json=as_json)
    elif as_json:
        click.echo(json.dumps({"calendar": after.version}, ensure_ascii=False))


@calendar.command(help="按现有日历重新计算一个节点未到期的期限，列出日历改动过的每一个。")
@placed
def recompute(node: str | None, state: Path | None, timeout: float, *, as_json: bool) -> None:
    """Move the open clocks of a node to the stored notices and list every clock they have moved."""
    environment = environment_of(node, state)
    try:
        version = calendar_data.from_directory(notice_directory(environment)).version
    except DateRuleError as error:
        raise Refusal(error) from error
    _show_moved(environment, version, timeout, as_json=as_json)


def _show_moved(environment: Mapping[str, str], version: str, timeout: float, *, as_json: bool) -> None:
    from lianxi.ops import moved_clocks  # noqa: PLC0415 - needs the broker's client, the rest does not

    found: dict[str, Any] = moved_clocks.of_node(environment, version, timeout)
    if as_json:
        click.echo(json.dumps(found, ensure_ascii=False))
        return
    for line in moved_clocks.in_words(found):
        click.echo(line)


@calendar.command(help="显示某一年的放假日、调休上班日和来源。")
@click.argument("year", type=int)
@click.option("--json", "as_json", is_flag=True, help="输出 JSON。")
def show(year: int, as_json: bool) -> None:
    """Print the rest days and make-up workdays of YEAR."""
    try:
        current = current_calendar()
        table = current.year(year)
    except DateRuleError as error:
        raise Refusal(error) from error
    first = date(year, 1, 1)
    days = [first + number * ONE_DAY for number in range((date(year + 1, 1, 1) - first).days)]
    workdays = sum(current.is_workday(day) for day in days)
    if as_json:
        report = {
            "year": year,
            "provisional": table.provisional,
            "source": table.source,
            "version": current.version,
            "workdays": workdays,
            "rest": {day.isoformat(): name for day, name in sorted(table.rest.items())},
            "makeup": {day.isoformat(): name for day, name in sorted(table.makeup.items())},
        }
        click.echo(json.dumps(report, ensure_ascii=False))
        return
    state = "暂定（通知尚未公布，仅据放假办法推算，不含调休）" if table.provisional else "已公布"
    click.echo(f"{year}年　{state}　来源：{table.source}　工作日{workdays}天")
    for day, name in sorted(table.rest.items()):
        click.echo(f"  放假　{in_words(day)} {name}")
    for day, name in sorted(table.makeup.items()):
        click.echo(f"  上班　{in_words(day)} {name}调休")
    click.echo(f"日历版本：{current.version}")


class Refusal(click.ClickException):
    """A refused request as the command line shows it: the field, the rule, how to mend it; exit status 2."""

    exit_code = 2

    def __init__(self, error: DateRuleError) -> None:
        super().__init__(f"{error.field}：{error.message}〔{error.rule}〕")


def _read_yaml(file: Path) -> object:
    import yaml  # noqa: PLC0415 - only loading a notice needs it; `lianxi deadline` starts without

    if file.stat().st_size > _LARGEST_FILE:
        raise DateRuleError("notice", "D-18", "文件过大，不像是一份节假日通知")
    try:
        return yaml.safe_load(file.read_text(encoding="utf-8"))
    except (ValueError, RecursionError, yaml.YAMLError) as error:
        raise DateRuleError("notice", "D-18", "文件不是 UTF-8 的 YAML，格式见 deploy/calendar/README.md") from error


def _store(notice: YearNotice, directory: Path) -> None:
    """Write the file beside its name and move it there, so that no reader sees half of it."""
    directory.mkdir(parents=True, exist_ok=True)
    written = directory / f"{notice.year}.json.new"
    written.write_text(json.dumps(notice.as_data(), ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    written.replace(directory / f"{notice.year}.json")


def _print_difference(notice: YearNotice, before: Calendar, after: Calendar, *, fresh: bool) -> None:
    if fresh:
        _print_days(notice, before, after)
    else:
        click.echo(f"{notice.year}年通知已导入过，内容相同，未作改动。")
    click.echo(f"日历版本：{after.version}")


def _print_days(notice: YearNotice, before: Calendar, after: Calendar) -> None:
    click.echo(f"已导入{notice.year}年节假日安排：{notice.title}（{notice.document}）")
    if before.year(notice.year).provisional:
        click.echo(f"{notice.year}年由暂定转为已公布；此前按暂定日历算出的期限由各节点重新计算。")
    day, last, changed = date(notice.year - 1, 12, 1), date(notice.year, 12, 31), 0
    while day <= last:
        if before.is_workday(day) != after.is_workday(day):
            changed += 1
            click.echo(f"  {in_words(day)} {_status(before, day)} → {_status(after, day)}")
        day += timedelta(days=1)
    click.echo(f"与原日历相比，{changed}天的上班或休息有变化。")


def _status(current: Calendar, day: date) -> str:
    return "上班" if current.is_workday(day) else f"休息（{current.rest_name(day)}）"


command = calendar
