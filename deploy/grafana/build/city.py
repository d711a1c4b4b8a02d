"""The city: every node with its lamps and its link, the indices against last month, what is late and will be late."""

from typing import Any

from grafana_foundation_sdk.builders import dashboard

from deploy.grafana.build.panels import BAD_IF_ANY, GREEN, RED, YELLOW, Column, bars, blank, lines, number, rows
from deploy.grafana.build.queries import LINK_STATE, LINK_WORDS, SAID, latest, none_for_each, none_if_counted, rate
from deploy.grafana.build.words import CHANNELS, CLOCK_TITLES, KPIS, LAMP_COLOURS, LAMPS, STATE_GROUPS, node_names

CITY = '"630100"'
PERCENT = ((None, RED), (90, YELLOW), (98, GREEN))
DAY = 86400
OPEN_CASES = latest("cases_open", "node")


def build() -> Any:
    """Return the dashboard."""
    board = blank("city", "全市", "全市84个节点：指示灯、链路、指标与上月对比、已超期与将超期。")
    for panel in (*_now(), _nodes()):
        board = board.with_panel(panel)
    board = board.with_row(dashboard.Row("指标（本月与上月）"))
    board = board.with_panel(_indices()).with_panel(_indices_by_district())
    board = board.with_row(dashboard.Row("已超期 · 将超期"))
    for panel in _late():
        board = board.with_panel(panel)
    board = board.with_row(dashboard.Row("件的分布"))
    for panel in _spread():
        board = board.with_panel(panel)
    return board


def _lamp(lamp: str) -> str:
    return none_if_counted(f"sum({_by_clock(lamp)})")


def _by_clock(lamp: str) -> str:
    return latest("clocks_open", "clock", where=f'lamp="{lamp}"')


def _now() -> list[Any]:
    states = f"count(({LINK_STATE}) >= 2)"
    return [
        number("在办件", none_if_counted(f"sum({OPEN_CASES})")),
        number("已超期期限", _lamp("red"), steps=BAD_IF_ANY, about="红灯：法定期限已过，事项尚未办结。"),
        number("将超期期限", _lamp("yellow"), steps=((None, GREEN), (1, YELLOW)), about="黄灯：临近期限。"),
        number(
            "待签督办",
            none_if_counted(latest("supervision_proposals", where='status="proposed"')),
            steps=((None, GREEN), (1, YELLOW)),
        ),
        number(
            "失联或中断节点",
            none_if_counted(states, "max(node_snapshot_timestamp_seconds)"),
            steps=BAD_IF_ANY,
            about="两分钟没有上报、心跳中断，或从未上报的节点。",
        ),
        number("统计时间", "1000 * max(work_measured_timestamp_seconds)", unit="dateTimeAsLocal"),
    ]


def _nodes() -> Any:
    def lamp(colour: str) -> str:
        return none_for_each(latest("clocks_late", "node", where=f'lamp="{colour}"'), OPEN_CASES)

    waiting = ((None, GREEN), (DAY, YELLOW), (5 * DAY, RED))
    columns = [
        Column("链路", LINK_STATE, words=LINK_WORDS, decimals=0),
        Column("上报距今", f"time() - ({SAID} > 0)", "s", ((None, GREEN), (120, RED)), decimals=0),
        Column("红灯", lamp("red"), steps=BAD_IF_ANY),
        Column("黄灯", lamp("yellow"), steps=((None, GREEN), (1, YELLOW))),
        Column("在办", OPEN_CASES),
        Column("待分办", latest("node_waiting_cases", "node")),
        Column("最久待分办", latest("node_waiting_oldest_seconds", "node"), "s", waiting, decimals=0),
        Column("最久未动来件", latest("contact_untouched_oldest_seconds", "node"), "s", waiting, decimals=0),
        Column("心跳", latest("node_link_heartbeat_age_seconds", "node"), "s", ((None, GREEN), (60, RED)), decimals=0),
        Column("未确认", latest("node_link_unacked", "node")),
        Column("搁置", latest("node_parked", "node"), steps=BAD_IF_ANY),
        Column("告知未送", latest("node_notices_waiting", "node")),
    ]
    about = (
        "每个节点一行。失联的节点保留最后一次上报的数据，并注明距今多久；不因失联而显示正常。"
        "乡镇街道的细目由其区县节点提供，未提供时显示“—”；“最久未动来件”只列最久的十个节点。"
    )
    return rows("节点", ("node", "节点"), columns, names=node_names(), about=about, height=22)


