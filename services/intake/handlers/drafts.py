"""Contacts that are not finished: begun by a petitioner or clerk, or refused at the door and waiting to be mended.

A draft is whatever was typed so far. A petitioner finds it by the code given on saving, a clerk in the list of the own
ones. Refused input is listed with the field, the rule and the reason; whoever opens it is written down like anybody
who looks at a contact in full. Either is gone when the contact it became is registered.
"""

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from lianxi.casework.errors import Forbidden, Invalid, Unknown
from lianxi.casework.identifiers import QueryCode
from lianxi.casework.messages.facts import Actor, Role
from services.intake.domain import refused
from services.intake.domain.fields import Fields
from services.intake.domain.records import Draft, OpenReject, Origin, Unmasking
from services.intake.handlers.ports import Desk, Work

MAX_CONTENT = 200_000
"""Characters; more than any contact has that could be registered."""
KEPT = timedelta(days=30)
"""How long a draft that nobody touched is kept for a petitioner."""
MAX_REASON = 500
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DRAFT_PLACE = re.compile(r"(\d{1,17})\.([0-9A-Za-z-]{1,64})", re.ASCII)
"""The place of a draft in the list: microseconds at which it was changed, and its id."""
_OFFICE = frozenset({Role.REGISTRAR, Role.DISPATCHER, Role.DEPARTMENT_LEADER})


def save_draft(body: Mapping[str, Any], work: Work, desk: Desk) -> dict[str, Any]:
    """Keep what was typed so far; return the code that finds it again, "" for an own draft named by its id."""
    content = body.get("content")
    if not isinstance(content, Mapping):
        raise Invalid("content", "object", "应当是一组字段。")
    text = json.dumps(content, ensure_ascii=False, default=str)
    if len(text) > MAX_CONTENT:
        raise Invalid("content", "length", f"草稿最多{MAX_CONTENT}个字，请精简。", max_length=MAX_CONTENT)
    known = _wanted(body, work, desk) if body.get("code") or body.get("id") else None
    by_id = known is not None and not body.get("code")
    code = None if by_id else QueryCode.parse(body["code"]) if known else desk.draw_code()
    draft_id = known.id if known else desk.new_id()
    now = desk.clock.now()
    work.drafts.save(
        Draft(
            id=draft_id,
            code_hash=desk.vault.keyed_hash(code.canonical, "draft") if code else known.code_hash if known else "",
            owner=known.owner if known else _owner(Fields(body, None).actor("actor")),
            content_sealed=desk.vault.seal(text, f"draft/{draft_id}"),
            changed_at=now,
        )
    )
    return {"id": draft_id, "code": str(code or ""), "saved_at": now.isoformat()}


def open_draft(body: Mapping[str, Any], work: Work, desk: Desk) -> dict[str, Any]:
    """Return a draft to whoever has its code, or to the clerk who wrote it."""
    draft = _wanted(body, work, desk)
    content = json.loads(desk.vault.open(draft.content_sealed, f"draft/{draft.id}"))
    return {"id": draft.id, "content": content, "saved_at": draft.changed_at.isoformat()}


def list_drafts(body: Mapping[str, Any], work: Work, desk: Desk) -> dict[str, Any]:
    """Return a page of a clerk's drafts, newest first, with the subject by which each is recognised."""
    owner = _owner(_clerk_of(body, desk))
    fields = Fields(body, None)
    limit = fields.whole("limit", 50, 1, 200)
    found = work.drafts.of(owner, _draft_place(fields), limit)
    rows = []
    for draft in found:
        content = json.loads(desk.vault.open(draft.content_sealed, f"draft/{draft.id}"))
        rows.append({"id": draft.id, "subject": content.get("subject", ""), "saved_at": draft.changed_at.isoformat()})
    return {"rows": rows, "next": _place_of(found[-1]) if len(found) == limit else None}


def _place_of(draft: Draft) -> str:
    return f"{(draft.changed_at - _EPOCH) // timedelta(microseconds=1)}.{draft.id}"


def _draft_place(fields: Fields) -> tuple[datetime, str] | None:
    after = fields.text("after", 100)
    if not after:
        return None
    place = _DRAFT_PLACE.fullmatch(after)
    if place is None:
        raise Invalid("after", "cursor", "翻页标记无效，请从第一页重新查询。")
    return _EPOCH + timedelta(microseconds=int(place[1])), place[2]


def drop_draft(body: Mapping[str, Any], work: Work, desk: Desk) -> dict[str, Any]:
    """Forget a draft."""
    draft = _wanted(body, work, desk)
    work.drafts.drop(draft.id)
    return {"id": draft.id}


def forget_drafts(work: Work, desk: Desk) -> int:
    """Forget petitioners' drafts that nobody touched for a month, and their refused input after three; count them."""
    now = desk.clock.now()
    return work.drafts.forget(now - KEPT) + work.rejects.forget(now - refused.KEPT)


