"""`lianxi board`: the picture of a node and everything below it in a terminal, for an office without Grafana.

Nodes with their lamps, the state of their links and how old what they said is; what is late and what will be; the
indices of this month and the last; this node's own piles. It asks the running services of the node, which answer from
their last count, so looking costs nothing. What nobody said is `—`, never 0. Status 0: shown; 1: nobody answered;
2: wrong use of the command.
"""

import json
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import click
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from lianxi.bus.calls import CallFailed, CallRefused, Calls
from lianxi.ops.topology import load
from lianxi.ops.whereabouts import environment_of, node_option, state_option
from lianxi.runtime.settings import SettingMissing, read

TIMEOUT = 10.0
NONE = "—"
MOST_NODES = 100
LINKS = {
    "fine": ("正常", "green"),
    "slow": ("积压", "yellow"),
    "cut": ("中断", "red"),
    "silent": ("失联", "bold red"),
    "unheard": ("从未上报", "red"),
    "left": ("已退出", "dim"),
}
GROUPS = {
    "new": "新收",
    "sent": "转送交办中",
    "handling": "办理中",
    "answered": "已答复",
    "review": "复查复核",
    "ended": "已结束",
}
PARTS = {"relay": "转发", "consumers": "消费者", "outbox": "发件箱", "sweep": "巡查", "link": "链路"}
Ask = Callable[[str, str], dict[str, Any]]
"""Calls a method of a service without anything to say."""


@click.command()
@node_option
@state_option
@click.option("--every", type=click.FloatRange(min=1), default=5.0, show_default=True, help="Seconds between looks.")
@click.option("--once", is_flag=True, help="Show it once and end.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object, once.")
def command(node: str | None, state: Path | None, every: float, *, once: bool, as_json: bool) -> None:
    """Show nodes, links, lamps, piles and indices, refreshing until Ctrl-C."""
    environment = environment_of(node, state)
    try:
        calls = Calls(read("AMQP_URI", secret=True, environment=environment), name="lianxi board")
    except (SettingMissing, OSError) as error:
        raise click.UsageError(str(error)) from error
    with closing(calls):

        def look() -> dict[str, Any]:
            return picture(lambda service, method: calls.call(service, method, {}, timeout=TIMEOUT))

        try:
            if as_json:
                click.echo(json.dumps(look(), ensure_ascii=False))
            elif once:
                console = Console()
                console.print(shown(look(), names()))
            else:
                _watch(look, every)
        except CallFailed as error:
            raise click.ClickException("节点的服务没有应答，请用 lianxi doctor 查看节点是否在运行。") from error
        except CallRefused as error:
            raise click.ClickException(str(error.problem.get("detail", error))) from error


def picture(ask: Ask) -> dict[str, Any]:
    """Return everything that is shown as plain data."""
    return {
        **ask("supervision", "board"),
        "piles": ask("routing", "piles")["rows"],
        "links": ask("routing", "links")["rows"],
    }


def names() -> dict[str, str]:
    """Return the names of the city's nodes."""
    return {node.code: node.name for node in load()}


def shown(found: Mapping[str, Any], known: Mapping[str, str]) -> RenderableType:
    """Return the picture as a terminal shows it."""
    return Group(_heading(found, known), _nodes(found, known), _piles(found), _late(found), _indices(found))


def _watch(look: Callable[[], dict[str, Any]], every: float) -> None:
    """Show the picture until somebody presses Ctrl-C; an answer that does not come is said, and asked for again."""
    known = names()
    last: RenderableType = shown(look(), known)
    with Live(last, auto_refresh=False, screen=True) as live:
        try:
            while True:
                live.update(last, refresh=True)
                time.sleep(every)
                try:
                    last = shown(look(), known)
                except CallRefused:
                    live.update(Group(Text("节点没有应答，以下是之前的情况。", style="bold red"), last), refresh=True)
                    time.sleep(every)
        except KeyboardInterrupt:
            return


