"""The page for what comes in by letter, visit, call or fax: its boxes, what was typed as a petition, and back again."""

from collections.abc import Mapping
from typing import Any

from services.portal.domain.page_forms import BESIDE, body_of, typed_of
from services.portal.domain.page_forms import BOXES as PETITION_BOXES

BOXES = {
    "channel": "信访形式",
    "received_at": "收到时间",
    "reception_place": "接待场所",
    "recording": "录音编号",
    "posted_on": "邮戳日期",
    "stamp": "收文章编号",
    "read_back": "记录已宣读",
    "subject": "标题",
    "text": "请求、事实和理由",
    "claims": "逐项的诉求",
    "petitioner.name": "姓名或名称",
    "petitioner.phone": "联系电话",
    "petitioner.id_number": "公民身份号码",
    "petitioner.credit_code": "统一社会信用代码",
    "persons": "涉及人数",
    "representatives": "代表人数",
    "petitioner.address": "住址",
    "petitioner.email": "电子邮箱",
    "anonymous": "匿名",
    **{box: PETITION_BOXES[box] for box in BESIDE},
    "division": "问题属地",
    "competent_division": "有权处理机关所在地",
    "purpose": "信访目的",
    "petition_class": "事项类别",
    "category": "内容分类",
    "same_matter_checked": "已核对是否重复信访",
}
"""The boxes of the page, in its order, and what they are called."""
_TEXTS = (
    "channel",
    "reception_place",
    "recording",
    "posted_on",
    "received_at",
    "stamp",
    "competent_division",
    "purpose",
    "petition_class",
    "draft_id",
)
_FLAGS = ("read_back", "same_matter_checked")
_BESIDE_THE_FORM = frozenset({"registered_by", "submitted_at"})
"""What intake adds to what was handed in, and adds again."""


def entry_of(typed: Mapping[str, str]) -> dict[str, Any]:
    """Return what was entered as the body of a petition; what was left empty was not said."""
    body = body_of(typed)
    body |= {name: typed[name].strip() for name in _TEXTS if typed.get(name, "").strip()}
    body |= {name: True for name in _FLAGS if typed.get(name) == "yes"}
    if category := [part.strip() for part in typed.get("category", "").split("/") if part.strip()]:
        body["category"] = category
    if representatives := typed.get("representatives", "").strip():
        short = representatives.isascii() and representatives.isdigit() and len(representatives) < 3  # noqa: PLR2004
        body["representatives"] = int(representatives) if short else representatives
    return body


def boxes_of(typed: Mapping[str, str]) -> dict[str, str]:
    """Return what of a sent form is its content: the boxes that say something."""
    return {box: typed[box] for box in BOXES if typed.get(box, "").strip()}


def typed_again(content: Mapping[str, Any]) -> dict[str, str] | None:
    """Return a draft as it is typed into this page; None if the page would lose something of it."""
    typed = {name: text for name, text in typed_of(content).items() if name in BOXES and text}
    if all(name in BOXES for name in content) and all(isinstance(value, str) for value in content.values()):
        return typed
    return typed if _said(entry_of(typed)) == _said(content) else None


def _said(value: Any) -> Any:
    """Return a content without what was left empty and what intake adds by itself."""
    if isinstance(value, Mapping):
        inner = {name: _said(each) for name, each in value.items() if name not in _BESIDE_THE_FORM}
        return {name: each for name, each in inner.items() if each not in ("", None, False, {}, [])}
    return [_said(each) for each in value] if isinstance(value, list) else value
