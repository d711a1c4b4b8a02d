"""Register one contact at this node (T1, T2): number, query code, sealed rows, and the news for routing."""

from collections.abc import Mapping
from typing import Any

from lianxi.casework.errors import Conflict, Refused
from lianxi.casework.identifiers import CaseNumber
from services.intake.domain.reading import read_filing
from services.intake.domain.records import MAX_SEQUENCE, Origin
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
    """Take a contact in; the query code is in the answer and nowhere else in clear."""
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
    contact, message, code = seal_filing(filing, str(number), now, desk)
    work.contacts.add([contact])
    work.record(message, at=now)
    return {"number": contact.number, "query_code": str(code), "received_at": filing.received_at.isoformat()}
