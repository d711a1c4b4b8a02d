"""The tables at the end of the story: cases by state and node, clocks kept, warned and breached, nothing lost."""

from collections import Counter

from rich.console import Console
from rich.table import Table

from lianxi.casework.messages.facts import STATE_LABELS, CaseState
from lianxi.ops.demo.stage import CITY, DISTRICT, NAMES, TOWNSHIP, Stage
from lianxi.ops.local.programs import SERVICES

CLOCK_FIGURES = """
    SELECT count(*) FILTER (WHERE status = 'closed' AND kept), count(*) FILTER (WHERE status = 'closed' AND NOT kept),
           count(warned_at), count(breached_at), count(*) FILTER (WHERE status = 'open')
      FROM supervision.clock"""
NODES = (CITY, DISTRICT, TOWNSHIP)
FILED = "SELECT number FROM intake.contact WHERE origin = 'registered' AND guided_to = ''"
OPENED = "SELECT case_no FROM routing.case_file"
UNSENT = "SELECT count(*) FROM {service}.outbox WHERE sent_at IS NULL"
PARKED = "SELECT count(*) FROM {service}.parked WHERE state <> 'dropped'"
UNACKED = "SELECT coalesce(sum(last_seq - acked), 0) FROM routing.link_sender"


def show_summary(stage: Stage) -> None:
    """Print the tables; every figure is read from the books of the nodes."""
    console = Console()
    console.print(_cases(stage))
    console.print(_clocks(stage))
    console.print(_nothing_lost(stage))


def _cases(stage: Stage) -> Table:
    rows = stage.query(CITY, "supervision", "SELECT state, holder, count(*) FROM supervision.ledger GROUP BY 1, 2")
    counts = {(state, holder): number for state, holder, number in rows}
    totals: Counter[str] = Counter()
    table = Table(title="事项：按状态和持有节点（市级台账）")
    table.add_column("状态")
    for node in NODES:
        table.add_column(NAMES[node], justify="right")
    for state in sorted({state for state, _ in counts}):
        line = [counts.get((state, node), 0) for node in NODES]
        totals.update(dict(zip(NODES, line, strict=True)))
        table.add_row(f"{state} {STATE_LABELS[CaseState(state)]}", *(str(number) if number else "" for number in line))
    table.add_row("合计", *(str(totals[node]) for node in NODES), style="bold")
    return table


def _clocks(stage: Stage) -> Table:
    table = Table(title="期限：各节点自行计算")
    for heading in ("节点", "如期", "逾期完成", "已亮黄灯", "已亮红灯", "仍在计时"):
        table.add_column(heading, justify="left" if heading == "节点" else "right")
    for node in NODES:
        figures = stage.query(node, "supervision", CLOCK_FIGURES)[0]
        table.add_row(NAMES[node], *(str(figure) for figure in figures))
    return table


def _nothing_lost(stage: Stage) -> Table:
    """What came in at each node, what became of it, and what is still under way or was put aside."""
    table = Table(title="去向：收到的每一件都在账上")
    for heading in ("节点", "收到", "立案", "待发消息", "搁置消息", "线路上未确认", "丢失"):
        table.add_column(heading, justify="left" if heading == "节点" else "right")
    for node in NODES:
        filed, opened = (
            {number for (number,) in stage.query(node, *of)} for of in (("intake", FILED), ("routing", OPENED))
        )
        lost = len(filed - opened)
        waiting = [sum(_count(stage, node, service, query) for service in SERVICES) for query in (UNSENT, PARKED)]
        unacked = _count(stage, node, "routing", UNACKED)
        figures = (len(filed), len(filed & opened), *waiting, unacked, lost)
        table.add_row(NAMES[node], *map(str, figures), style="bold red" if lost else None)
    return table


def _count(stage: Stage, node: str, service: str, query: str) -> int:
    return int(stage.query(node, service, query.format(service=service))[0][0])
