"""`lianxi notice`: who is told what, in which words, by which way, and what became of it.

`preview` shows what a rule would say about a real case, before or after the event it waits for; nothing is sent and
nothing is written. `check` reads a directory of rules and texts as the service would, with every mistake by its place.
`show` lists what was told about a case. All but `check` ask the notify service of a node over its broker; the service's
files are found by name at run time, because nothing in `lianxi` may depend on a service. Status 0: done; 1: refused,
not answered, or mistakes found; 2: wrong use of the command.
"""

import importlib
import json
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import click

from lianxi.ops.asking import ask_notify
from lianxi.ops.whereabouts import node_option, state_option

CHANNELS = {"inbox": "站内消息", "mail": "电子邮件", "sms": "短信", "letter": "信函"}
STATES = {
    "waiting": "待发送",
    "sending": "发送中",
    "sent": "已发出",
    "delivered": "对方已收到",
    "failed": "失败待重试",
    "skipped": "无可用地址",
    "dead": "已放弃，待人工处理",
    "gathered": "待汇总",
    "queued": "待打印",
    "printed": "已打印",
    "posted": "已寄出",
    "returned": "已退回",
}
_ask = partial(ask_notify, "notice")


@click.group()
def command() -> None:
    """Show who is told what about a case, preview a notice, check rules and texts."""


@command.command()
@click.option("--case", "case_no", required=True, help="Number of the case.")
@click.option("--rule", required=True, help="Name of the rule, as `lianxi notice rules` lists it.")
@node_option
@state_option
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def preview(case_no: str, rule: str, node: str | None, state: Path | None, as_json: bool) -> None:
    """Show what RULE would say about a case; nothing is sent."""
    found = _ask(node, state, "preview", {"case_no": case_no, "rule": rule})
    click.echo(json.dumps(found, ensure_ascii=False) if as_json else "\n".join(_previewed(found)))


@command.command()
@node_option
@state_option
@click.option("--json", "as_json", is_flag=True, help="One JSON object per line.")
def rules(node: str | None, state: Path | None, as_json: bool) -> None:
    """List every rule of a node: what it waits for, whom it tells and by which channels."""
    for row in _ask(node, state, "rules", {})["rows"]:
        click.echo(json.dumps(row, ensure_ascii=False) if as_json else _ruled(row))


@command.command()
@click.option("--case", "case_no", required=True, help="Number of the case.")
@node_option
@state_option
@click.option("--json", "as_json", is_flag=True, help="One JSON object per line.")
def show(case_no: str, node: str | None, state: Path | None, as_json: bool) -> None:
    """List what was told about a case, and what became of it."""
    rows = _ask(node, state, "deliveries", {"case_no": case_no})["rows"]
    for row in rows:
        click.echo(json.dumps(row, ensure_ascii=False) if as_json else "\n".join(_delivered(row)))
    if not rows and not as_json:
        click.echo("本节点没有关于此事项的通知。")


@command.command()
@click.argument("directory", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--sms", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Description of gateways.")
def check(directory: Path, sms: Path | None) -> None:
    """Read rules.yaml and templates.yaml of DIRECTORY as the service would; name every mistake."""
    settings = importlib.import_module("services.notify.settings")
    refused: type[Exception] = importlib.import_module("services.notify.domain.rules").RulesRefused
    try:
        found, texts = settings.read_rules_and_texts(directory)
        gateways = settings.gateways_in(sms) if sms else ()
    except (refused, OSError) as error:
        raise click.ClickException(str(error)) from error
    names = "、".join(gateway.name for gateway in gateways)
    click.echo(
        f"{len(found.rules)} 条规则、{len(texts.names)} 个文本，没有错误。" + (f"短信网关：{names}" if names else "")
    )


def _previewed(found: Mapping[str, Any]) -> Iterator[str]:
    who = "、".join("信访人" if each["role"] == "P" else _officer(each) for each in found["recipients"])
    yield f"规则　{found['rule']}　事项　{found['case_no']}{'　密件' if found['sealed'] else ''}"
    yield f"对象　{who}"
    yield f"方式　{' → '.join(CHANNELS[channel] for channel in found['channels'])}　语言　{found['language']}"
    if not found["happened"]:
        yield "所等的事情尚未发生：〔 〕中的内容届时填入。"
    elif not found["applies"]:
        yield "按现在的情况不满足规则的条件，不会通知。"
    for text in found["texts"]:
        yield f"\n── {CHANNELS[text['channel']]} ──\n{text['title']}\n{text['body']}"


def _officer(each: Mapping[str, str]) -> str:
    return f"{each['role']}（{each['unit']}）" if each["unit"] else each["role"]


def _ruled(row: Mapping[str, Any]) -> str:
    to = "信访人" if row["to"] == "petitioner" else "、".join(row["to"])
    marks = [word for flag, word in (("urgent", "紧急"), ("digest", "可汇总")) if row[flag]]
    channels = "→".join(CHANNELS[channel] for channel in row["channels"])
    return "  ".join([row["rule"], "、".join(row["messages"]), f"{to}：{channels}", *marks])


def _delivered(row: Mapping[str, Any]) -> Iterator[str]:
    state = STATES.get(row["state"], row["state"])
    to = "信访人" if row["role"] == "P" else _officer(row)
    reason = f"　{row['reason']}" if row["reason"] else ""
    yield f"{row['at']}  {row['rule']}  {to}  {CHANNELS[row['channel']]}  {state}{reason}"
    for each in row["tried"]:
        via = f" {each['provider']}" if each["provider"] else ""
        yield f"    {each['at']}  {CHANNELS[each['channel']]}{via}  {each['outcome']}  {each['reason']}".rstrip()
