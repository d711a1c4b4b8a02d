"""`lianxi import`: take petitions from a CSV file or XLSX workbook of another system into a node.

The file is read as it is (`table`, `sheet`), its columns are guessed or given (`columns`), and its rows go through
intake's own use case into intake's own database (`running`), from where the outbox carries them to routing like any
other contact. Intake is found by name at run time, because nothing in `lianxi` may depend on a service.
"""

import importlib
import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from lianxi.ops.importing.columns import CHANNELS, BadMapping, Columns, read_mapping
from lianxi.ops.importing.running import Rejects, Run, Summary
from lianxi.ops.importing.sheet import Sheet, is_workbook
from lianxi.ops.importing.table import Source, Table, Unreadable
from lianxi.ops.topology import TopologyWrong
from lianxi.ops.whereabouts import STATE

LINE_EVERY = 10_000
"""Rows between two lines of progress where there is no terminal."""
SOME_REJECTED, UNUSABLE, STOPPED, INTERRUPTED = 1, 2, 3, 130


class Unusable(click.ClickException):
    """The file, the options or the node cannot be used as given; nothing was imported."""

    exit_code = UNUSABLE


class Stopped(click.ClickException):
    """The import ended before the end of the file; what was imported is in, and a repeat goes on from there."""

    exit_code = STOPPED


@click.command(
    help="""把 CSV 或 XLSX 文件中的信访件导入某一节点，例如：

    lianxi import messages.csv --node 630100 --channel web

退出状态：0 全部导入或早已导入；1 有被拒绝的行；2 文件、参数或节点不可用；3 中途停止，再次运行即从停止处继续。"""
)
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--node", required=True, help="导入到哪个节点（区划代码）。")
@click.option(
    "--channel",
    type=click.Choice(tuple(CHANNELS), case_sensitive=False),
    help="全部行的信访形式；文件中有“信访形式”一列的可以不给。",
)
@click.option("--sheet", default=None, help="XLSX 中的工作表；默认为第一张可见的。")
@click.option("--map", "mapping", multiple=True, help="列的对应关系，如 subject=主题,text=内容；不给则按表头猜测。")
@click.option(
    "--received",
    type=click.Choice(("column", "now")),
    default="column",
    show_default=True,
    help="收到时间：取自文件中的列（没有此列则为现在），或者一律为现在。",
)
@click.option("--source", default=None, help="来源系统的名称，同一来源的同一编号只导入一次；默认由编号列的名称决定。")
@click.option("--rejects", type=click.Path(dir_okay=False, path_type=Path), help="被拒绝的行写入哪个文件。")
@click.option(
    "--state", type=click.Path(file_okay=False, path_type=Path), help="本机节点的状态目录（lianxi node up）。"
)
@click.option("--limit", type=click.IntRange(min=1), help="最多读取多少行。")
@click.option("--json", "as_json", is_flag=True, help="以 JSON 输出汇总。")
def command(  # noqa: PLR0917  (click passes every option)
    file: Path,
    node: str,
    channel: str | None,
    sheet: str | None,
    mapping: tuple[str, ...],
    received: str,
    source: str | None,
    rejects: Path | None,
    state: Path | None,
    limit: int | None,
    *,
    as_json: bool,
) -> None:
    """Import FILE and say what became of its rows."""
    rejects = rejects or Path(f"{file.stem}.rejects{'.xlsx' if file.suffix.lower() == '.xlsx' else '.csv'}")
    if rejects.resolve() == file.resolve():
        raise Unusable("--rejects 不能是正在导入的文件本身。")
    with closing(_open(file, sheet)) as table:
        columns = _columns(table, mapping)
        if channel is None and "channel" not in columns.places:
            raise Unusable("请用 --channel 指明信访形式；文件中没有“信访形式”一列。")
        with closing(_importer(_environment(node, state))) as importer:
            run = Run(
                table,
                columns,
                importer,
                source=source or _source(columns),
                channel=channel.lower() if channel else None,
                received_from_column=received == "column",
                node=node,
                rejects=Rejects(rejects, table.header),
            )
            summary = _run(run, limit, file.name)
    _report(summary, rejects, as_json=as_json)