def _indices() -> Any:
    per_kpi = f"node={CITY}"
    columns = [
        Column("本月", _by_kpi("this_month", per_kpi), "percent", PERCENT, decimals=1),
        Column("上月", _by_kpi("last_month", per_kpi), "percent", PERCENT, decimals=1),
        Column("本月分子", latest("kpi_numerator", "kpi", where=f'period="this_month", {per_kpi}')),
        Column("本月分母", latest("kpi_denominator", "kpi", where=f'period="this_month", {per_kpi}')),
        Column("上月分子", latest("kpi_numerator", "kpi", where=f'period="last_month", {per_kpi}')),
        Column("上月分母", latest("kpi_denominator", "kpi", where=f'period="last_month", {per_kpi}')),
    ]
    kept = {**KPIS, "K-3.timely": "及时受理", "K-3.late": "超期受理", "K-3.overdue": "超期未受理"}
    names = {**kept, "K-3.open": "未到期未受理", "K-9.target": "按本地时限转送率"}
    about = "全市。以期限日所在月份计；没有应办的件时显示“—”，不显示 0%。"
    return rows("指标", ("kpi", "指标"), columns, names=names, about=about, height=11)


def _by_kpi(period: str, where: str) -> str:
    chosen = f'period="{period}", {where}'
    top = latest("kpi_numerator", "kpi", where=chosen)
    return f"100 * {top} / {latest('kpi_denominator', 'kpi', where=chosen)}"


def _indices_by_district() -> Any:
    columns = [
        Column(name, rate(kpi, "this_month", "node"), "percent", PERCENT, decimals=1) for kpi, name in KPIS.items()
    ]
    return rows("本月指标（市和区县）", ("node", "节点"), columns, names=node_names(), height=10)


def _late() -> list[Any]:
    clocks = latest("clocks_open", "clock")
    columns = [
        Column("已超期", none_for_each(_by_clock("red"), clocks), steps=BAD_IF_ANY),
        Column(
            "将超期",
            none_for_each(_by_clock("yellow"), clocks),
            steps=((None, GREEN), (1, YELLOW)),
        ),
        Column("期限内", none_for_each(_by_clock("green"), clocks)),
    ]
    breached = latest("clocks_late", "node", where='lamp="red"')
    worst = none_if_counted(f"topk(10, {breached} > 0)")
    running = f"sum by (lamp) ({latest('clocks_open', 'clock', 'lamp')})"
    return [
        rows("按期限种类", ("clock", "期限"), columns, names=CLOCK_TITLES, height=10, span=12),
        bars("超期最多的节点", worst, "{{node}}", names=node_names(), about="只列有超期期限的节点，最多十个。"),
        lines("期限指示灯", [(running, "{{lamp}}")], names=LAMPS, colours=LAMP_COLOURS, stacked=True),
    ]


def _spread() -> list[Any]:
    groups = f"sum by (state_group) ({latest('cases_by_channel', 'channel', 'state_group')})"
    channels = f"sum by (channel) ({latest('cases_by_channel', 'channel', 'state_group')})"
    return [
        lines("按阶段", [(groups, "{{state_group}}")], names=STATE_GROUPS, stacked=True),
        bars("按渠道", channels, "{{channel}}", names=CHANNELS),
        bars(
            "按类别（在办）",
            latest("cases_by_category", "category"),
            "{{category}}",
        ),
    ]
