"""`lianxi units`: the organs of a node on a day, a change of one from a day on, and how the directory came to be.

Nothing is overwritten: a change has a first day, perhaps a last one, and a reason, and what was so before can be shown
for any day. The running services of the node use it within seconds. Routing is found by name at run time, because
nothing in `lianxi` may depend on a service.
"""

import importlib
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from lianxi.casework.errors import Refused
from lianxi.casework.messages.facts import Actor, Role
from lianxi.ops.whereabouts import environment_of

_node = click.option("--node", default=None, help="节点（区划代码）；默认为环境所指的节点。")
_state = click.option("--state", type=click.Path(path_type=Path), help="`lianxi node up` 的状态目录。")
_json = click.option("--json", "as_json", is_flag=True, help="输出 JSON。")
_DAY = click.DateTime(["%Y-%m-%d"])


@click.group(help="单位目录：查看、变更、历史。变更有起始日期，从不覆盖原来的内容。")
def command() -> None:
    """Group the verbs."""


@command.command(help="列出某一天的单位。")
@click.option("--on", type=_DAY, help="哪一天；默认今天。")
@_node
@_state
@_json
def show(*, on: Any, node: str | None, state: Path | None, as_json: bool) -> None:
    """List the organs of a node."""
    with _directory(node, state) as (parts, work, handlers):
        day = on.date() if on else parts.here.clock.today()
        told = handlers.list_units(parts.rulebook.seed.directory, work.unit_changes, parts.here.node, day)
    if as_json:
        click.echo(json.dumps(told, ensure_ascii=False))
        return
    for row in told["rows"]:
        since = f"（自{row['since']}）" if row["since"] else ""
        told_of = "　".join(filter(None, (row["leader_on_record"], row["hours"], row["substitute"])))
        click.echo(f"{row['code']:28} {row['name']}{since}　{told_of}")


@command.command(name="set", help="自某一天起变更一个单位，如 630104.housing；只写明要变更的内容。")
@click.argument("unit")
@click.option("--from", "first", type=_DAY, required=True, help="起始日期。")
@click.option("--to", "last", type=_DAY, help="截止日期；不写则一直适用。")
@click.option("--name", help="名称。")
@click.option("--leader", "leader_on_record", help="在册负责人（职务或姓名）。")
@click.option("--hours", help="工作时间。")
@click.option("--substitute", help="代管单位的简码（单位代码中“.”后面的部分）。")
@click.option("--competence", multiple=True, help="主管的分类路径，可重复；写明即全部。")
@click.option("--assists", multiple=True, help="协办的分类路径，可重复；写明即全部。")
@click.option("--closed/--open", default=None, help="撤销或者恢复。")
@click.option("--reason", required=True, help="依据或者原因。")
@click.option("--by", "person", required=True, help="变更人的账号。")
@_node
@_state
@_json
def set_unit(
    *,
    unit: str,
    first: Any,
    last: Any,
    reason: str,
    person: str,
    node: str | None,
    state: Path | None,
    as_json: bool,
    **facts: Any,
) -> None:
    """Change an organ from a day on."""
    given = {name: list(value) if isinstance(value, tuple) else value for name, value in facts.items()}
    wanted = {name: value for name, value in given.items() if value is not None and value != []}
    with _directory(node, state) as (parts, work, handlers):
        asked = importlib.import_module("services.routing.domain.unit_changes").AskedChange(
            unit=unit,
            valid_from=first.date(),
            valid_to=last.date() if last else None,
            facts=wanted,
            reason=reason,
            actor=Actor(person=person, role=Role.DEPARTMENT_LEADER, unit="", node=parts.here.node),
        )
        try:
            told = handlers.change_unit(parts.rulebook.seed, work.unit_changes, asked, parts.here)
        except Refused as refusal:
            raise click.UsageError(
                f"{refusal.field}：{refusal.message}" if refusal.field else refusal.message
            ) from None
    click.echo(
        json.dumps(told, ensure_ascii=False)
        if as_json
        else f"{unit} 自{told['valid_from']}起变更，编号{told['number']}"
    )


@command.command(help="一个单位的全部变更，从种子文件到最近一次。")
@click.argument("unit")
@_node
@_state
@_json
def history(*, unit: str, node: str | None, state: Path | None, as_json: bool) -> None:
    """List every change of an organ."""
    with _directory(node, state) as (parts, work, handlers):
        told = handlers.unit_history(parts.rulebook.seed.directory, work.unit_changes, unit)
    if as_json:
        click.echo(json.dumps(told, ensure_ascii=False))
        return
    if told["seed"]:
        click.echo(f"种子文件　{told['seed']['name']}")
    for row in told["rows"]:
        until = f"至{row['valid_to']}" if row["valid_to"] else ""
        facts = json.dumps(row["facts"], ensure_ascii=False)
        click.echo(
            f"自{row['valid_from']}{until}　{facts}　{row['reason']}（{row['recorded_by']}，{row['recorded_at'][:10]}）"
        )


@contextmanager
def _directory(node: str | None, state: Path | None) -> Iterator[tuple[Any, Any, Any]]:
    """Yield the parts of routing at a node, open work, and the use cases of the directory."""
    environment: Mapping[str, str] = environment_of(node, state)
    settings = importlib.import_module("services.routing.settings").Settings.from_environment(environment)
    parts = importlib.import_module("services.routing.wiring").build(settings)
    try:
        with parts.open_work() as work:
            yield parts, work, importlib.import_module("services.routing.handlers.units")
    finally:
        parts.close()
