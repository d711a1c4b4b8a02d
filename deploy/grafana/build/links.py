"""Links and machinery: numbers on each link, queues, handling, calls, outboxes, pages, pools, clocks."""

from typing import Any

from grafana_foundation_sdk.builders import dashboard

from deploy.grafana.build.panels import BAD_IF_ANY, GREEN, RED, YELLOW, Column, blank, lines, number, rows
from deploy.grafana.build.queries import latest, none_if_counted, quantile, unknown_if_none
from deploy.grafana.build.words import AREAS, BATCHES, OUTCOMES, node_names

RISE = "$__rate_interval"


def build() -> Any:
    """Return the dashboard."""
    board = blank("links", "链路与机器", "上下级链路的序号与心跳，消息、队列、调用、页面、数据库。", span="now-6h")
    for panel in (*_now(), *_links()):
        board = board.with_panel(panel)
    for title, panels in (
        ("上报", _told()),
        ("队列", _queues()),
        ("发送", _sending()),
        ("调用、页面、数据库", _rest()),
    ):
        board = board.with_row(dashboard.Row(title))
        for panel in panels:
            board = board.with_panel(panel)
    return board


def _now() -> list[Any]:
    return [
        number("断开的消费者", "count(bus_connected == 0) or 0 * count(bus_connected)", steps=BAD_IF_ANY),
        number("断开的转发进程", "count(relay_connected == 0) or 0 * count(relay_connected)", steps=BAD_IF_ANY),
        number("搁置消息", "sum(bus_parked)", steps=BAD_IF_ANY),
        number("无处可投", "sum(outbox_unroutable)", steps=BAD_IF_ANY),
        number("最久待发", "max(outbox_oldest_age_seconds)", unit="s", steps=((None, GREEN), (30, YELLOW), (120, RED))),
        number(
            "最大时钟偏差", "max(abs(clock_drift_seconds))", unit="s", steps=((None, GREEN), (5, YELLOW), (30, RED))
        ),
    ]


def _links() -> list[Any]:
    unacked = "max by (peer) (link_outbox_last_seq - link_outbox_acked_seq)"
    columns = [
        Column("世代", latest("link_epoch", "peer")),
        Column("已编号", latest("link_outbox_last_seq", "peer")),
        Column("已确认", latest("link_outbox_acked_seq", "peer")),
        Column("未确认", unacked, steps=((None, GREEN), (100, YELLOW), (1000, RED))),
        Column("最久未确认", latest("link_outbox_oldest_unacked_seconds", "peer"), "s", ((None, GREEN), (60, RED))),
        Column("期待序号", latest("link_inbox_next_seq", "peer")),
        Column("等前序", latest("link_inbox_held", "peer"), steps=((None, GREEN), (1, YELLOW))),
        Column("心跳", latest("link_peer_heartbeat_age_seconds", "peer"), "s", ((None, GREEN), (60, RED)), decimals=0),
    ]
    beat = "max by (peer, dir) (link_peer_heartbeat_age_seconds)"
    again = none_if_counted(f"sum by (peer) (rate(link_inbox_duplicates_total[{RISE}]))", "count(link_epoch)")
    resent = none_if_counted(f"sum by (peer) (rate(link_resent_total[{RISE}]))", "count(link_epoch)")
    odd = [
        (f"sum by (peer) (increase(link_inbox_overflow_total[{RISE}]))", "放不下 {{peer}}"),
        (f"sum by (peer) (increase(link_inbox_stale_total[{RISE}]))", "旧世代 {{peer}}"),
        (f"sum by (peer, outcome) (increase(link_replayed_total[{RISE}]))", "归还 {{peer}} {{outcome}}"),
    ]
    refused = none_if_counted(f"sum by (peer, reason) (increase(link_refused_total[{RISE}]))", "count(link_epoch)")
    failed = none_if_counted(f"sum by (peer, code) (increase(link_quarantined_total[{RISE}]))", "count(link_epoch)")
    return [
        rows("链路", ("peer", "对端"), columns, names=node_names(), height=10),
        lines("心跳距今", [(beat, "{{peer}} {{dir}}")], unit="s"),
        lines("未确认帧", [(unacked, "{{peer}}")]),
        lines("重发与重复", [(resent, "重发 {{peer}}"), (again, "重复 {{peer}}")], unit="ops"),
        lines("拒收与隔离", [(refused, "拒收 {{peer}} {{reason}}"), (failed, "隔离 {{peer}} {{code}}")]),
        lines("丢弃与归还", odd, about="放不下、旧世代的帧由对方重发；归还是恢复备份后上下级补发的帧。"),
    ]


