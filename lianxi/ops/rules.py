"""`lianxi rules`: look at the rules of the sorting desk, run the trials beside them, try a change, keep a version.

`show` lists what is in force, or what a version says; with `--live` it asks a running node which version it uses and
what it refused. `list` names every version a node ever used, since when and until when: routing keeps each of them.
`check` reads every file as a node would and runs `rules_tests.yaml`. `try FILE.csv` sorts the rows of a file and says
what would become of them; with `--against` it names what differs from another version: one the node once used, a
directory, or one that `keep` stored under `versions/`. Both sort with the organs as the node has them on the day asked
for, so that what differs comes of the rules. The desk belongs to the routing service and is found by name at
run time, because nothing in `lianxi` may depend on a service.
"""

import csv
import importlib
import json
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import click

from lianxi.casework.errors import LianxiError
from lianxi.ops.importing.columns import NAMES
from lianxi.ops.rule_versions import archived, named, unit_changes_at, used_at
from lianxi.ops.whereabouts import environment_of
from lianxi.runtime.clock import SystemClock
from lianxi.runtime.settings import read

CITY = "630100"
SHOWN = 50
_COLUMNS = ("source_id", "subject", "text", "address", "division")
_COMPARED = ("category", "class", "place", "route", "to", "unit", "urgent", "settled")
_BESIDE_THE_PACKAGE = Path(__file__).resolve().parents[2] / "deploy"
_CALL_TIMEOUT = 10.0


@dataclass(frozen=True, slots=True)
class Desk:
    """The rules of one directory, applied at one node."""

    book: Any
    sorter: Any
    trials: Any
    node: str

    def found(self, petition: Mapping[str, str]) -> dict[str, Any]:
        """Sort one petition; the rule that decided stands under `rule`."""
        found = self.sorter.sort(
            subject=petition["subject"],
            text=petition["text"],
            declared=petition["division"],
            address=petition["address"],
            node=self.node,
        )
        return {**self.trials.told(found), "settled": found.settled, "why": found.why}


_data_option = click.option(
    "--data", type=click.Path(file_okay=False, exists=True, path_type=Path), help="规则文件所在目录。"
)
_state_option = click.option(
    "--state", type=click.Path(path_type=Path), help="`lianxi node up` 的状态目录；不写则按环境变量。"
)
_on_option = click.option("--on", type=click.DateTime(["%Y-%m-%d"]), help="按哪一天适用的规则；默认今天。")


@click.group(help="分拣规则：查看、检查、试算、存档。")
def command() -> None:
    """Group the verbs."""


@command.command(help="列出适用的规则；--version 列出某一版本的，--live 查询运行中的节点。")
@_data_option
@_on_option
@click.option("--version", default="", help="节点曾经使用或者 `lianxi rules keep` 存档的版本；不写 --on 则列出全部。")
@click.option("--live", is_flag=True, help="查询运行中的节点正在使用的版本和被拒绝的文件。")
@click.option("--node", default=None, help="节点（区划代码），与 --live 或 --version 同用。")
@_state_option
@click.option("--json", "as_json", is_flag=True, help="输出 JSON。")
def show(
    *, data: Path | None, on: Any, version: str, node: str | None, state: Path | None, live: bool, as_json: bool
) -> None:
    """Show the rules in force, those of a version, or what a running node uses."""
    if live:
        told = _ask(environment_of(node, state))
        click.echo(json.dumps(told, ensure_ascii=False) if as_json else "\n".join(_standing(told)))
        raise SystemExit(1 if told["problem"] else 0)
    with _rules_of(_directory(data), version, node, state) as directory:
        desk = _desk(directory, CITY, _day(on) if on is not None or not version else None)
    _tell_rules(desk, as_json=as_json)


def _tell_rules(desk: Desk, *, as_json: bool) -> None:
    rows = [_as_row(kind, rule) for kind in ("routes", "rules") for rule in getattr(desk.book, kind)]
    if as_json:
        click.echo(json.dumps({"version": desk.book.version, "rules": rows}, ensure_ascii=False))
        return
    click.echo(f"规则 {desk.book.version}　用语 {desk.book.terms.version}　地名 {desk.book.gazetteer.version}")
    for row in rows:
        until = f"至{row['valid_until']}" if row["valid_until"] else ""
        click.echo(f"{row['id']:8} 版本{row['version']}　自{row['valid_from']}{until}　{row['then']}　{row['reason']}")


