"""What notify says in codes about its messages, for a clerk: channels, states, outcomes, reasons, addressees."""

import re
from collections.abc import Mapping

from services.portal.domain.accounts import AccountRole

CHANNELS: Mapping[str, str] = {"inbox": "站内消息", "mail": "电子邮件", "sms": "短信", "letter": "信函"}
STATES: Mapping[str, str] = {
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
OUTCOMES: Mapping[str, str] = {
    "sent": "已发出",
    "skipped": "没有地址",
    "later": "未成，稍后再试",
    "refused": "被拒绝",
    "down": "对方服务器不可用",
    "queued": "已交打印",
    "postponed": "推迟发送",
    "unsure": "可能已发出",
}
REASONS: Mapping[str, str] = {
    "no-address": "没有可用的地址",
    "bad-address": "地址格式不正确",
    "dead-address": "此前证实该地址无人接收",
    "intake-unreachable": "暂时取不到联系方式",
    "petitioner-unknown": "联系方式尚未到达本节点",
    "no-mail-server": "本节点没有配置邮件服务器",
    "quiet-hours": "夜间不打扰，早上发送",
    "limit": "一天内通知已多，稍后发送",
    "undelivered": "回执说明无人收到",
    "no-receipt": "一直没有回执，不再查询",
    "may-have-taken": "短信网关可能已收下，等待回执",
    "returned": "被邮局退回",
    "sms-answer-unreadable": "短信网关的答复无法读取",
    "sms-gateway-away": "短信网关暂时不可用",
    "sms-gateway-removed": "原来的短信网关已停用",
    "sms-not-taken": "短信网关没有收到，改由下一个网关发送",
    "sms-no-gateway": "没有可用的短信网关",
    "sms-no-such-number": "号码不存在",
    "sms-refused": "短信网关拒绝",
}
_CODED = re.compile(r"(smtp|sms)[- ](\d{3})\b")
_UNREACHABLE = re.compile(r"(smtp|sms|mail)[- ](unreachable|broken)")


def reason_in_words(code: str) -> str:
    """Return why a message is where it is; a code nobody has words for is shown as it is."""
    if code in REASONS:
        return REASONS[code]
    if found := _CODED.match(code):
        return f"{'邮件服务器' if found[1] == 'smtp' else '短信网关'}答复{found[2]}"
    if found := _UNREACHABLE.match(code):
        return f"{'短信网关' if found[1] == 'sms' else '邮件服务器'}无法连接"
    return code


def addressee_in_words(letter: str) -> str:
    """Return whom a message is for, by the letter of the rule book."""
    if letter == "P":
        return "信访人"
    return next(
        (role.label for role in AccountRole if role.acts_as is not None and role.acts_as.value == letter), letter
    )
