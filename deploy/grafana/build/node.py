"""One node, chosen at the top: its work, its lamps and what its processes last said of themselves."""

from typing import Any

from grafana_foundation_sdk.builders import dashboard
from grafana_foundation_sdk.models import dashboard as model

from deploy.grafana.build.panels import BAD_IF_ANY, GREEN, RED, SOURCE, YELLOW, bars, blank, lines, number
from deploy.grafana.build.queries import MEASURED, latest, none_if_counted, unknown_if_none
from deploy.grafana.build.words import CHANNELS, FILES, LAMP_COLOURS, LAMPS, PILES, STATE_GROUPS, WISHES

OURS = 'node="$node"'
ASKED = 'exporter="$node"'
"""Of a node whose own processes are asked; the label comes from the list of targets."""
RISE = "$__rate_interval"
SPOKE = f"time() - (max(node_snapshot_timestamp_seconds{{{OURS}}}) > 0)"


def build() -> Any:
    """Return the dashboard."""
    board = blank("node", "节点", "一个节点的工作和机器状况；数据由该节点每30秒上报一次。").with_variable(
        dashboard.QueryVariable("node")
        .label("节点")
        .datasource(SOURCE)
        .query({"query": "label_values(node_snapshot_timestamp_seconds, node)", "refId": "nodes"})
        .refresh(model.VariableRefresh.ON_TIME_RANGE_CHANGED)
        .sort(model.VariableSort.ALPHABETICAL_ASC)
        .current(model.VariableOption(text="630100", value="630100"))
    )
    for panel in (*_said(), *_work()):
        board = board.with_panel(panel)
    board = board.with_row(dashboard.Row("机器"))
    for panel in _machinery():
        board = board.with_panel(panel)
    board = board.with_row(dashboard.Row("待办与登记（直接抓取的节点）"))
    for panel in _asked():
        board = board.with_panel(panel)
    return board


def _one(metric: str) -> str:
    return latest(metric, where=OURS)


def _said() -> list[Any]:
    drift = ((None, GREEN), (5, YELLOW), (30, RED))
    return [
        number("上报距今", SPOKE, unit="s", steps=((None, GREEN), (120, RED)), about="超过两分钟即为失联。"),
        number("最近心跳", _one("node_link_heartbeat_age_seconds"), unit="s", steps=((None, GREEN), (60, RED))),
        number("待分办", _one("node_waiting_cases")),
        number("最久待分办", _one("node_waiting_oldest_seconds"), unit="s"),
        number("已超期期限", none_if_counted(latest("clocks_late", where=f'{OURS}, lamp="red"')), steps=BAD_IF_ANY),
        number("搁置消息", _one("node_parked"), steps=BAD_IF_ANY),
        number("未确认帧", _one("node_link_unacked")),
        number("交接待答复", _one("node_offers_waiting")),
        number("时钟偏差", _one("node_clock_drift_seconds"), unit="s", steps=drift),
        number("告知未送", _one("node_notices_waiting")),
        number("告知失败", _one("node_notices_dead"), steps=BAD_IF_ANY),
        number("规则有误", _one("node_rulebook_bad"), steps=BAD_IF_ANY, about="1 表示新规则文件有误，仍用旧规则。"),
        number("恢复中", _one("node_recovering"), steps=BAD_IF_ANY, about="1 表示从备份恢复后，正向上下级取回记录。"),
    ]


def _work() -> list[Any]:
    still_open = none_if_counted(latest("cases_open", where=OURS))
    groups = unknown_if_none(latest("cases", "state_group", where=OURS), MEASURED)
    lamps = none_if_counted(latest("clocks_late", "lamp", where=OURS))
    untouched = unknown_if_none(latest("contact_untouched_oldest_seconds", where=OURS), MEASURED)
    own = "乡镇街道的各阶段件数由其区县节点提供。"
    return [
        lines("在办", [(still_open, "在办")]),
        lines("本节点的件", [(groups, "{{state_group}}")], names=STATE_GROUPS, stacked=True, about=own),
        lines("超期和临期的期限", [(lamps, "{{lamp}}")], names=LAMPS, colours=LAMP_COLOURS, stacked=True),
        lines("等待", [(_one("node_waiting_oldest_seconds"), "最久待分办"), (untouched, "最久未动来件")], unit="s"),
        lines("链路", [(_one("node_link_unacked"), "未确认帧"), (_one("node_link_held"), "等前序的帧")]),
    ]


def _machinery() -> list[Any]:
    return [
        lines("待发消息", [(_one("node_outbox_depth"), "条数"), (_one("node_outbox_unroutable"), "无处可投")]),
        lines("最久待发", [(_one("node_outbox_oldest_age_seconds"), "秒")], unit="s"),
        lines(
            "异常消息",
            [
                (_one("node_parked"), "搁置"),
                (_one("node_retrying"), "重试"),
                (_one("node_held"), "等前序"),
            ],
        ),
        lines(
            "连接（1 为正常）",
            [(_one("node_relay_connected"), "转发进程"), (_one("node_consumers_connected"), "消费者")],
        ),
        lines("期限巡查滞后", [(_one("node_oldest_due_seconds"), "最久未处理")], unit="s"),
        lines(
            "上报延迟",
            [(_one("node_snapshot_delay_seconds"), "路途和时钟差")],
            unit="s",
        ),
    ]


def _asked() -> list[Any]:
    def now(metric: str, *labels: str) -> str:
        return latest(metric, *labels, where=ASKED)

    taken = f"sum by (channel) (increase(intake_contacts_registered_total{{{ASKED}}}[{RISE}]))"
    refused = f"sum by (rule) (increase(intake_rejects_total{{{ASKED}}}[{RISE}]))"
    return [
        bars("待办", now("routing_pile_cases", "pile"), "{{pile}}", names=PILES),
        lines("各类待办最久等待", [(now("routing_pile_oldest_seconds", "pile"), "{{pile}}")], unit="s", names=PILES),
        lines("移交途中所提要求", [(now("routing_wishes", "state"), "{{state}}")], names=WISHES),
        lines(
            "移交未获答复最久",
            [
                (now("routing_custody_offer_oldest_seconds"), "案件移交"),
                (now("routing_wish_oldest_seconds"), "途中要求"),
            ],
            unit="s",
        ),
        lines("登记", [(taken, "{{channel}}")], names=CHANNELS),
        lines("不予登记的提交", [(refused, "{{rule}}")]),
        lines("附件", [(now("portal_files", "state"), "{{state}}")], names=FILES),
    ]