def _told() -> list[Any]:
    """What nodes say of their own machinery: all there is of a node that Prometheus cannot ask."""
    works = {"0": ("断开", RED), "1": ("正常", GREEN)}
    columns = [
        Column("不能工作", latest("node_unwell", "node"), steps=BAD_IF_ANY, decimals=0),
        Column("转发进程", latest("node_relay_connected", "node"), words=works, decimals=0),
        Column("消费者", latest("node_consumers_connected", "node"), words=works, decimals=0),
        Column(
            "最久待发", latest("node_outbox_oldest_age_seconds", "node"), "s", ((None, GREEN), (300, RED)), decimals=0
        ),
        Column("巡查滞后", latest("node_oldest_due_seconds", "node"), "s", ((None, GREEN), (60, RED)), decimals=0),
        Column(
            "最久未确认",
            latest("node_link_oldest_unacked_seconds", "node"),
            "s",
            ((None, GREEN), (600, RED)),
            decimals=0,
        ),
        Column("搁置", latest("node_parked", "node"), steps=BAD_IF_ANY, decimals=0),
    ]
    about = (
        "节点自己上报的机器状况，供无法直接抓取（路由器后面）的节点查看；“不能工作”为部分数。"
        "乡镇街道的细目由其区县节点提供，未提供时显示“—”。"
    )
    refused = f"sum(increase(node_snapshots_refused_total[{RISE}]))"
    return [
        rows("上报的机器状况", ("node", "节点"), columns, names=node_names(), about=about, height=12),
        lines("不合规的上报", [(refused, "拒收的上报")]),
    ]


def _queues() -> list[Any]:
    outcomes = none_if_counted(f"sum by (outcome) (rate(bus_messages_total[{RISE}]))", "count(bus_connected)")
    handled = unknown_if_none(quantile(0.95, "bus_handle_seconds", "service"), "count(bus_connected)")
    messages = f"sum by (service) (rate(bus_messages_total[{RISE}]))"
    sizes = unknown_if_none(f"{messages} / sum by (service) (rate(bus_batches_total[{RISE}])) ", "count(bus_connected)")
    batches = none_if_counted(f"sum by (outcome) (rate(bus_batches_total[{RISE}]))", "count(bus_connected)")
    return [
        lines("消息", [(outcomes, "{{outcome}}")], unit="ops", names=OUTCOMES),
        lines("处理用时（95%）", [(handled, "{{service}}")], unit="s"),
        lines("每批条数（平均）", [(sizes, "{{service}}")]),
        lines("批次", [(batches, "{{outcome}}")], unit="ops", names=BATCHES),
        lines(
            "没有通过的消息",
            [
                ("sum(bus_parked)", "搁置"),
                ("sum(bus_retrying)", "重试"),
                ("sum(bus_held)", "等前序"),
                ("sum(routing_wishes_unsettled)", "移交后未办的要求"),
            ],
        ),
    ]


def _sending() -> list[Any]:
    confirmed = unknown_if_none(quantile(0.95, "relay_confirm_seconds"), "count(relay_connected)")
    sent = none_if_counted(f"sum by (schema, outcome) (rate(relay_messages_total[{RISE}]))", "count(relay_connected)")
    pruned = none_if_counted(f"sum by (schema) (rate(bus_pruned_total[{RISE}]))", "count(outbox_depth)")
    return [
        lines("待发消息", [("sum by (schema) (outbox_depth)", "{{schema}}")]),
        lines("最久待发", [("max by (schema) (outbox_oldest_age_seconds)", "{{schema}}")], unit="s"),
        lines("已发", [(sent, "{{schema}} {{outcome}}")], unit="ops"),
        lines("代理确认用时（95%）", [(confirmed, "确认")], unit="s"),
        lines("到期清理", [(pruned, "{{schema}}")], unit="ops"),
    ]


def _rest() -> list[Any]:
    called = unknown_if_none(quantile(0.95, "bus_rpc_seconds", "service"), "count(bus_connected)")
    failed = none_if_counted(
        f'sum by (service, side, outcome) (rate(bus_calls_total{{outcome!="answered"}}[{RISE}]))',
        "count(bus_connected)",
    )
    pages = unknown_if_none(quantile(0.95, "portal_request_seconds", "area"), "count(process_start_time_seconds)")
    asked = none_if_counted(
        f"sum by (area, class) (rate(portal_requests_total[{RISE}]))", "count(process_start_time_seconds)"
    )
    refused = none_if_counted(
        f"sum by (status) (rate(portal_refused_total[{RISE}]))", "count(process_start_time_seconds)"
    )
    return [
        lines("调用用时（95%）", [(called, "{{service}}")], unit="s"),
        lines("没有答复的调用", [(failed, "{{service}} {{side}} {{outcome}}")], unit="ops"),
        lines("页面和接口用时（95%）", [(pages, "{{area}}")], unit="s", names=AREAS),
        lines("页面和接口请求", [(asked, "{{area}} {{class}}")], unit="ops"),
        lines("拒绝的请求", [(refused, "{{status}}")], unit="ops"),
        lines("数据库连接", [("sum by (schema, state) (database_pool_connections)", "{{schema}} {{state}}")]),
        lines("时钟偏差", [("max by (instance) (clock_drift_seconds)", "{{instance}}")], unit="s"),
        lines("内存", [("sum by (instance) (process_resident_memory_bytes)", "{{instance}}")], unit="bytes"),
    ]