def _heading(found: Mapping[str, Any], known: Mapping[str, str]) -> RenderableType:
    lamps = {lamp: sum(row[lamp] for row in found["clocks"]) for lamp in ("red", "yellow", "green")}
    counts = "  ".join(f"{word} {found['cases'].get(group, 0)}" for group, word in GROUPS.items())
    line = Text.assemble(
        (known.get(found["node"], found["node"]), "bold"),
        f"  统计于 {(found['counted_at'] or NONE)[:19].replace('T', ' ')}  ",
        (f"超期 {lamps['red']} ", "bold red" if lamps["red"] else "green"),
        (f"临期 {lamps['yellow']} ", "yellow"),
        (f"正常 {lamps['green']} ", "green"),
        f" 待签督办 {found['proposals'].get('proposed', 0)}",
    )
    return Group(line, Text(counts, style="dim"))


def _nodes(found: Mapping[str, Any], known: Mapping[str, str]) -> RenderableType:
    table = _table(
        "节点", ("链路", "上报", "心跳", "红", "黄", "绿", "在办", "待分办", "最久", "未确认", "机器", "搁置")
    )
    for row in found["nodes"][:MOST_NODES]:
        word, style = LINKS[row["link"]]
        table.add_row(
            known.get(row["node"], row["node"]),
            Text(word, style=style),
            _age(row["said_age_seconds"]),
            _age(row["heartbeat_age_seconds"]),
            *(Text(str(row[lamp]), style=style if row[lamp] else "dim") for lamp, style in _LAMPS),
            str(row["open"]),
            _number(row["waiting"]),
            _age(row["oldest_waiting_seconds"]),
            _number(row["unacked"]),
            _machinery(row.get("unwell")),
            Text(_number(row["parked"]), style="red" if row["parked"] else ""),
        )
    return table


def _machinery(unwell: Iterable[str] | None) -> Text:
    """Say which parts of a node do not work by its own account."""
    if unwell is None:
        return Text(NONE)
    words = "、".join(PARTS.get(part, part) for part in unwell)
    return Text(words or "正常", style="bold red" if words else "green")


_LAMPS = (("red", "bold red"), ("yellow", "yellow"), ("green", "green"))


def _piles(found: Mapping[str, Any]) -> RenderableType:
    table = _table("本节点待办", ("件", "最久"))
    for row in found["piles"]:
        table.add_row(row["label"], str(row["cases"]), _age(row["oldest_age_seconds"] if row["cases"] else None))
    return table


def _late(found: Mapping[str, Any]) -> RenderableType:
    table = _table("期限", ("超期", "临期", "正常"))
    for row in found["clocks"]:
        table.add_row(
            row["title"], *(Text(str(row[lamp]), style=style if row[lamp] else "dim") for lamp, style in _LAMPS)
        )
    return table


def _indices(found: Mapping[str, Any]) -> RenderableType:
    table = _table("指标", ("本月", "上月"))
    for row in found["kpis"]:
        if row["node"] == found["node"]:
            table.add_row(row["title"], _share(row.get("this_month")), _share(row.get("last_month")))
    return table


def _table(first: str, rest: Iterable[str]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column(first, no_wrap=True)
    for heading in rest:
        table.add_column(heading, justify="right", no_wrap=True)
    return table


def _share(part: Mapping[str, int] | None) -> str:
    """Return an index in per cent with its parts; nothing of nothing is no percentage (K-19)."""
    if not part or not part["denominator"]:
        return NONE
    percent = 100 * part["numerator"] / part["denominator"]
    return f"{percent:.1f}%  {part['numerator']}/{part['denominator']}"


def _number(value: float | None) -> str:
    return NONE if value is None else f"{value:.0f}"


def _age(seconds: float | None) -> str:
    if seconds is None:
        return NONE
    for size, word in ((86400, "天"), (3600, "小时"), (60, "分")):
        if seconds >= size:
            return f"{seconds / size:.0f}{word}"
    return f"{seconds:.0f}秒"
