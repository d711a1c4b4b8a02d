"""Unfinished or refused input as lines that a registrar can mend, and the mended lines as the body of a petition again.

Whatever was handed in is shown, value by value, under its path; only what a petition has a field for can be typed anew.
A value left empty was not said.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

WORDS: Mapping[str, str] = {
    "subject": "标题",
    "text": "请求、事实和理由",
    "petitioner.name": "姓名或名称",
    "petitioner.id_number": "公民身份号码",
    "petitioner.credit_code": "统一社会信用代码",
    "petitioner.phone": "联系电话",
    "petitioner.email": "电子邮箱",
    "petitioner.address": "住址",
    "petitioner.account": "原系统账号",
    "source_id": "原系统编号",
    "channel": "信访形式",
    "received_at": "收到时间",
    "posted_on": "邮戳日期",
    "division": "问题属地",
    "address_division": "住址区划",
    "anonymous": "匿名",
    "persons": "涉及人数",
    "representatives": "代表人数",
    "reception_place": "接待场所",
    "recording": "录音编号",
    "read_back": "记录已宣读",
    "stamp": "收文章编号",
    "purpose": "信访目的",
    "petition_class": "类别",
    "claims": "诉求项数",
    "same_matter_checked": "已核对是否重复",
}
LONG = 60
"""A text longer than this gets a box of several lines."""
LONGEST_WHOLE = 9


@dataclass(frozen=True, slots=True)
class Line:
    """One value: where it stands, what it is called, what it says, and as what it is typed."""

    path: str
    label: str
    value: str
    kind: str


def lines_of(content: Mapping[str, Any], allowed: frozenset[str], *wrong: str) -> list[Line]:
    """Return the values that can be mended, what is wrong first; a wrong one that was left out gets an empty line."""
    found = {path: value for path, value in _leaves(content) if path.partition(".")[0] in allowed}
    found |= dict.fromkeys((path for path in wrong if path in WORDS and path not in found), "")
    order = sorted(found, key=lambda path: (path not in wrong, path not in WORDS))
    return [_line(path, found[path]) for path in order]


def mended(content: Mapping[str, Any], typed: Mapping[str, str], lines: list[Line]) -> dict[str, Any]:
    """Return the body of the petition with what was typed in the place of what was there."""
    body: dict[str, Any] = {}
    before = dict(_leaves(content))
    for line in lines:
        value = _value(typed.get(line.path, ""), before.get(line.path), line.kind)
        if value is not None:
            _put(body, line.path.split("."), value)
    whole: dict[str, Any] = _listed(body)
    return whole


def _leaves(value: Any, path: str = "") -> list[tuple[str, Any]]:
    if isinstance(value, Mapping):
        return [
            leaf for name, inner in value.items() for leaf in _leaves(inner, f"{path}.{name}" if path else str(name))
        ]
    if isinstance(value, list | tuple):
        return [leaf for number, inner in enumerate(value) for leaf in _leaves(inner, f"{path}.{number}")]
    return [] if value is None else [(path, value)]


def _line(path: str, value: Any) -> Line:
    label = WORDS.get(path, path)
    if isinstance(value, bool):
        return Line(path, label, "yes" if value else "", "flag")
    text = str(value)
    long = path == "text" or len(text) > LONG or "\n" in text
    return Line(path, label, text, "long" if long else "text")


def _value(text: str, before: Any, kind: str) -> Any:
    if kind == "flag":
        return text == "yes"
    if not text.strip():
        return None
    whole = isinstance(before, int) and text.strip().isascii() and text.strip().isdigit()
    return int(text) if whole and len(text.strip()) <= LONGEST_WHOLE else text


def _put(body: dict[str, Any], path: list[str], value: Any) -> None:
    *outer, last = path
    for name in outer:
        inner = body.setdefault(name, {})
        if not isinstance(inner, dict):
            return  # a name with a dot in it, made by a program: it stands for no field of a petition
        body = inner
    body[last] = value


def _listed(value: Any) -> Any:
    """Turn objects whose names are numbers back into lists."""
    if not isinstance(value, dict):
        return value
    inner = {name: _listed(each) for name, each in value.items()}
    if inner and all(name.isascii() and name.isdigit() for name in inner):
        return [inner[name] for name in sorted(inner, key=int)]
    return inner
