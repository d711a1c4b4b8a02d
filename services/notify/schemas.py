"""The bodies of calls, read once into the values the use cases speak in; what cannot be meant is refused by field."""

from collections.abc import Mapping
from typing import Any

from lianxi.casework.errors import Invalid
from lianxi.casework.identifiers import CaseNumber, DivisionCode, UnitCode
from lianxi.casework.messages.facts import Role
from lianxi.contracts.schemas import load
from services.notify.domain.questions import LONGEST_PAGE, PAGE, InboxQuery, MarkRead, Paging, SendAgain

_LONGEST_NAME = 100
_LARGEST_POSITION = 2**63 - 1


def inbox_query(body: Mapping[str, Any]) -> InboxQuery:
    """Read `{node, role, unit?, person?, after?, limit?}`."""
    role = body.get("role")
    if role not in list(Role):
        raise Invalid("role", "choice", "岗位代码应为以下之一：" + "、".join(Role) + "。")
    unit = body.get("unit") or ""
    return InboxQuery(
        node=str(DivisionCode.parse(body.get("node", ""), "node")),
        role=str(role),
        unit=str(UnitCode.parse(unit, "unit")) if unit else "",
        person=_name(body, "person"),
        paging=paging(body),
    )


def mark_read(body: Mapping[str, Any]) -> MarkRead:
    """Read `{id, actor}`."""
    return load(MarkRead, {**body, "id": _name(body, "id")})


def send_again(body: Mapping[str, Any]) -> SendAgain:
    """Read `{id, actor}`."""
    return load(SendAgain, {**body, "id": _name(body, "id")})


def case_number(body: Mapping[str, Any]) -> str:
    """Read `{case_no}`."""
    return str(CaseNumber.parse(body.get("case_no", ""), "case_no"))


def paging(body: Mapping[str, Any]) -> Paging:
    """Read `{after?, limit?}`."""
    after, limit = body.get("after"), body.get("limit")
    limit = PAGE if limit is None else limit
    if type(limit) is not int or not 1 <= limit <= LONGEST_PAGE:
        raise Invalid("limit", "paging", f"每页条数应在1至{LONGEST_PAGE}之间。")
    if after is None or after == "":
        return Paging(None, limit)
    text = str(after)
    if not (text.isascii() and text.isdigit() and int(text) <= _LARGEST_POSITION):
        raise Invalid("after", "cursor", "翻页标记无效，请从第一页重新查询。")
    return Paging(int(text), limit)


def _name(body: Mapping[str, Any], field: str) -> str:
    """Read an id; "" when it is not given."""
    given = body.get(field)
    if given is None:
        return ""
    if not isinstance(given, str) or len(given) > _LONGEST_NAME or "\0" in given:
        raise Invalid(field, "text", f"应当是不超过{_LONGEST_NAME}个字符的文字。")
    return given
