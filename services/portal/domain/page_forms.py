"""From what a petitioner typed into the page to the body of a petition: one line per claim and per co-signer.

A page without scripts has no rows to add, so lists are written line by line: a claim as it is, a co-signer as name,
telephone and address with commas or blanks between, and an asterisk for a representative.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from lianxi.casework.errors import Invalid

BOXES: Mapping[str, str] = {
    "subject": "标题",
    "text": "请求、事实和理由",
    "claims": "逐项诉求",
    "division": "问题发生在哪里",
    "persons": "涉及人数",
    "petitioner.name": "姓名或单位名称",
    "petitioner.phone": "联系电话",
    "petitioner.id_number": "公民身份号码",
    "petitioner.credit_code": "统一社会信用代码",
    "petitioner.address": "住址",
    "petitioner.email": "电子邮箱",
    "anonymous": "匿名提出",
    "co_signers": "联名人",
    "agent.name": "代理人姓名",
    "agent.phone": "代理人电话",
    "agent.id_number": "代理人身份号码",
    "agent.authority": "授权",
    "notice.channels": "优先用哪种方式",
    "notice.language": "通知的语言",
    "notice.electronic": "同意以电子方式送达文书",
}
"""The boxes of the page, in its order, and what they are called."""
BESIDE = ("co_signers", "agent.name", "agent.phone", "agent.id_number", "agent.authority")
"""The boxes of who stands beside the petitioner, on every page that asks for them."""
PLAIN = ("subject", "text", "division", "draft_code", "reject_id")
NEEDED = ("subject", "text", "petitioner.name", "petitioner.address")
PETITIONER = ("name", "id_number", "credit_code", "phone", "email", "address")
AGENT = ("name", "id_number", "phone", "authority")
MOST_LINES = 1000
_BETWEEN = re.compile(r"[,，;；、\t ]+")
_NUMBER = re.compile(r"\+?[\d()（）-]{5,20}", re.ASCII)
_WORDS = re.compile(r"\s*[（(]?代表[）)]?\s*$|[*＊]")
LONGEST_COUNT = 6


def left_empty(typed: Mapping[str, str]) -> list[str]:
    """Return the boxes that must be filled in and were not; who stays anonymous need not say who it is."""
    needed = NEEDED[:2] if typed.get("anonymous") == "yes" else NEEDED
    return [box for box in needed if not typed.get(box, "").strip()]


def by_box(messages: Mapping[str, str], boxes: Iterable[str]) -> dict[str, str]:
    """Return what is wrong by the boxes of a page, in its order; what belongs to no box comes last.

    A fault inside a box stands at the box, one of a group at the first box of the group.
    """
    places = {box: place for place, box in enumerate(boxes)}
    found: dict[str, str] = {}
    for path, message in messages.items():
        found.setdefault(_box_of(path, places), message)
    return dict(sorted(found.items(), key=lambda entry: places.get(entry[0], len(places))))


def in_lists(messages: Mapping[str, str]) -> dict[str, str]:
    """Return the messages by the boxes of a page: a fault in one line stands at its box and names the line."""
    found: dict[str, str] = {}
    for path, message in messages.items():
        box, *rest = path.split(".")
        if box in {"co_signers", "claims"} and rest and rest[0].isdigit():
            found.setdefault(box, f"第{int(rest[0]) + 1}行：{message}")
        else:
            found.setdefault(path, message)
    return found


def _box_of(path: str, boxes: Iterable[str]) -> str:
    own = (box for box in boxes if path == box or path.startswith(f"{box}.") or box.startswith(f"{path}."))
    return next(own, path)


def body_of(typed: Mapping[str, str]) -> dict[str, Any]:
    """Return the form as the body of a petition; what was left empty was not said."""
    given = {name: text for name, text in typed.items() if text.strip()}
    body: dict[str, Any] = {name: given[name] for name in PLAIN if name in given}
    body["petitioner"] = {name: given[f"petitioner.{name}"] for name in PETITIONER if f"petitioner.{name}" in given}
    if typed.get("anonymous") == "yes":
        body["anonymous"] = True
    if "persons" in given:
        body["persons"] = _count(given["persons"])
    if claims := [{"text": line} for line in _lines(given.get("claims", ""), "claims")]:
        body["claims"] = claims
    if signers := [_signer(line) for line in _lines(given.get("co_signers", ""), "co_signers")]:
        body["co_signers"] = signers
    if notice := _notice(given):
        body["notice"] = notice
    agent = {name: given[f"agent.{name}"] for name in AGENT if f"agent.{name}" in given}
    if agent:
        body["agent"] = agent
    return body


def _notice(given: Mapping[str, str]) -> dict[str, Any]:
    """Return what was chosen of being told; the channel chosen goes before the others, none is taken away."""
    notice: dict[str, Any] = {"channels": [given["notice.channels"]]} if "notice.channels" in given else {}
    if "notice.language" in given:
        notice["language"] = given["notice.language"]
    if given.get("notice.electronic") == "yes":
        notice["electronic"] = True
    return notice


def handed_in(typed: Mapping[str, str], read: Callable[[Mapping[str, str]], dict[str, Any]]) -> dict[str, Any]:
    """Return a refused form as it is kept: as the page `read` it, or box by box where it cannot be read."""
    try:
        return read(typed)
    except Invalid:
        return {name: text for name, text in typed.items() if name.partition(".")[0] in _TOPS and text.strip()}


_TOPS = frozenset(box.partition(".")[0] for box in BOXES)


def typed_of(content: Mapping[str, Any]) -> dict[str, str]:
    """Return a draft as it is typed into the form again; what the form has no place for is left out.

    A draft of a page holds its boxes; one that a program saved holds a petition.
    """
    typed = {str(name): text for name, value in content.items() if (text := _typed(value)) is not None}
    for group in ("petitioner", "agent", "notice"):
        inner = content.get(group)
        if isinstance(inner, Mapping):
            typed |= {f"{group}.{name}": text for name, value in inner.items() if (text := _typed(value)) is not None}
    for box, line_of in (("claims", _claim_line), ("co_signers", _signer_line)):
        rows = content.get(box)
        if isinstance(rows, list) and all(isinstance(row, Mapping) for row in rows):
            typed[box] = "\n".join(line_of(row) for row in rows)
    return typed


def _typed(value: Any) -> str | None:
    """Return a single value as it stands in its box; None for what is no single value."""
    if isinstance(value, bool):
        return "yes" if value else ""
    if isinstance(value, list) and all(isinstance(part, str) for part in value):
        return "/".join(value)
    return str(value) if isinstance(value, str | int) else None


def _claim_line(claim: Mapping[str, Any]) -> str:
    return str(claim.get("text", ""))


def _signer_line(signer: Mapping[str, Any]) -> str:
    parts = [str(signer[part]) for part in ("name", "phone", "address") if signer.get(part)]
    return "，".join(parts) + ("*" if signer.get("representative") else "")


def _lines(text: str, field: str) -> list[str]:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if len(lines) > MOST_LINES:
        raise Invalid(field, "list", f"最多{MOST_LINES}行，现有{len(lines)}行。")
    return lines


def _signer(line: str) -> dict[str, Any]:
    marked = bool(_WORDS.search(line))
    name, *rest = [part for part in _BETWEEN.split(_WORDS.sub("", line).strip()) if part] or [""]
    signer: dict[str, Any] = {"name": name}
    if rest and _NUMBER.fullmatch(unicodedata.normalize("NFKC", rest[0])):
        signer["phone"] = rest.pop(0)
    if rest:
        signer["address"] = " ".join(rest)
    return signer | ({"representative": True} if marked else {})


def _count(text: str) -> int | str:
    narrow = unicodedata.normalize("NFKC", text).strip()
    return int(narrow) if narrow.isascii() and narrow.isdigit() and len(narrow) <= LONGEST_COUNT else text
