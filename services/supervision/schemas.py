"""The bodies of calls, read once into the values the use cases speak in; what cannot be meant is refused by field."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from lianxi.casework.errors import Invalid
from lianxi.casework.identifiers import CaseNumber, DivisionCode, DivisionLevel, UnitCode
from lianxi.casework.messages.facts import CaseState
from lianxi.contracts.schemas import load
from lianxi.law.lamps import Lamp
from services.supervision.domain.figures import Period
from services.supervision.domain.orders import DismissProposal, ProposalStatus, RecordFeedback, SignOrder
from services.supervision.domain.queries import LONGEST_PAGE, PAGE, Cursor, LedgerFilter, LedgerQuery

_SIGNIFICANT_DIGITS = {DivisionLevel.PROVINCE: 2, DivisionLevel.CITY: 4, DivisionLevel.DISTRICT: 6}
_LONGEST_TEXT = 20_000
_LONGEST_PAPER = 50
_PROPOSAL_NO = re.compile(r"\d{6,9}-\d{4}-\d{6,12}", re.ASCII)
"""A number of a proposal; it is the place where a page of proposals begins."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Paging:
    after: str | None = None
    limit: int = PAGE


def ledger_query(body: Mapping[str, Any]) -> LedgerQuery:
    """Read `{filter, after, limit}`."""
    paging = _paging(body)
    asked = load(LedgerFilter, body.get("filter") or {}, within="filter")
    _check_choice("filter.state", asked.state, CaseState)
    _check_choice("filter.lamp", asked.lamp, Lamp)
    return LedgerQuery(
        filter=replace(
            asked,
            holder=asked.holder and str(DivisionCode.parse(asked.holder, "filter.holder")),
            under=asked.under and _prefix(asked.under, "filter.under"),
            unit=asked.unit and str(UnitCode.parse(asked.unit, "filter.unit")),
            place=asked.place and _prefix(asked.place, "filter.place"),
            number=asked.number and str(CaseNumber.parse(asked.number, "filter.number")),
        ),
        cursor=Cursor.parse(paging.after) if paging.after else None,
        limit=paging.limit,
    )


def case_number(body: Mapping[str, Any]) -> str:
    """Read `{case_no}`."""
    return str(CaseNumber.parse(body.get("case_no", ""), "case_no"))


def period(body: Mapping[str, Any], node: str) -> Period:
    """Read `{from, to, node?}`; without a node the caller means this one."""
    first, last = _day(body, "from"), _day(body, "to")
    if last < first:
        raise Invalid("to", "period", "截止日期不能早于起始日期。")
    asked = DivisionCode.parse(body.get("node") or node, "node")
    if not DivisionCode.parse(node).contains(asked):
        raise Invalid("node", "period", "只能查询本级及下级的指标。")
    return Period(first, last, str(asked))


def proposals_query(body: Mapping[str, Any]) -> tuple[str | None, str, int]:
    """Read `{status?, after?, limit?}`."""
    paging = _paging(body)
    status = body.get("status")
    _check_choice("status", status, ProposalStatus)
    if paging.after and not _PROPOSAL_NO.fullmatch(paging.after):
        raise Invalid("after", "cursor", "翻页标记无效，请从第一页重新查询。")
    return status, paging.after or "", paging.limit


def sign_order(body: Mapping[str, Any]) -> SignOrder:
    """Read `{proposal_no, actor, paper}`."""
    command = load(SignOrder, body)
    _check_text("proposal_no", command.proposal_no)
    if len(command.paper) > _LONGEST_PAPER:
        raise Invalid("paper", "DOC-14", f"督办函最多{_LONGEST_PAPER}项内容。")
    for field, text in command.paper.items():
        _check_text("paper", field)
        _check_text(f"paper.{field}", text)
    return command


def dismiss_proposal(body: Mapping[str, Any]) -> DismissProposal:
    """Read `{proposal_no, actor, reason}`."""
    command = load(DismissProposal, body)
    _check_text("proposal_no", command.proposal_no)
    _check_text("reason", command.reason)
    return command


def record_feedback(body: Mapping[str, Any]) -> RecordFeedback:
    """Read `{proposal_no, actor, document, received_on}`."""
    command = load(RecordFeedback, body)
    _check_text("proposal_no", command.proposal_no)
    _check_text("document", command.document)
    return command


def _paging(body: Mapping[str, Any]) -> _Paging:
    paging = load(_Paging, {name: body[name] for name in ("after", "limit") if body.get(name) is not None})
    if not 1 <= paging.limit <= LONGEST_PAGE:
        raise Invalid("limit", "paging", f"每页条数应在1至{LONGEST_PAGE}之间。")
    return paging


def _check_choice(field: str, given: object, choices: type[CaseState] | type[Lamp] | type[ProposalStatus]) -> None:
    if given is not None and given not in list(choices):
        raise Invalid(field, "choice", "取值应为以下之一：" + "、".join(choices) + "。")


def _check_text(field: str, text: str) -> None:
    if len(text) > _LONGEST_TEXT:
        raise Invalid(field, "length", f"内容不能超过{_LONGEST_TEXT}字。")
    if "\0" in text:
        raise Invalid(field, "text", "内容含有无法保存的字符。")


def _prefix(text: str, field: str) -> str:
    """The digits shared by a division and everything below it."""
    division = DivisionCode.parse(text, field)
    return str(division)[: _SIGNIFICANT_DIGITS.get(division.level)]


def _day(body: Mapping[str, Any], field: str) -> date:
    try:
        return date.fromisoformat(str(body.get(field, "")))
    except ValueError:
        raise Invalid(field, "date", "日期应形如 2026-03-31。") from None
