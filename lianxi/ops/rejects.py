"""`lianxi rejects`: refused rows of imports that wait in the node's books, counted, or written to a file to be mended.

An import writes its refused rows to a file at once. Where that file is lost, or was made by somebody else, the same
rows come out of the books again, as a file that `lianxi import` knows: mended and imported, each settles its reject.
The rows hold what petitioners wrote, so whoever writes them out is named, says why, and each is on record (MK-8).
"""

import importlib
import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import click

from lianxi.casework.errors import Refused
from lianxi.ops.exporting import Unusable, role_of
from lianxi.ops.exporting.writing import open_sink
from lianxi.ops.importing.columns import NAMES
from lianxi.ops.importing.table import REJECT_HEADER
from lianxi.ops.whereabouts import environment_of

_node = click.option("--node", default=None, help="节点（区划代码）；默认为环境所指的节点。")
_state = click.option(
    "--state", type=click.Path(file_okay=False, path_type=Path), help="本机节点的状态目录（lianxi node up）。"
)


@click.group(help="查看导入时被拒绝的行，写成文件，改正后用 lianxi import 重新导入。")
def command() -> None:
    """Refused rows of imports."""


@command.command("list", help="按来源统计等待改正的行。")
@_node
@_state
@click.option("--json", "as_json", is_flag=True, help="以 JSON 输出。")
def list_(node: str | None, state: Path | None, *, as_json: bool) -> None:
    """Say of which sources refused rows wait."""
    with closing(_rows(environment_of(node, state))) as refused:
        sources = refused.sources()
    if as_json:
        click.echo(json.dumps({"sources": sources}, ensure_ascii=False))
        return
    for source, count in sorted(sources.items()):
        click.echo(f"{source}  {count}行")
    click.echo(f"共{sum(sources.values())}行等待改正。")


@command.command(
    help="把一个来源中被拒绝的行写入 CSV 或 XLSX 文件；改正后可直接导入该文件。每一行都记入查看原文登记簿。"
)
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--source", default=None, help="来源系统的名称；只有一个来源时可以不给。")
@click.option("--by", "person", required=True, help="谁要改正（账号），须为分办人员或者信访部门负责人。")
@click.option("--reason", required=True, help="理由，记入登记簿。")
@click.option("--overwrite", is_flag=True, help="覆盖已有的文件。")
@_node
@_state
def export(  # noqa: PLR0917  (click passes every option)
    file: Path, source: str | None, person: str, reason: str, overwrite: bool, node: str | None, state: Path | None
) -> None:
    """Write FILE."""
    if file.suffix.lower() not in {".csv", ".xlsx"}:
        raise Unusable("文件名应以 .csv 或 .xlsx 结尾。")
    if file.exists() and not overwrite:
        raise Unusable(f"{file} 已存在；要覆盖请加 --overwrite。")
    environment = environment_of(node, state)
    with closing(_rows(environment)) as refused:
        chosen = source or _only(refused.sources())
        login = person.strip().lower()
        try:
            rows = list(refused.rows(chosen, login, role_of(login, "", environment), reason))
        except Refused as refusal:
            raise Unusable(refusal.message) from refusal
    if not rows:
        raise Unusable(f"来源“{chosen}”没有等待改正的行。")
    _write(file, rows)
    click.echo(f"{len(rows)}行写入 {file}。改正后运行：")
    click.echo(f"lianxi import {file} --node {environment['LIANXI_NODE']} --source '{chosen}'")


def _rows(environment: Mapping[str, str]) -> Any:
    return importlib.import_module("services.intake.wiring").RefusedRows(environment)


def _only(sources: Mapping[str, int]) -> str:
    if len(sources) == 1:
        return next(iter(sources))
    known = "、".join(sorted(sources))
    raise Unusable(f"请用 --source 指明来源，现有：{known}。" if known else "没有等待改正的行。")


def _write(file: Path, rows: Iterable[Mapping[str, Any]]) -> None:
    """Write the rows under the columns that any of them has; the moment a row first came stands for one it lacks."""
    told = [_cells(row) for row in rows]
    columns = [field for field in NAMES if any(cells.get(field) for _, cells in told)]
    sink = open_sink(file, [*REJECT_HEADER, *columns])
    try:
        for number, (row, cells) in enumerate(told, 1):
            sink.write(
                [str(number), row["field"], row["reason"], row["id"], *(cells.get(name, "") for name in columns)]
            )
    finally:
        sink.close()


def _cells(row: Mapping[str, Any]) -> tuple[Mapping[str, Any], dict[str, str]]:
    content = row["content"]
    petitioner = content.get("petitioner")
    said = {**content, **(petitioner if isinstance(petitioner, Mapping) else {}), "source_id": row["source_id"]}
    said["received_at"] = content.get("received_at") or row["first_at"]
    return row, dict(_texts(said))


def _texts(said: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for field in NAMES:
        value = said.get(field)
        if isinstance(value, bool):
            yield field, "是" if value else "否"
        elif isinstance(value, str | int):
            yield field, str(value)
