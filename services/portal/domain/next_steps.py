"""For what a case waits, by its state: told to whoever has nothing to do with it now, instead of an empty page."""

from collections.abc import Mapping
from typing import Any

WAITS_FOR: Mapping[str, str] = {
    "S00": "登记人员登记",
    "S01": "登记人员登记",
    "S02": "分办人员决定去向（转送、交办、引导等）",
    "S03": "分办人员按批示办理",
    "S04": "对方节点签收",
    "S05": "对方节点签收",
    "S06": "收到事项的单位决定是否受理，或者提出异议",
    "S07": "转送机关的分办人员审核异议",
    "S08": "争议各方协商，或者由上一级指定、联席会议协调",
    "S09": "信访人补正，登记人员或者承办人登记补正材料",
    "S10": "承办人分类",
    "S11": "承办人办理，并提交处理意见书稿",
    "S12": "单位负责人签署听证笔录",
    "S13": "承办人登记调解、和解的结果",
    "S14": "单位负责人审签处理意见书",
    "S15": "承办人送达处理意见书",
    "S16": "信访人在期限内申请复查，或者承办人提交办结报告",
    "S30": "复查人员决定是否受理复查申请",
    "S31": "复查人员作出复查决定",
    "S40": "复核人员决定是否受理复核申请",
    "S41": "复核人员作出复核决定",
    "S42": "复核人员签署听证笔录",
    "S50": "分办人员审核办结报告",
    "S51": "承办人补充办理，并重新提交办结报告",
}


def waits_for(view: Mapping[str, Any]) -> str:
    """Return for whom a case waits, "" where nothing is to be done any more."""
    return "对方节点签收" if view.get("transfer") else WAITS_FOR.get(str(view.get("state")), "")
