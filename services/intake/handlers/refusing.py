"""Keeping what is refused: nothing that was handed in is lost, and a person can find it again by its id."""

import json
from collections.abc import Mapping
from typing import Any

from lianxi.casework.errors import Refused
from services.intake.domain.records import Origin, RefusedInput
from services.intake.handlers.ports import Desk


def keep_refused(body: Mapping[str, Any], refusal: Refused, origin: Origin, desk: Desk) -> Refused:
    """Keep `body` sealed with the reason of its refusal; return the refusal, which now names the reject."""
    content = json.dumps(body, sort_keys=True, default=str)
    fingerprint = desk.vault.keyed_hash(f"{refusal.field}/{refusal.rule}/{content}", "reject")
    refusal.details["reject_id"] = desk.rejects.keep(
        RefusedInput(
            fingerprint=fingerprint,
            origin=origin,
            field=refusal.field or "",
            rule=refusal.rule or refusal.code,
            reason=refusal.message,
            content_sealed=desk.vault.seal(content, f"reject/{fingerprint}"),
            at=desk.clock.now(),
        )
    )
    return refusal
