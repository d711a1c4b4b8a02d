"""Take over contacts that another system received (`lianxi import`), many in one transaction, each of them once.

A contact is known by its source and its id there. The same id with the same content is already here; with another
content it is refused rather than skipped, because two boards may count their messages alike. The day in the number is
the day of receipt: that is when the contact was registered, in the system it comes from.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from lianxi.casework.errors import Conflict, Refused
from lianxi.casework.identifiers import CaseNumber, Channel
from services.intake.domain.filing import Filing
from services.intake.domain.reading import read_filing
from services.intake.domain.records import Contact, Fate, ForeignContact, Origin
from services.intake.handlers.ports import Desk, Work
from services.intake.handlers.refusing import keep_refused
from services.intake.handlers.register import NumbersExhausted
from services.intake.handlers.sealing import content_digest, seal_filing


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one row: its number, or the refusal."""

    fate: Fate
    number: str = ""
    refusal: Refused | None = None


class SourceIdReused(Conflict):
    """The same id of the same source stands for two different texts."""

    def __init__(self) -> None:
        super().__init__(
            "同一来源中这个编号已有另一件内容不同的信访件；如果文件来自另一个系统，请另给来源名称（--source）。",
            rule="source-id",
            field="source_id",
        )


def take_over(rows: Sequence[ForeignContact], work: Work, desk: Desk) -> list[Outcome]:
    """Take over `rows` of one source, in their order, and say of each what became of it."""
    outcomes: list[Outcome | None] = [None] * len(rows)
    filings: dict[int, Filing] = {}
    seen = _known(rows, work)
    for index, row in enumerate(rows):
        digest = content_digest(row, desk.vault)
        known = seen.get(row.source_id)
        if known is None:
            try:
                filings[index] = read_filing(row.body, desk.divisions, desk.clock.now(), taken_over_from=row.source)
                seen[row.source_id] = ("", digest)
            except Refused as refusal:
                outcomes[index] = _refused(row, refusal, desk)
        elif known[1] == digest:
            outcomes[index] = Outcome(Fate.ALREADY, known[0])
        else:
            outcomes[index] = _refused(row, SourceIdReused(), desk)
    numbers = _numbers(filings, work, desk)
    for index in filings:
        if index not in numbers:
            outcomes[index] = _refused(rows[index], NumbersExhausted(), desk)
    for index, number in _enter(
        {index: (rows[index], filings[index], numbers[index]) for index in numbers}, work, desk
    ):
        outcomes[index] = Outcome(Fate.IMPORTED, number)
    return [outcome for outcome in outcomes if outcome is not None]


def _known(rows: Sequence[ForeignContact], work: Work) -> dict[str, tuple[str, str]]:
    by_source = defaultdict(list)
    for row in rows:
        by_source[row.source].append(row.source_id)
    known: dict[str, tuple[str, str]] = {}
    for source, ids in by_source.items():
        work.contacts.lock_source(source)
        known |= work.contacts.taken_over(source, ids)
    return known


def _refused(row: ForeignContact, refusal: Refused, desk: Desk) -> Outcome:
    content = {"source": row.source, "source_id": row.source_id, **row.body}
    return Outcome(Fate.REJECTED, refusal=keep_refused(content, refusal, Origin.TAKEN_OVER, desk))


def _numbers(filings: dict[int, Filing], work: Work, desk: Desk) -> dict[int, CaseNumber]:
    """Number the filings; the counters are taken in one order, so two importers never wait for each other in a ring."""
    groups: dict[tuple[date, Channel], list[int]] = defaultdict(list)
    for index, filing in filings.items():
        groups[filing.received_at.date(), filing.channel].append(index)
    numbers = {}
    for (day, channel), members in sorted(groups.items()):
        granted = work.numbers.take(desk.node, day, channel.value, len(members))
        for index, sequence in zip(members, granted, strict=False):
            numbers[index] = CaseNumber.of(desk.node, day, channel, sequence)
    return numbers


def _enter(
    entries: Mapping[int, tuple[ForeignContact, Filing, CaseNumber]], work: Work, desk: Desk
) -> Iterator[tuple[int, str]]:
    """Store and announce what got its number; yield index and number."""
    now = desk.clock.now()
    contacts: list[Contact] = []
    for index, (row, filing, number) in sorted(entries.items()):
        contact, message, _ = seal_filing(filing, str(number), now, desk, row)
        contacts.append(contact)
        work.record(message, subject=contact.number, at=now)
        yield index, contact.number
    work.contacts.add(contacts)
