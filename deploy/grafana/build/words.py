"""The Chinese words for codes that stand in labels, from the tables where the rest of Lianxi reads them."""

from pathlib import Path

import yaml

from lianxi.law.clocks import CLOCKS
from services.routing.domain import piles

TOPOLOGY = Path(__file__).resolve().parents[2] / "xining" / "topology.yaml"
LAMPS = {"green": "正常", "yellow": "临期", "red": "超期"}
LAMP_COLOURS = {"green": "#3c9960", "yellow": "#e2a400", "red": "#cf2e26"}
STATE_GROUPS = {
    "new": "新收",
    "sent": "转送交办中",
    "handling": "办理中",
    "answered": "已答复",
    "review": "复查复核",
    "ended": "已结束",
}
CHANNELS = {"letter": "来信", "visit": "来访", "web": "网上", "phone": "来电", "fax": "传真"}
LEVELS = {"city": "市", "district": "区县", "township": "乡镇街道"}
KPIS = {
    "K-1": "信访部门及时受理率",
    "K-2": "责任单位及时受理率",
    "K-4": "按期答复率",
    "K-9": "及时转送率",
}
OUTCOMES = {
    "applied": "已处理",
    "duplicate": "重复(已丢弃)",
    "held": "等前序",
    "retrying": "重试",
    "parked": "搁置",
    "dead_lettered": "无法解读",
}
BATCHES = {"applied": "成功", "failed": "部分失败", "repeat": "整批重做"}
AREAS = {
    "accounts": "账号与人员",
    "agencies": "外部单位",
    "cases": "案件",
    "files": "附件",
    "machinery": "系统",
    "notices": "告知",
    "pages": "网页",
    "petitions": "信访人",
}
ORDERS = {
    "proposed": "待决定",
    "ordered": "已签发",
    "answered": "已反馈",
    "dismissed": "不予督办",
    "withdrawn": "已撤销",
}
FILES = {"checking": "待查毒", "here": "已存", "wanted": "待取回", "quarantined": "隔离", "erasing": "待删除"}
WISHES = {"waiting": "留在本节点", "sent": "已送持件节点"}
PILES = {pile.name: pile.label for pile in piles.PILES.values()}
CLOCK_TITLES = {str(code): rule.title for code, rule in CLOCKS.items()}


def node_names() -> dict[str, str]:
    """Return the names of the city's nodes by code; those below the city with their district before them."""
    nodes = yaml.safe_load(TOPOLOGY.read_text(encoding="utf-8"))["nodes"]
    names = {}
    for code, node in nodes.items():
        above = nodes.get(node.get("parent", ""), {})
        names[code] = f"{above['name']}·{node['name']}" if above.get("parent") else node["name"]
    return names
