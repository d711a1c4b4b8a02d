"""Clocks and supervision: which limits run, which were missed, what was ordered, how long cases stay where."""

from typing import Any

from grafana_foundation_sdk.builders import dashboard

from deploy.grafana.build.panels import BAD_IF_ANY, GREEN, RED, YELLOW, Column, bars, blank, lines, number, rows
from deploy.grafana.build.queries import MEASURED, latest, none_for_each, none_if_counted, quantile, unknown_if_none
from deploy.grafana.build.words import CLOCK_TITLES, LAMP_COLOURS, LAMPS, LEVELS, ORDERS, node_names

RISE = "$__rate_interval"
BREACHED = 'lamp="red"'


def build() -> Any:
    """Return the dashboard."""
    board = blank("clocks", "期限与督办", "法定期限、超期、督办和在各级停留的时间。", span="now-7d")
    for panel in (*_now(), *_clocks()):
        board = board.with_panel(panel)
    board = board.with_row(dashboard.Row("督办"))
    for panel in _orders():
        board = board.with_panel(panel)
    board = board.with_row(dashboard.Row("停留与交接"))
    for panel in _stays():
        board = board.with_panel(panel)
    return board


def _now() -> list[Any]:
    late = ((None, GREEN), (30, YELLOW), (60, RED))
    breached = none_if_counted(f"sum({latest('clocks_open', 'clock', where=BREACHED)})")
    return [
        number("在计期限", none_if_counted(f"sum({latest('clocks_open', 'clock', 'lamp')})")),
        number("已超期", breached, steps=BAD_IF_ANY),
        number("待签督办", none_if_counted(latest("supervision_proposals", where='status="proposed"'))),
        number("巡查滞后", latest("supervision_oldest_due_seconds"), unit="s", steps=late),
        number("日历为预估", latest("supervision_calendar_provisional"), steps=((None, GREEN), (1, YELLOW))),
        number("统计用时", latest("work_measure_seconds"), unit="s"),
    ]


def _clocks() -> list[Any]:
    def by_lamp(key: str, metric: str, counted: str) -> list[Column]:
        return [
            Column(word, none_for_each(latest(metric, key, where=f'lamp="{lamp}"'), counted), steps=steps)
            for lamp, word, steps in (
                ("red", "超期", BAD_IF_ANY),
                ("yellow", "临期", ((None, GREEN), (1, YELLOW))),
                ("green", "正常", ((None, GREEN),)),
            )
            if key == "clock" or lamp != "green"
        ]

    running = f"sum by (lamp) ({latest('clocks_open', 'clock', 'lamp')})"
    return [
        rows(
            "按期限种类",
            ("clock", "期限"),
            by_lamp("clock", "clocks_open", latest("clocks_open", "clock")),
            names=CLOCK_TITLES,
            span=12,
            height=12,
        ),
        rows(
            "按责任节点",
            ("node", "节点"),
            by_lamp("node", "clocks_late", latest("cases_open", "node")),
            names=node_names(),
            span=12,
            height=12,
        ),
        lines("期限指示灯", [(running, "{{lamp}}")], names=LAMPS, colours=LAMP_COLOURS, stacked=True),
    ]


def _orders() -> list[Any]:
    raised = none_if_counted(f"sum by (alert) (increase(supervision_alerts_total[{RISE}]))")
    return [
        bars("督办函", none_if_counted(latest("supervision_proposals", "status")), "{{status}}", names=ORDERS),
        lines("发出的提醒", [(raised, "{{alert}}")]),
        bars(
            "群众评价",
            none_if_counted("sum by (rated, rating) (case_ratings_total)"),
            "{{rated}} {{rating}}",
            about="进程启动以来收到的评价。",
        ),
    ]


def _stays() -> list[Any]:
    day = "1d"
    stay = [
        (unknown_if_none(quantile(0.5, "case_dwell_seconds", "level", window=day), MEASURED), "{{level}}"),
    ]
    handed = [
        (
            unknown_if_none(quantile(0.5, "case_handoff_seconds", "from_level", "to_level", window=day), MEASURED),
            "中位",
        ),
        (
            unknown_if_none(quantile(0.95, "case_handoff_seconds", "from_level", "to_level", window=day), MEASURED),
            "95%",
        ),
    ]
    return [
        lines("在各级停留（中位，近一天离开的件）", stay, unit="s", names=LEVELS),
        lines("交接用时（近一天）", handed, unit="s"),
    ]
