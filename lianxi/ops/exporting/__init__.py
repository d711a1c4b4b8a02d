"""`lianxi export`: write the contacts of a node to a CSV file or XLSX workbook, masked unless a reason is given.

The columns are named so that `lianxi import` knows them again. The file appears under its name only when it is whole.
Who wants it in full has an open account at the node's portal in a role that may. Intake and portal are found by name at
run time, because nothing in `lianxi` may depend on a service.
"""

import importlib
import json
from collections.abc import Mapping
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from lianxi.casework.errors import Refused
from lianxi.casework.identifiers import Channel
from lianxi.ops.exporting.writing import Sink, open_sink
from lianxi.ops.whereabouts import environment_of

COLUMNS = {
    "source_id": "信访编号",
    "channel": "信访形式",
    "received_at": "收到时间",
    "entered_at": "录入时间",
    "name": "姓名",
    "id_number": "身份证号",
    "credit_code": "统一社会信用代码",
    "phone": "联系电话",
    "email": "电子邮箱",
    "address": "住址",
    "subject": "主题",
    "text": "正文",
    "posted_on": "邮戳日期",
    "stamp": "收文编号",
    "division": "问题属地代码",
    "address_division": "住址区划代码",
    "persons": "信访人数",
    "representatives": "代表人数",
    "anonymous": "是否匿名",
    "reception_place": "接待场所",
    "recording": "录音编号",
    "guided_to": "已引导至",
}
BATCH = 1000
LINE_EVERY = 10_000
UNUSABLE = 2
_DAY = click.DateTime(("%Y-%m-%d",))


class Unusable(click.ClickException):
    """The options or the node cannot be used as given; no file was written."""

    exit_code = UNUSABLE


@click.command(
    help="""把某一节点的信访件导出为 CSV 或 XLSX（由文件名决定），例如：

    lianxi export 2026年3月.xlsx --node 630104 --since 2026-03-01 --until 2026-03-31

默认脱敏且不含正文。导出原文须用 --unmasked 并写明 --by、--reason；账号须为本节点的有效账号，角色为分办人员或者
信访部门负责人。每一件都记入查看原文登记簿。
密件只导出编号和日期。"""
)
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--node", required=True, help="导出哪个节点（区划代码）。")
@click.option("--since", type=_DAY, help="收到日期从哪天起。")
@click.option("--until", type=_DAY, help="收到日期到哪天止。")
@click.option(
    "--channel",
    type=click.Choice([channel.value for channel in Channel], case_sensitive=False),
    help="只导出一种信访形式。",
)
@click.option("--unmasked", is_flag=True, help="导出原文。")
@click.option("--by", "person", default="", help="谁要导出原文（账号）。")
@click.option("--role", default="", help="其角色，应与账号相符：D 分办人员，DL 信访部门负责人；可以不写。")
@click.option("--reason", default="", help="导出原文的理由，记入登记簿。")
@click.option("--overwrite", is_flag=True, help="覆盖已有的文件。")
@click.option(
    "--state", type=click.Path(file_okay=False, path_type=Path), help="本机节点的状态目录（lianxi node up）。"
)
@click.option("--json", "as_json", is_flag=True, help="以 JSON 输出汇总。")
def command(  # noqa: PLR0917  (click passes every option)
    file: Path,
    node: str,
    since: datetime | None,
    until: datetime | None,
    channel: str | None,
    unmasked: bool,
    person: str,
    role: str,
    reason: str,
    overwrite: bool,
    state: Path | None,
    *,
    as_json: bool,
) -> None:
    """Write FILE."""
    if file.suffix.lower() not in {".csv", ".xlsx"}:
        raise Unusable("文件名应以 .csv 或 .xlsx 结尾。")
    if file.exists() and not overwrite:
        raise Unusable(f"{file} 已存在；要覆盖请加 --overwrite。")
    wanted = {
        "since": since.date() if since else None,
        "until": until.date() if until else None,
        "channel": (channel or "").lower(),
    }
    environment = environment_of(node, state)
    with closing(importlib.import_module("services.intake.wiring").Exporter(environment)) as exporter:
        try:
            in_full = (
                exporter.permit(person.strip().lower(), role_of(person, role, environment), reason)
                if unmasked
                else None
            )
        except Refused as refusal:
            raise Unusable(refusal.message) from refusal
        rows = _write(file, exporter, wanted, in_full)
    click.echo(json.dumps({"rows": rows, "masked": not unmasked}) if as_json else f"导出{rows}件：{file}")


def role_of(login: str, claimed: str, environment: Mapping[str, str]) -> str:
    """Return the letter of the role that an open account has; it is the one that was claimed, if one was."""
    roles = importlib.import_module("services.portal.domain.accounts").AccountRole
    with closing(importlib.import_module("services.portal.wiring").AccountDesk(environment)) as desk:
        accounts = {account["login"]: account for account in desk.list() if account["state"] == "active"}
    account = accounts.get(login.strip().lower())
    if account is None:
        raise Unusable(f"本节点没有账号“{login}”，或者该账号已停用；--by 应为有效账号。")
    if claimed and roles.parse(claimed) is not roles.parse(account["role"]):
        raise Unusable(f"账号“{login}”的角色不是 {claimed}。")
    return str(roles.parse(account["role"]).acts_as or "")


def _write(file: Path, exporter: Any, wanted: dict[str, Any], in_full: Any) -> int:
    """Write the file beside its place and move it there when it is whole; return how many rows it has."""
    unfinished = file.with_name(f".{file.stem}.unfinished{file.suffix}")
    sink = open_sink(unfinished, list(COLUMNS.values()))
    try:
        rows = _pages(sink, exporter, wanted, in_full)
        sink.close()
        unfinished.replace(file)
    finally:
        unfinished.unlink(missing_ok=True)
    return rows


def _pages(sink: Sink, exporter: Any, wanted: dict[str, Any], in_full: Any) -> int:
    console = Console(stderr=True)
    rows, after = 0, ""
    with console.status("导出中") as status:
        while page := exporter.page({**wanted, "after": after, "limit": BATCH}, in_full):
            for row in page:
                sink.write([row.get(column, "") for column in COLUMNS])
            rows += len(page)
            after = page[-1]["source_id"]
            status.update(f"已导出{rows}件")
            if not console.is_terminal and rows % LINE_EVERY == 0:
                click.echo(f"已导出{rows}件。", err=True)
    return rows