def settle_begun(body: Mapping[str, Any], number: str, work: Work, desk: Desk) -> None:
    """Drop the draft and settle the reject from which a contact was made that has its number now."""
    if body.get("reject_id"):
        work.rejects.settle(str(body["reject_id"]), number, desk.clock.now())
    if body.get("draft_code"):
        draft = _by_code(QueryCode.parse(body["draft_code"], "draft_code"), work, desk)
        if draft is not None:
            work.drafts.drop(draft.id)
    if body.get("draft_id"):
        own = work.drafts.by_id(str(body["draft_id"]))
        if own is not None and own.owner and own.owner == _owner(Fields(body, None).actor("registered_by")):
            work.drafts.drop(own.id)


def list_rejects(body: Mapping[str, Any], work: Work, desk: Desk) -> dict[str, Any]:
    """Return refused input that nobody has mended yet, oldest first, without what it says."""
    officer_of(body, desk)
    fields = Fields(body, None)
    origin = fields.text("origin", 20)
    if origin and origin not in {Origin.REGISTERED.value, Origin.TAKEN_OVER.value}:
        raise Invalid("origin", "choice", "应为 registered（登记）或 taken-over（导入）。")
    limit = fields.whole("limit", 50, 1, 200)
    after = fields.text("after", 64)
    if after and not refused.REJECT_ID.fullmatch(after):
        raise Invalid("after", "cursor", "翻页标记无效，请从第一页重新查询。")
    found = work.rejects.waiting(Origin(origin) if origin else None, after, limit)
    rows = [_refused(row) for row in found]
    return {"rows": rows, "next": rows[-1]["id"] if len(rows) == limit else None}


def open_reject(body: Mapping[str, Any], work: Work, desk: Desk) -> dict[str, Any]:
    """Return refused input in full, and write down who looked and why (MK-8)."""
    actor = officer_of(body, desk)
    fields = Fields(body, None)
    reason = fields.text("reason", MAX_REASON, multiline=True)
    if not reason:
        raise Invalid("reason", "MK-8", "查看原文须填写理由，并记入日志。")
    reject = reject_of(fields, work)
    work.unmaskings.write(
        Unmasking(
            number=f"reject/{reject.id}",
            person=actor.person,
            role=actor.role.value,
            unit=actor.unit,
            node=actor.node,
            reason=reason,
            at=desk.clock.now(),
        )
    )
    content = json.loads(desk.vault.open(reject.content_sealed, f"reject/{reject.fingerprint}"))
    return _refused(reject) | {"content": content}


def drop_reject(body: Mapping[str, Any], work: Work, desk: Desk) -> dict[str, Any]:
    """Note that refused input will not be mended: it was a trial, a duplicate, or came in another way."""
    officer_of(body, desk)
    reject = reject_of(Fields(body, None), work)
    work.rejects.drop(reject.id, desk.clock.now())
    return {"id": reject.id}


def _refused(row: OpenReject) -> dict[str, Any]:
    return {
        "id": row.id,
        "origin": row.origin.value,
        "field": row.field,
        "rule": row.rule,
        "reason": row.reason,
        "times": row.times,
        "first_at": row.first_at.isoformat(),
        "last_at": row.last_at.isoformat(),
        "source": row.source,
        "source_id": row.source_id,
        "errors": [dict(error) for error in row.errors] or [_first_of(row)],
    }


def _first_of(row: OpenReject) -> dict[str, str]:
    return {"field": row.field, "rule": row.rule, "message": row.reason}


def reject_of(fields: Fields, work: Work) -> OpenReject:
    """Return the reject that `id` names; it waits."""
    reject_id = fields.text("id", 64)
    found = work.rejects.one(reject_id)
    if found is None:
        raise Unknown("待改正的来件", reject_id)
    return found


def _wanted(body: Mapping[str, Any], work: Work, desk: Desk) -> Draft:
    if body.get("code"):
        found = _by_code(QueryCode.parse(body["code"]), work, desk)
    else:
        owner = _owner(_clerk_of(body, desk))
        draft_id = Fields(body, None).text("id", 64)
        found = work.drafts.by_id(draft_id)
        found = None if found is None or found.owner != owner else found
    if found is None:
        raise Unknown("草稿", "该草稿码")
    return found


def _by_code(code: QueryCode, work: Work, desk: Desk) -> Draft | None:
    hashes = desk.vault.keyed_hashes(code.canonical, "draft")
    return next((found for one in hashes if (found := work.drafts.by_code(one)) is not None), None)


def _owner(actor: Actor | None) -> str:
    return "" if actor is None or actor.role is Role.PETITIONER else actor.person


def _clerk_of(body: Mapping[str, Any], desk: Desk) -> Actor:
    """Return who asks for own drafts: anybody of this node who works there, in the department or at an organ."""
    actor = Fields(body, None).actor("actor")
    if actor is None:
        raise Invalid("actor", "MK-8", "请注明经办人。")
    if actor.node != str(desk.node) or actor.role is Role.PETITIONER:
        raise Forbidden("只有本节点的工作人员有自己的草稿。", rule="MK-1")
    return actor


def officer_of(body: Mapping[str, Any], desk: Desk) -> Actor:
    """Return who asks: somebody of this node's petition department."""
    actor = Fields(body, None).actor("actor")
    if actor is None:
        raise Invalid("actor", "MK-8", "请注明经办人。")
    if actor.node != str(desk.node) or actor.role not in _OFFICE:
        raise Forbidden("只有本节点信访部门的登记、分办人员可以查看。", rule="MK-1")
    return actor