def _open(file: Path, sheet: str | None) -> Source:
    try:
        return Sheet(file, sheet) if is_workbook(file) else Table(file)
    except Unreadable as problem:
        raise Unusable(f"{file}：{problem}") from problem


def _columns(table: Source, mapping: Sequence[str]) -> Columns:
    try:
        return Columns.of(table.header, read_mapping(mapping))
    except BadMapping as problem:
        raise Unusable(str(problem)) from problem


def _source(columns: Columns) -> str:
    """Name the source by its id column, so that a renamed or mended file is still the same source."""
    place = columns.places.get("source_id")
    return "csv" if place is None else f"csv:{columns.header[place]}"


def _environment(node: str, state: Path | None) -> Mapping[str, str]:
    """Return the settings of the node: those of a local state directory, else those of this process."""
    if state is None and ("LIANXI_NODE" in os.environ or not (STATE / "stack.json").exists()):
        if os.environ.get("LIANXI_NODE", node) != node:
            raise Unusable(f"环境变量 LIANXI_NODE 是另一个节点，不是 {node}。")
        return {**os.environ, "LIANXI_NODE": node}
    found = importlib.import_module("lianxi.ops.local.stack").Stack
    try:
        settings: dict[str, str] = found.found_in(state or STATE).node(node).environment
    except FileNotFoundError:
        raise Unusable(f"{state or STATE} 里没有节点；先运行 lianxi node up。") from None
    except TopologyWrong:
        raise Unusable(f"{state or STATE} 里没有节点 {node}。") from None
    return {**os.environ, **settings}


def _importer(environment: Mapping[str, str]) -> Any:
    try:
        return importlib.import_module("services.intake.wiring").Importer(environment)
    except Exception as problem:
        raise Unusable(f"节点的收件服务无法使用：{type(problem).__name__}: {problem}") from problem


def _run(run: Run, limit: int | None, name: str) -> Summary:
    try:
        with _progress(name, run.table.size) as progress:
            return run.run(limit, progress)
    except KeyboardInterrupt:
        click.echo(f"已中断，{_in_words(run.summary)}。再次运行同一命令即从此处继续。", err=True)
        sys.exit(INTERRUPTED)
    except Exception as problem:
        what = str(problem).splitlines()[0] if str(problem) else ""
        raise Stopped(
            f"中途停止（{type(problem).__name__}: {what}），{_in_words(run.summary)}。再次运行同一命令即从此处继续。"
        ) from problem


@contextmanager
def _progress(name: str, size: int) -> Iterator[Callable[[Summary, int], None]]:
    """Show a bar on a terminal, elsewhere a line now and then."""
    console = Console(stderr=True)
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.fields[counts]}"),
        TimeRemainingColumn(),
        console=console,
        disable=not console.is_terminal,
    )
    with bar:
        task = bar.add_task(name, total=size or None, counts="")

        def tell(summary: Summary, position: int) -> None:
            bar.update(task, completed=position, counts=_in_words(summary))
            if not console.is_terminal and summary.rows % LINE_EVERY == 0:
                click.echo(f"{_in_words(summary)}。", err=True)

        yield tell


def _in_words(summary: Summary) -> str:
    return f"共{summary.rows}行，导入{summary.imported}，早已导入{summary.already}，拒绝{summary.rejected}"


def _report(summary: Summary, rejects: Path, *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(summary.as_dict()))
    else:
        click.echo(f"{_in_words(summary)}。")
    if summary.rejected:
        click.echo(f"被拒绝的行及理由见 {rejects}；改正后可直接导入该文件。", err=True)
        sys.exit(SOME_REJECTED)
