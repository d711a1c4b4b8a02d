"""Keeping what is refused: nothing that was handed in is lost, and a person can find it again by its id."""

import json
from collections.abc import Mapping
from typing import Any

from lianxi.casework.errors import Refused
from services.intake.domain.records import Origin, RefusedInput
from services.intake.handlers.ports import Desk

MAX_KEPT_ID = 100
_WAY_IN = frozenset({"reject_id", "draft_code"})
"""What says where input comes from and not what it is."""


def keep_refused(body: Mapping[str, Any], refusal: Refused, origin: Origin, desk: Desk) -> Refused:
    """Keep `body` sealed with the reason of its refusal; return the refusal, which now names the reject."""
    [reject_id] = desk.rejects.keep([as_refused(body, refusal, origin, desk)])
    refusal.details["reject_id"] = reject_id
    return refusal


def content_of(body: Mapping[str, Any]) -> str:
    """Return input as it is kept."""
    return json.dumps(
        {field: value for field, value in body.items() if field not in _WAY_IN}, sort_keys=True, default=str
    )


def as_refused(body: Mapping[str, Any], refusal: Refused, origin: Origin, desk: Desk) -> RefusedInput:
    """Return what is kept of refused input; the same input, refused for the same reason, is the same reject."""
    content = content_of(body)
    fingerprint = desk.vault.keyed_hash(f"{refusal.field}/{refusal.rule}/{content}", "reject")
    taken_over = origin is Origin.TAKEN_OVER
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
    )
