"""Register one contact at this node (T1, T2): number, query code, sealed rows, and the news for routing."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from lianxi.casework.errors import Conflict, Refused
from lianxi.casework.identifiers import CaseNumber
from services.intake.domain.levels import RULE, guidance, skips_a_level
from services.intake.domain.reading import read_filing
from services.intake.domain.records import MAX_SEQUENCE, Contact, Origin
from services.intake.handlers.drafts import settle_begun
from services.intake.handlers.ports import Desk, Work
from services.intake.handlers.refusing import keep_refused
from services.intake.handlers.sealing import seal_filing


class NumbersExhausted(Conflict):
    """PR-17: the five digits of a day and channel are used up."""

    def __init__(self) -> None:
        super().__init__(
            f"本日该信访形式的编号已用满{MAX_SEQUENCE}个，请次日再登记；本件内容已保存。", rule="PR-17", field="number"
        )


def register(body: Mapping[str, Any], work: Work, desk: Desk) -> dict[str, Any]:
    """Take a contact in; the query code is in the answer and nowhere else in clear.

    A visit more than one level too high gets its number and its guidance, and no case is opened (R-20-5). `reject_id`
    names an earlier, refused attempt that this one mends, `draft_code` the draft it was made from.
    """
    try:
        return _register(body, work, desk)
    except Refused as refusal:
        raise keep_refused(body, refusal, Origin.REGISTERED, desk) from None


def _register(body: Mapping[str, Any], work: Work, desk: Desk) -> dict[str, Any]:
    now = desk.clock.now()
    filing = read_filing(body, desk.divisions, now)
    book = (now.date(), filing.channel.value)
    sequences = work.numbers.take(desk.node, {book: 1})[book]
    if not sequences:
        raise NumbersExhausted
    number = CaseNumber.of(desk.node, now.date(), filing.channel, sequences[0])
    guided_to = filing.competent_division if skips_a_level(filing.channel, desk.node, filing.competent_division) else ""
    contact, message, code = seal_filing(filing, str(number), now, desk)
    contact = replace(contact, guided_to=guided_to)
    work.contacts.add([contact])
    if not guided_to:
        work.record(message, at=now)
    settle_begun(body, contact.number, work, desk)
    receipt = {"number": contact.number, "query_code": str(code), "received_at": filing.received_at.isoformat()}
    return receipt | ({"guided": guided(contact, desk)} if guided_to else {})


def guided(contact: Contact, desk: Desk) -> dict[str, str]:
    """Return where a visitor was guided who came more than one level too high (R-20-5, T7)."""
    place = desk.divisions.name(contact.guided_to)
    return {"to": contact.guided_to, "place": place, "rule": RULE, "text": guidance(place)}
