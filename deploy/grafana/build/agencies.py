"""Agencies and notices: what leaves for other bodies and for petitioners, by way and outcome, and what waits."""

from typing import Any

from grafana_foundation_sdk.builders import dashboard

from deploy.grafana.build.panels import BAD_IF_ANY, GREEN, RED, YELLOW, Column, bars, blank, lines, number, rows
from deploy.grafana.build.queries import latest, none_if_counted
from deploy.grafana.build.words import node_names

RISE = "$__rate_interval"
SEEN = "count(notify_waiting)"
DETAIL = "最多十个单位；每个单位的送达情况见 lianxi agency show。"


def build() -> Any:
    """Return the dashboard."""
    board = blank("agencies", "外部单位与告知", "发给外部单位的事件和发给信访人的告知：送达、重试、失败、等待。")
    for panel in _agencies():
        board = board.with_panel(panel)
    board = board.with_row(dashboard.Row("告知信访人"))
    for panel in _notices():
        board = board.with_panel(panel)
    return board


def _agencies() -> list[Any]:
    total = "sum by (channel, outcome) (rate(notify_agency_events_total[$__rate_interval]))"
    each = "topk(10, sum by (agency) (rate(notify_agency_failures_total[$__rate_interval])))"
    outcomes = "sum by (channel, outcome) (increase(notify_agency_events_total[1h]))"
    late = ((None, GREEN), (3600, YELLOW), (86400, RED))
    return [
        number("最久未送达", latest("notify_agency_oldest_seconds"), unit="s", steps=late),
        number(
            "队列无人读取",
            latest("notify_agency_queue_unread_seconds"),
            unit="s",
            steps=((None, GREEN), (4 * 3600, YELLOW), (86400, RED)),
            about="有事件等待而该单位无程序连接的最长时间（AMQP）。",
        ),
        number("最深队列", latest("notify_agency_queue_ready"), steps=((None, GREEN), (1000, YELLOW))),
        number("已停投单位", "sum(notify_agencies_given_up)", steps=BAD_IF_ANY),
        lines("事件", [(none_if_counted(total, SEEN), "{{channel}} {{outcome}}")], unit="ops"),
        lines("未送达最多的单位", [(none_if_counted(each, SEEN), "{{agency}}")], unit="ops", about=DETAIL),
        bars("近一小时", none_if_counted(outcomes, SEEN), "{{channel}} {{outcome}}"),
    ]


def _notices() -> list[Any]:
    late = ((None, GREEN), (3600, YELLOW), (86400, RED))
    attempts = none_if_counted("sum by (channel, outcome) (rate(notify_deliveries_total[$__rate_interval]))", SEEN)
    columns = [
        Column("未送", latest("node_notices_waiting", "node")),
        Column("失败", latest("node_notices_dead", "node"), steps=BAD_IF_ANY),
    ]
    return [
        number("等待", "sum(notify_waiting)"),
        number("最久等待", latest("notify_oldest_waiting_seconds"), unit="s", steps=late),
        number("失败待人工", "sum(notify_dead)", steps=BAD_IF_ANY),
        lines("发送", [(attempts, "{{channel}} {{outcome}}")], unit="ops"),
        rows("各节点", ("node", "节点"), columns, names=node_names(), span=12),
    ]
