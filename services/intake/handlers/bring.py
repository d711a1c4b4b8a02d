"""What a petitioner brings later, by query code: material, an answer to a request for completion, an urge, a rating.

The words are kept here, sealed, beside the contact they belong to; what they do to the case is routing's to decide. A
petitioner may bring the same words twice by mistake, so the same text of the same kind on one day is kept once.
"""

from collections.abc import Mapping
from typing import Any

from lianxi.casework.errors import Conflict, Invalid, Unknown
from lianxi.casework.identifiers import QueryCode
from services.intake.domain.fields import Fields
from services.intake.domain.records import Addition, Contact
from services.intake.handlers.ports import Desk, Work

KINDS = {"material": "补充材料", "completion": "补正", "urge": "催办", "rating": "评价", "withdrawal": "撤回"}
NEEDS_TEXT = frozenset({"material", "completion", "withdrawal"})
MAX_TEXT = 10_000
MOST = 100
"""Per contact; whoever has more to say hands it in as one piece."""


def bring(body: Mapping[str, Any], work: Work, desk: Desk) -> dict[str, Any]:
    """Keep what a petitioner brings; return the number of the contact and the checked text."""
    contact = by_code(str(body.get("query_code", "")), work, desk)
    fields = Fields(body, None)
    kind = fields.text("kind", 20)
    if kind not in KINDS:
        raise Invalid("kind", "choice", f"应为以下之一：{'、'.join(KINDS)}。")
    text = fields.text("text", MAX_TEXT, multiline=True)
    if not text and kind in NEEDS_TEXT:
        raise Invalid("text", "required", f"请写明{KINDS[kind]}的内容。")
    now = desk.clock.now()
    before = work.contacts.additions(contact.number)
    if len(before) >= MOST:
        raise Conflict(f"补充内容已有{MOST}次，请合并后到窗口提交。", rule="additions", field="text")
    same = [
        addition
        for addition in before
        if addition.kind == kind
        and addition.at.astimezone(now.tzinfo).date() == now.date()
        and _opened(addition, desk) == text
    ]
    if not same:
        addition_id = desk.new_id()
        sealed = desk.vault.seal(text, f"contact/{contact.number}/addition/{addition_id}")
        work.contacts.bring(
            Addition(id=addition_id, number=contact.number, kind=kind, text_sealed=sealed, by="petitioner", at=now)
        )
    return {"number": contact.number, "kind": kind, "text": text, "at": now.isoformat()}


def by_code(query_code: str, work: Work, desk: Desk) -> Contact:
    """Return the contact with this query code."""
    code = QueryCode.parse(query_code)
    hashes = desk.vault.keyed_hashes(code.canonical, "query-code")
    contact = next((found for one in hashes if (found := work.contacts.by_query_code(one))), None)
    if contact is None:
        raise Unknown("信访件", "该查询码")
    return contact


def _opened(addition: Addition, desk: Desk) -> str:
    return desk.vault.open(addition.text_sealed, f"contact/{addition.number}/addition/{addition.id}")
