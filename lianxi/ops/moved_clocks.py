"""What a loaded calendar does to the open clocks of a node: ask its supervision over its broker, and show the answer.

Supervision moves the clocks by itself within seconds of reading a new notice; asking makes it do so at once. The
answer names every clock that the calendar has moved, so it can be had again later.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import click

from lianxi.bus.calls import CallFailed, CallRefused, Calls
from lianxi.runtime.settings import SettingMissing, read


class Unasked(click.ClickException):
    """Supervision did not answer, or answered by another calendar; exit status 1."""


def of_node(environment: Mapping[str, str], version: str, timeout: float) -> dict[str, Any]:
    """Return the node and every clock there that the calendar `version` has moved."""
    try:
        node = read("NODE", environment=environment)
        calls = Calls(read("AMQP_URI", secret=True, environment=environment), name="lianxi calendar")
    except (SettingMissing, OSError) as error:
        raise click.UsageError(str(error)) from error
    try:
        answer = calls.call("supervision", "recompute", {}, timeout=timeout)
    except CallFailed as error:
        raise Unasked(
            f"节点 {node} 的督办服务没有应答（{error}）。它恢复运行后会自行重新计算；"
            f"清单可随后取得：lianxi calendar recompute"
        ) from error
    except CallRefused as error:
        raise Unasked(f"节点 {node} 的督办服务拒绝：{error.problem.get('detail', error)}") from error
    finally:
        calls.close()
    if answer["calendar"] != version:
        raise Unasked(
            f"节点 {node} 使用的日历是 {answer['calendar']}，不是 {version}："
            "它读取的是另一个目录，请核对 LIANXI_CALENDAR_DIR 后在该目录重新导入"
        )
    return {"node": node, **answer}


def in_words(found: Mapping[str, Any]) -> Iterator[str]:
    """Yield a line per clock, then how many there are."""
    for row in found["changed"]:
        before, after = row["before"], row["after"]
        owner = row["unit"] or row["node"]
        yield f"  {row['case_no']}　{row['clock']}　{_day(before)} → {_day(after)}　{owner}"
    yield f"节点 {found['node']}：按此日历重新计算了 {found['total']} 个未到期的期限。"
    if len(found["changed"]) < found["total"]:
        yield f"以上只列出前 {len(found['changed'])} 个，其余见该节点的表 supervision.clock_move。"


def _day(days: Mapping[str, Any]) -> str:
    return f"{days['legal_due']}{'（暂定）' if days['provisional'] else ''}"