@command.command(help="检查规则文件并运行 rules_tests.yaml 中的用例。")
@_data_option
@_on_option
@click.option("--json", "as_json", is_flag=True, help="输出 JSON。")
def check(data: Path | None, on: Any, *, as_json: bool) -> None:
    """Read the files as a node would and run the trials; status 1 if anything is wrong."""
    directory, day = _directory(data), _day(on)
    desk = _desk(directory, CITY, None)
    trials = importlib.import_module("services.routing.storage.rulebook.trials").load_trials(directory)
    found = list(desk.trials.mismatches(desk.book, trials, day))
    if as_json:
        rows = [{"trial": m.trial, "field": m.field, "expected": m.expected, "found": m.found} for m in found]
        click.echo(
            json.dumps({"version": desk.book.version, "trials": len(trials), "failed": rows}, ensure_ascii=False)
        )
    else:
        for m in found:
            click.echo(f"{m.trial or '规则'}　{m.field}：应为 {m.expected!r}，实为 {m.found!r}")
        click.echo(f"规则 {desk.book.version}：{len(trials)} 个用例，{len(found)} 处不符")
    if found:
        raise SystemExit(1)


@command.command(name="try", help="用一份 CSV 试算：会怎样分拣，与另一版本相比有何变化。")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--against", default="", help="另一版本：节点曾经使用的版本号，目录，或者 `lianxi rules keep` 存档的。")
@click.option("--node", default=CITY, show_default=True, help="收件的节点（区划代码）。")
@_state_option
@click.option("--limit", default=SHOWN, show_default=True, help="最多列出几行变化。")
@_data_option
@_on_option
@click.option("--json", "as_json", is_flag=True, help="输出 JSON。")
def try_rules(
    *,
    file: Path,
    against: str,
    node: str,
    state: Path | None,
    limit: int,
    data: Path | None,
    on: Any,
    as_json: bool,
) -> None:
    """Sort the rows of a file by these rules, and by others to compare."""
    directory, day, changes_of_units = _directory(data), _day(on), unit_changes_at(node, state)
    if changes_of_units is None:
        click.echo("没有指明节点（--state 或者环境变量）：单位按规则目录中的文件，不含节点登记的变更。", err=True)
    desk, other = _desk(directory, node, day, changes_of_units or ()), None
    if against:
        with _rules_of(directory, against, node, state) as kept:
            other = _desk(kept, node, day, changes_of_units or ())
    tally: Counter[str] = Counter()
    changes: list[dict[str, Any]] = []
    for identity, petition in _rows(file):
        found = desk.found(petition)
        tally.update(["rows", f"rule {found['rule']}", *(["settled"] if found["settled"] else [])])
        tally.update(["automatic"] if found["automatic"] and found["settled"] else [])
        tally.update([f"unit {found['unit']}"] if found["unit"] else [])
        if other is not None:
            before = other.found(petition)
            differing = {name: [before[name], found[name]] for name in _COMPARED if before[name] != found[name]}
            if differing:
                changes.append({"id": identity, "changed": differing, "rules": [before["rule"], found["rule"]]})
    _tell(desk, other, tally, changes, limit=limit, as_json=as_json)


@command.command(name="list", help="列出节点曾经使用的规则版本：自何时起、至何时止；以及存档目录中的版本。")
@_data_option
@click.option("--node", default=None, help="节点（区划代码）。")
@_state_option
@click.option("--json", "as_json", is_flag=True, help="输出 JSON。")
def list_versions(data: Path | None, node: str | None, state: Path | None, *, as_json: bool) -> None:
    """List every version that a node used, and those in the archive."""
    uses, _ = used_at(node, state)
    rows, kept = named(uses or ()), archived(_directory(data))
    if as_json:
        click.echo(json.dumps({"used": rows if uses is not None else None, "archived": kept}, ensure_ascii=False))
        return
    if uses is None:
        click.echo("没有指明节点（--state、--node 或者环境变量），只列出存档。")
    for row in rows:
        until = f"，至 {row['until'][:16]}" if row["until"] else "，使用中"
        click.echo(f"{row['name']:28} {row['since'][:16]} 起{until}")
    for version in kept:
        click.echo(f"{version:28} 存档")


@command.command(help="存档现在的规则文件，供以后 try --against 比较。")
@_data_option
def keep(data: Path | None) -> None:
    """Store the files under versions/ and their version; a version stored once is never written again."""
    directory = _directory(data)
    desk = _desk(directory, CITY, None)
    target = directory / "versions" / desk.book.version
    if target.exists():
        raise click.UsageError(f"版本 {desk.book.version} 已经存档；规则改动后请先改 rules.yaml 的 version")
    files = importlib.import_module("services.routing.storage.rulebook.live").FILES
    target.mkdir(parents=True)
    for name in files:
        shutil.copyfile(directory / name, target / name)
    click.echo(f"已存档 {desk.book.version}：{target}")


