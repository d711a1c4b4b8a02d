"""Keeping what is refused: nothing that was handed in is lost, and a person can find it again by its id.

Two doors lead here: what intake itself refuses, and what the portal refuses before it asks intake. What strangers hand
in has a bound, in pieces an hour, of one address and of all, and in bytes; beyond it, or when it is too long, it is
refused without being kept.
"""

import json
from collections.abc import Mapping
from typing import Any

from lianxi.casework.errors import Invalid, Refused
from services.intake.domain.fields import Fields
from services.intake.domain.records import Origin, RefusedInput
from services.intake.domain.refused import LONGEST, Fault, earlier_attempt, faults_of
from services.intake.handlers.ports import Desk

MAX_KEPT_ID = 100
_SENDER = "sender_key"
_WAY_IN = frozenset({"reject_id", "draft_code", "draft_id", _SENDER})
"""What says where input comes from and not what it is."""
_BY = "registered_by"
_FROM_THE_PORTAL = (_BY, _SENDER)
"""Who took it in, or where a stranger sent it from, as the portal knows it; the input itself is not believed."""
_SENDER_LENGTH = 32


def keep_refused(body: Mapping[str, Any], refusal: Refused, origin: Origin, desk: Desk) -> Refused:
    """Keep `body` sealed with the reason of its refusal; return the refusal, which names the reject if it was kept."""
    [reject_id] = desk.rejects.keep([as_refused(body, refusal, origin, desk)])
    if reject_id:
        refusal.details["reject_id"] = reject_id
    return refusal


def keep_handed_in(body: Mapping[str, Any], desk: Desk) -> dict[str, Any]:
    """Keep a filing that the portal refused, with all that is wrong with it; return its id, None if it is not kept."""
    given, faults = body.get("content"), faults_of(body.get("errors"))
    if not isinstance(given, Mapping) or not faults:
        raise Invalid("content", "object", "应当是一组字段，并注明错误。")
    content = {name: value for name, value in given.items() if name not in _FROM_THE_PORTAL}
    fields = Fields(body, None)
    known = {_BY: fields.actor(_BY) is not None, _SENDER: bool(fields.text(_SENDER, _SENDER_LENGTH))}
    content |= {name: body[name] for name in _FROM_THE_PORTAL if known[name]}
    if len(content_of(content)) > LONGEST:
        return {"reject_id": None, "why": "too-long"}
    first = faults[0]
    refusal = Invalid(first.field, first.rule, first.message)
    kept = as_refused(content, refusal, Origin.REGISTERED, desk, faults)
    [reject_id] = desk.rejects.keep([kept])
    return {"reject_id": reject_id or None, "why": "" if reject_id else "no-room"}


def content_of(body: Mapping[str, Any]) -> str:
    """Return input as it is kept."""
    return json.dumps(
        {field: value for field, value in body.items() if field not in _WAY_IN}, sort_keys=True, default=str
    )


def as_refused(
    body: Mapping[str, Any], refusal: Refused, origin: Origin, desk: Desk, faults: tuple[Fault, ...] = ()
) -> RefusedInput:
    """Return what is kept of refused input; the same input, refused for the same reason, is the same reject."""
    content = content_of(body)
    fingerprint = desk.vault.keyed_hash(f"{refusal.field}/{refusal.rule}/{content}", "reject")
    taken_over = origin is Origin.TAKEN_OVER
    stranger = not taken_over and not body.get(_BY)
    return RefusedInput(
        fingerprint=fingerprint,
        origin=origin,
        field=refusal.field or "",
        rule=refusal.rule or refusal.code,
        reason=refusal.message,
        content_sealed=desk.vault.seal(content, f"reject/{fingerprint}"),
        at=desk.clock.now(),
        source=str(body.get("source", "")) if taken_over else None,
        source_id=str(body.get("source_id", ""))[:MAX_KEPT_ID].replace("\x00", "") if taken_over else None,
        errors=tuple(fault.as_row() for fault in faults),
        follows=earlier_attempt(body),
        stranger=stranger,
        sender_key=str(body.get(_SENDER) or "")[:_SENDER_LENGTH] or None if stranger else None,
    )
