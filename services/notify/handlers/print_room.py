"""The print room: letters that wait, printing them, and what the post made of them.

A letter's words are made when it is printed, and only then the name and address are asked for, in the name of the
officer who prints (intake writes the look down). A letter without an address goes back to a person's desk.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Protocol

from lianxi.casework.errors import Invalid, Unknown
from lianxi.casework.messages.facts import Actor
from lianxi.law.receipts import in_shanghai
from services.notify.domain.deliveries import State
from services.notify.domain.letters import Envelope
from services.notify.domain.questions import LetterNews, LetterRow, Paging
from services.notify.domain.rules import Channel
from services.notify.handlers.offices import Clock, Desk

MOST_AT_ONCE = 50
AUTOMATIC = re.compile(r"[(（].*[)）]")
"""The line in brackets at the end of a mail, which says that it was sent by itself."""
STANDS = {
    State.QUEUED: "还没有打印",
    State.PRINTED: "已经打印，还没有寄出",
    State.POSTED: "已经寄出",
    State.RETURNED: "已经退回",
    State.DELIVERED: "已经签收",
    State.SKIPPED: "没有收信地址",
}
LISTED = (State.QUEUED, State.PRINTED, State.POSTED, State.RETURNED, State.DELIVERED)


class Letters(Protocol):
    """The letters of this node."""

    def page(self, state: str, paging: Paging) -> Sequence[LetterRow]:
        """Return one more than a page of letters in a state, oldest first."""
        ...

    def named(self, ids: Sequence[str]) -> Sequence[LetterRow]:
        """Return these letters, oldest first."""
        ...

    def note(self, delivery_id: str, state: str, reason: str = "", **facts: str | date | datetime) -> None:
        """Write down where a letter is and what is known of it."""
        ...


class Work(Protocol):
    """One transaction."""

    @property
    def letters(self) -> Letters:
        """The letters."""
        ...


class AddressBook(Protocol):
    """Intake, which opens a petitioner's name and address to an officer and writes it down."""

    def open(self, case_no: str, actor: Actor) -> tuple[str, str]:
        """Return name and address, "" for what is not known."""
        ...


@dataclass(frozen=True, slots=True)
class Press:
    """What printing needs: the address book and the press itself, by the format it prints."""

    book: AddressBook
    formats: dict[str, Callable[[Sequence[Envelope]], str]]
    wall: Clock


def list_letters(state: str, paging: Paging, work: Work, desk: Desk) -> dict[str, Any]:
    """Return a page of letters in a state, oldest first; no name and no address is in it."""
    if state not in LISTED:
        raise Invalid("state", "choice", f"状态应为以下之一：{'、'.join(LISTED)}。")
    found = work.letters.page(state, paging)
    more = len(found) > paging.limit
    return {
        "rows": [_shown(row, desk) for row in found[: paging.limit]],
        "next": str(found[paging.limit - 1].position) if more else None,
    }


def print_letters(ids: Sequence[str], form: str, actor: Actor, work: Work, desk: Desk, press: Press) -> dict[str, Any]:  # noqa: PLR0917
    """Return letters ready for paper and note that they were printed; what has no address is named."""
    if form not in press.formats or not 1 <= len(ids) <= MOST_AT_ONCE:
        raise Invalid("ids", "print", f"一次可打印1至{MOST_AT_ONCE}封，格式为{'、'.join(press.formats)}。")
    rows = [row for row in work.letters.named(ids) if row.state in {State.QUEUED, State.PRINTED, State.RETURNED}]
    now, ready, missing = press.wall.now(), [], []
    for row in rows:
        name, address = press.book.open(row.case_no, actor)
        if not (name and address):
            missing.append(row.id)
            work.letters.note(row.id, State.SKIPPED, "no-address", note="没有收信地址")
            continue
        ready.append(_envelope(row, name, address, desk, now))
        work.letters.note(row.id, State.PRINTED, printed_at=now, printed_by=actor.person)
    return {
        "printed": [envelope.id for envelope in ready],
        "without_address": missing,
        "format": form,
        "content": press.formats[form](ready) if ready else "",
    }


def post_letter(news: LetterNews, work: Work, desk: Desk) -> dict[str, Any]:
    """Note that a letter was posted, with the number under which the post traces it."""
    facts: dict[str, str | date] = {"posted_on": news.on, "tracking_no": news.tracking_no, "note": news.note}
    return _moved(news, {State.PRINTED}, State.POSTED, work, desk, **facts)


def letter_arrived(news: LetterNews, work: Work, desk: Desk) -> dict[str, Any]:
    """Note that the post has a signature for it."""
    return _moved(news, {State.POSTED}, State.DELIVERED, work, desk, arrived_on=news.on, note=news.note)


def letter_returned(news: LetterNews, work: Work, desk: Desk) -> dict[str, Any]:
    """Note that the post brought it back; it can be printed again or sent by another channel."""
    return _moved(news, {State.POSTED}, State.RETURNED, work, desk, returned_on=news.on, note=news.note)


def _moved(
    news: LetterNews, before: set[State], state: State, work: Work, desk: Desk, **facts: str | date
) -> dict[str, Any]:
    row = next(iter(work.letters.named([news.id])), None)
    if row is None:
        raise Unknown("信函", "该编号")
    if row.state not in before | {state}:
        stands = STANDS[State(row.state)] if row.state in STANDS else row.state
        raise Invalid("id", "letter-state", f"事项{row.case_no}的信函{stands}，不能登记此项，请刷新清单。")
    if news.on > in_shanghai(desk.clock.now()).date():
        raise Invalid("on", "future", "日期不能晚于今天。")
    work.letters.note(news.id, state, "" if state is not State.RETURNED else "returned", **facts)
    return {"id": news.id, "state": state.value}


def _envelope(row: LetterRow, name: str, address: str, desk: Desk, now: datetime) -> Envelope:
    words = desk.texts.words(
        row.template, row.facts, desk.office, sealed=row.sealed, language=row.language, channel=Channel.LETTER
    )
    sender = desk.office.title
    return Envelope(
        id=row.id,
        case_no=row.case_no,
        name=name,
        address=address,
        sender=sender,
        title=words.title,
        body=on_paper(words.body, sender),
        at=now,
    )


def on_paper(body: str, sender: str) -> str:
    """Return the words of a mail without its end: a letter is signed below, and nobody presses a key on it."""
    lines = body.rstrip().splitlines()
    while lines and (not lines[-1].strip() or lines[-1] == sender or AUTOMATIC.fullmatch(lines[-1].strip())):
        lines.pop()
    return "\n".join(lines)


def _shown(row: LetterRow, desk: Desk) -> dict[str, Any]:
    words = desk.texts.words(row.template, row.facts, desk.office, sealed=row.sealed)
    return {
        "id": row.id,
        "case_no": row.case_no,
        "rule": row.rule,
        "title": words.title,
        "state": row.state,
        "since": in_shanghai(row.since).isoformat(),
        "printed_at": in_shanghai(row.printed_at).isoformat() if row.printed_at else None,
        "posted_on": _day(row.posted_on),
        "tracking_no": row.tracking_no,
        "arrived_on": _day(row.arrived_on),
        "returned_on": _day(row.returned_on),
        "note": row.note,
    }


def _day(day: date | None) -> str | None:
    return day.isoformat() if day else None
