"""Rows of an import that were refused: mended one by one at the desk, or written out, mended in a file and imported.

A mended row stays what it was, a contact of its source under its id there: the day of receipt, the number and the
recognition of a row that comes twice are those of any other import. One that is refused again leaves the reject as it
is, with the new reason told to whoever mends it.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from lianxi.casework.errors import Conflict, Invalid
from services.intake.domain.fields import Fields
from services.intake.domain.reading import read_filing
from services.intake.domain.records import ForeignContact, OpenReject, Origin, Unmasking
from services.intake.handlers.drafts import MAX_CONTENT, officer_of, reject_of
from services.intake.handlers.export import InFull
from services.intake.handlers.ports import Desk, Work
from services.intake.handlers.take_over import take_over

_OF_THE_ROW = frozenset({"source", "source_id", "reject_id", "draft_code", "registered_by", "actor"})
"""What a mended row cannot say of itself: where it came from, and who took it in."""
PAGE = 200


def import_reject(body: Mapping[str, Any], work: Work, desk: Desk) -> dict[str, Any]:
    """Take in a refused row of an import as it was mended; return its number."""
    actor = officer_of(body, desk)
    reject = reject_of(Fields(body, None), work)
    if reject.origin is not Origin.TAKEN_OVER:
        raise Conflict("这是登记时被退回的来件，请改正后按登记办理。", code="not-imported", rule="reject")
    content = body.get("content")
    if not isinstance(content, Mapping):
        raise Invalid("content", "object", "应当是一组字段。")
    if len(json.dumps(content, ensure_ascii=False, default=str)) > MAX_CONTENT:
        raise Invalid("content", "length", f"内容最多{MAX_CONTENT}个字，请精简。", max_length=MAX_CONTENT)
    mended = {name: value for name, value in content.items() if name not in _OF_THE_ROW}
    if mended.get("channel") != "web":
        person = {"person": actor.person, "role": actor.role.value, "unit": actor.unit, "node": actor.node}
        mended["registered_by"] = person
    source, source_id = str(reject.source), str(content.get("source_id") or reject.source_id)
    read_filing(mended, desk.divisions, desk.clock.now(), taken_over_from=source)
    row = ForeignContact(source=source, source_id=source_id, body={**mended, "reject_id": reject.id})
    [outcome] = take_over([row], work, desk)
    if outcome.refusal is not None:
        raise outcome.refusal
    return {"id": reject.id, "number": outcome.number, "status": outcome.fate.value}


def refused_rows(source: str, in_full: InFull, after: str, work: Work, desk: Desk) -> list[dict[str, Any]]:
    """Return the next refused rows of a source with what they say; each look is written down (MK-8)."""
    found = work.rejects.waiting(Origin.TAKEN_OVER, after, PAGE)
    chosen = [reject for reject in found if reject.source == source]
    work.unmaskings.write_all([_look(reject, in_full, desk) for reject in chosen])
    shown = [
        {"id": reject.id, "field": reject.field, "reason": reject.reason, **_said(reject, desk)} for reject in chosen
    ]
    return shown or ([{"id": found[-1].id}] if len(found) == PAGE else [])


def waiting_sources(work: Work) -> dict[str, int]:
    """Return of which sources refused rows wait, and how many."""
    counted: dict[str, int] = {}
    page: Sequence[OpenReject] = work.rejects.waiting(Origin.TAKEN_OVER, "", PAGE)
    while page:
        for reject in page:
            counted[str(reject.source)] = counted.get(str(reject.source), 0) + 1
        page = work.rejects.waiting(Origin.TAKEN_OVER, page[-1].id, PAGE)
    return counted


def _said(reject: OpenReject, desk: Desk) -> dict[str, Any]:
    content = json.loads(desk.vault.open(reject.content_sealed, f"reject/{reject.fingerprint}"))
    return {"content": content, "source_id": reject.source_id, "first_at": reject.first_at.isoformat()}


def _look(reject: OpenReject, in_full: InFull, desk: Desk) -> Unmasking:
    actor = in_full.actor
    return Unmasking(
        number=f"reject/{reject.id}",
        person=actor.person,
        role=actor.role.value,
        unit=actor.unit,
        node=actor.node,
        reason=in_full.reason,
        at=desk.clock.now(),
    )
