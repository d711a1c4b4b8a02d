"""The bodies of calls, read once into the values the use cases speak in; what cannot be meant is refused by field."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from lianxi.casework.errors import Invalid
from lianxi.casework.identifiers import CaseNumber, DivisionCode, UnitCode
from lianxi.casework.languages import CHINESE, LANGUAGES
from lianxi.casework.messages.facts import Actor, Role, ServiceMethod
from lianxi.contracts.schemas import load
from services.notify.domain.agencies import AgencyChange, Grant
from services.notify.domain.choices import CHOICES, Choice
from services.notify.domain.questions import (
    LONGEST_PAGE,
    PAGE,
    InboxQuery,
    LetterNews,
    MarkRead,
    Paging,
    SendAgain,
    ServiceNews,
)
from services.notify.domain.rules import Channel

_LONGEST_NAME = 100
_LONGEST_NOTE = 500
_MOST_LETTERS = 50
_MOST_EVENTS = 500
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


def choice(body: Mapping[str, Any]) -> Choice:
    """Read `{case_no, channels, language?, electronic?, chosen_by?}`."""
    given = body.get("channels")
    offered = {channel.value for channel in CHOICES}
    if not isinstance(given, list) or not all(isinstance(word, str) and word in offered for word in given):
        raise Invalid("channels", "choice", f"通知方式应从以下各项中选择：{'、'.join(sorted(offered))}。")
    language = body.get("language") or ""
    if language not in {"", *LANGUAGES}:
        raise Invalid("language", "choice", f"语言应为以下之一：{'、'.join(LANGUAGES)}。")
    return Choice(
        case_no=case_number(body),
        channels=tuple(dict.fromkeys(Channel(word) for word in given)),
        language="" if language == CHINESE else str(language),
        electronic=body.get("electronic") is True,
        chosen_by=_name(body, "chosen_by") or "petitioner",
    )


def preview(body: Mapping[str, Any]) -> tuple[str, str]:
    """Read `{case_no, rule}`."""
    return case_number(body), _name(body, "rule")


def letters(body: Mapping[str, Any]) -> tuple[str, Paging]:
    """Read `{state?, after?, limit?}`."""
    return _name(body, "state") or "queued", paging(body)


def letter_ids(body: Mapping[str, Any]) -> tuple[tuple[str, ...], str, Actor]:
    """Read `{ids, format?, actor}`."""
    ids = body.get("ids")
    if (
        not isinstance(ids, list)
        or not 1 <= len(ids) <= _MOST_LETTERS
        or not all(isinstance(each, str) for each in ids)
    ):
        raise Invalid("ids", "print", f"一次可打印1至{_MOST_LETTERS}封信函。")
    return tuple(dict.fromkeys(ids)), _name(body, "format") or "html", actor(body)


def letter_news(body: Mapping[str, Any]) -> LetterNews:
    """Read `{id, on, tracking_no?, note?, actor}`."""
    return LetterNews(
        id=_name(body, "id"),
        actor=actor(body),
        on=day(body, "on"),
        tracking_no=_name(body, "tracking_no"),
        note=_name(body, "note", _LONGEST_NOTE),
    )


def service_news(body: Mapping[str, Any]) -> ServiceNews:
    """Read `{case_no, number, on, method?, tracking_no?, note?, actor}`."""
    method = body.get("method")
    if method is not None and method not in list(ServiceMethod):
        raise Invalid("method", "choice", "送达方式应为以下之一：" + "、".join(ServiceMethod) + "。")
    return ServiceNews(
        case_no=case_number(body),
        number=_name(body, "number"),
        actor=actor(body),
        on=day(body, "on"),
        method=ServiceMethod(method) if method else None,
        tracking_no=_name(body, "tracking_no"),
        note=_name(body, "note", _LONGEST_NOTE),
    )


def unserved(body: Mapping[str, Any]) -> tuple[str, int]:
    """Read `{after?, limit?}`; `after` is as it was handed out."""
    return _name(body, "after"), paging({"limit": body.get("limit")}).limit


def actor(body: Mapping[str, Any]) -> Actor:
    """Read `actor`."""
    return load(MarkRead, {"id": "", "actor": body.get("actor")}).actor


def day(body: Mapping[str, Any], field: str) -> date:
    """Read a day."""
    try:
        return date.fromisoformat(str(body.get(field, "")))
    except ValueError:
        raise Invalid(field, "date", "日期应写成“2026-03-02”这样的形式。") from None


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


def _name(body: Mapping[str, Any], field: str, longest: int = _LONGEST_NAME) -> str:
    """Read an id or a short text; "" when it is not given."""
    given = body.get(field)
    if given is None:
        return ""
    if not isinstance(given, str) or len(given) > longest or "\0" in given:
        raise Invalid(field, "text", f"应当是不超过{longest}个字符的文字。")
    return given


def agency_grant(body: Mapping[str, Any]) -> tuple[Grant, str]:
    """Read `{grant: {name, …}, by}`."""
    return load(Grant, body.get("grant"), within="grant"), _name(body, "by")


def agency_named(body: Mapping[str, Any]) -> str:
    """Read `{name?}`."""
    return _name(body, "name")


def agency_change(body: Mapping[str, Any]) -> AgencyChange:
    """Read `{name, action, after?, by}`."""
    after = None if body.get("after") is None else cursor(body)
    return AgencyChange(name=_name(body, "name"), action=_name(body, "action"), by=_name(body, "by"), after=after)


def agency_login(body: Mapping[str, Any]) -> str:
    """Read `{login}`."""
    return _name(body, "login")


def agency_units(body: Mapping[str, Any]) -> tuple[str, list[str]]:
    """Read `{login, units}`."""
    units = body.get("units")
    if not isinstance(units, list):
        raise Invalid("units", "list", "应为单位代码的列表。")
    return agency_login(body), [str(UnitCode.parse(unit, "units")) for unit in units]


def cursor(body: Mapping[str, Any]) -> int:
    """Read `after`, the number of the last event the agency has."""
    after = body.get("after", 0)
    if isinstance(after, bool) or not isinstance(after, int) or not 0 <= after <= _LARGEST_POSITION:
        raise Invalid("after", "range", "游标应为不小于0的整数。")
    return after


def agency_page(body: Mapping[str, Any]) -> tuple[str, int, int]:
    """Read `{login, after?, limit?}`."""
    limit = body.get("limit", PAGE)
    if isinstance(limit, bool) or not isinstance(limit, int) or not 1 <= limit <= _MOST_EVENTS:
        raise Invalid("limit", "range", f"每页条数应在1至{_MOST_EVENTS}之间。")
    return agency_login(body), cursor(body), limit