def _tell(
    desk: Desk,
    other: Desk | None,
    tally: Counter[str],
    changes: list[dict[str, Any]],
    *,
    limit: int,
    as_json: bool,
) -> None:
    versions = {"version": desk.book.version, "against": other.book.version if other else None}
    if as_json:
        told = {**versions, "tally": dict(tally), "changed": len(changes), "changes": changes[:limit]}
        click.echo(json.dumps(told, ensure_ascii=False))
        return
    rows = tally["rows"] or 1
    click.echo(f"规则 {desk.book.version}：{tally['rows']} 行，可登记 {tally['settled'] / rows:.0%}，", nl=False)
    click.echo(f"自动转送 {tally['automatic'] / rows:.0%}")
    for name, number in sorted(tally.items()):
        if name.startswith("rule "):
            click.echo(f"  {name.removeprefix('rule '):14} {number}")
        elif name.startswith("unit "):
            click.echo(f"  {desk.book.directory.name(name.removeprefix('unit '))} {number}")
    if other is None:
        return
    click.echo(f"与 {other.book.version} 相比，{len(changes)} 行有变化")
    for change in changes[:limit]:
        differing = "；".join(f"{name} {_said(was)} → {_said(now)}" for name, (was, now) in change["changed"].items())
        click.echo(f"  {change['id']}　{differing}（{change['rules'][0]} → {change['rules'][1]}）")


def _said(value: Any) -> str:
    if isinstance(value, bool):
        return "是" if value else "否"
    return str(value or "无")


def _rows(file: Path) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield id and petition of every row; the columns are known by the names that `lianxi import` knows."""
    with file.open(encoding="utf-8-sig", newline="") as source:
        reader = csv.DictReader(source)
        columns = {field: _column(field, reader.fieldnames or ()) for field in _COLUMNS}
        if not columns["subject"] and not columns["text"]:
            raise click.UsageError(f"{file.name} 中没有标题列，也没有正文列")
        for number, row in enumerate(reader, start=1):
            values = {field: row.get(column) or "" if column else "" for field, column in columns.items()}
            yield values.pop("source_id") or str(number), values


def _column(field: str, header: Any) -> str:
    return next((name for name in NAMES[field] if name in header), "")


def _directory(data: Path | None) -> Path:
    return data or Path(read("DEPLOY_DIR", str(_BESIDE_THE_PACKAGE))) / "xining"


@contextmanager
def _rules_of(directory: Path, version: str, node: str | None, state: Path | None) -> Iterator[Path]:
    """Yield the directory with the files of a version: these, archived ones, or those a node used."""
    if not version:
        yield directory
        return
    for place in (directory / "versions" / version, Path(version)):
        if (place / "rules.yaml").is_file():
            yield place
            return
    uses, files = used_at(node, state, version)
    if files is None:
        known = dict.fromkeys((*archived(directory), *(use.version for use in uses or ())))
        raise click.UsageError(f"没有存档的版本 {version}；已有：{'、'.join(known) or '无'}")
    with tempfile.TemporaryDirectory() as written:
        for name, text in files.items():
            (Path(written) / name).write_text(text, encoding="utf-8")
        yield Path(written)


def _day(on: Any) -> date:
    return on.date() if on is not None else SystemClock(None).today()


def _desk(directory: Path, node: str, day: date | None, changes_of_units: Sequence[Any] = ()) -> Desk:
    """Read the rules of a directory; a mistake in them is the caller's to mend.

    With a day the organs are those of that day, as the changes on record have made them.
    """
    try:
        book = importlib.import_module("services.routing.storage.rulebook").load_rulebook(directory)
    except LianxiError as error:
        click.echo(f"规则文件有误，运行中的节点继续使用原来的规则。{error.message}", err=True)
        raise SystemExit(1) from error
    if node not in book.directory.nodes:
        raise click.UsageError(f"节点目录（topology.yaml）中没有节点 {node}")
    if day is not None and changes_of_units:
        amended = importlib.import_module("services.routing.domain.unit_changes").amended
        book = replace(book, directory=amended(book.directory, changes_of_units, day))
    rules = importlib.import_module("services.routing.domain.sorting.rules")
    trials = importlib.import_module("services.routing.domain.sorting.trials")
    sorter = rules.RuleSorter(lambda: book, None if day is None else lambda: day)
    return Desk(book if day is None else book.on(day), sorter, trials, node)


def _as_row(kind: str, rule: Any) -> dict[str, Any]:
    return {
        "kind": kind,
        "id": rule.id,
        "version": rule.version,
        "valid_from": rule.valid_from.isoformat(),
        "valid_until": rule.valid_until.isoformat() if rule.valid_until else None,
        "then": rule.route.value if rule.route else f"{rule.whither.value}{' 自动' if rule.automatic else ''}",
        "reason": rule.reason,
    }


def _ask(environment: Mapping[str, str]) -> dict[str, Any]:
    from lianxi.bus.calls import Calls  # noqa: PLC0415  (a broker is not needed without --live)

    calls = Calls(read("AMQP_URI", secret=True, environment=environment), name="lianxi rules")
    try:
        told: dict[str, Any] = calls.call("routing", "rulebook", {}, timeout=_CALL_TIMEOUT)
    finally:
        calls.close()
    return told


def _standing(told: Mapping[str, Any]) -> Iterator[str]:
    yield f"节点 {told['node']} 使用规则 {told['version']}，{told['loaded_at']} 读入"
    if told["problem"]:
        yield f"之后改动的文件有误，未采用：{told['problem']}"
