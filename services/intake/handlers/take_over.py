"""Take over contacts that another system received (`lianxi import`), many in one transaction, each of them once.

A contact is known by its source and its id there. The same id with the same content is already here; with another
content it is refused rather than skipped, because two boards may count their messages alike. The day in the number is
the day of receipt: that is when the contact was registered, in the system it comes from.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from lianxi.casework.errors import Conflict, Refused
from lianxi.casework.identifiers import CaseNumber, Channel
from lianxi.casework.validators import clean_text
from services.intake.domain.filing import Filing
from services.intake.domain.reading import read_filing
from services.intake.domain.records import Contact, Fate, ForeignContact, Origin, RefusedInput
from services.intake.handlers.ports import Desk, Work
from services.intake.handlers.refusing import as_refused, content_of
from services.intake.handlers.register import NumbersExhausted
from services.intake.handlers.sealing import content_digests, seal_filing

MAX_SOURCE_ID = 100


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
    """Take over `rows`, in their order, and say of each what became of it."""
    batch = _Batch(rows, work, desk)
    batch.judge()
    batch.enter(batch.numbers())
    batch.keep_rejects()
    return [batch.outcomes[index] for index in range(len(rows))]


class _Batch:
    """The rows of one transaction on their way: judged, numbered, entered."""

    def __init__(self, rows: Sequence[ForeignContact], work: Work, desk: Desk) -> None:
        self.outcomes: dict[int, Outcome] = {}
        self._rows = rows
        self._work = work
        self._desk = desk
        self._filings: dict[int, Filing] = {}

    def judge(self) -> None:
        """Sort the rows into what is new, what is here already and what is refused."""
        now = self._desk.clock.now()
        sound = [index for index in range(len(self._rows)) if self._has_id(index)]
        seen = self._known(sound)
        for index in sound:
            row = self._rows[index]
            digests = self._digests(row.body.get("subject", ""), row.body.get("text", ""))
            number, known = seen.get((row.source, row.source_id), ("", None))
            if known is None:
                if self._read(index, now):
                    seen[row.source, row.source_id] = ("", digests[0])
            elif known in digests:
                self.outcomes[index] = Outcome(Fate.ALREADY, number)
            else:
                self._judge_other_content(index, number, known, now)

    def _digests(self, subject: object, text: object) -> tuple[str, ...]:
        return content_digests(str(subject), str(text), self._desk.vault)

    def numbers(self) -> dict[int, CaseNumber]:
        """Number what is new, in the order of the rows."""
        groups: dict[tuple[date, str], list[int]] = defaultdict(list)
        for index, filing in self._filings.items():
            groups[filing.received_at.date(), filing.channel.value].append(index)
        if not groups:
            return {}
        numbers = {}
        granted = self._work.numbers.take(self._desk.node, {book: len(members) for book, members in groups.items()})
        for (day, channel), members in groups.items():
            sequences = granted[day, channel]
            for index, sequence in zip(members, sequences, strict=False):
                numbers[index] = CaseNumber.of(self._desk.node, day, Channel(channel), sequence)
            for index in members[len(sequences) :]:
                self._refuse(index, NumbersExhausted())
        return numbers

    def enter(self, numbers: Mapping[int, CaseNumber]) -> None:
        """Store and announce what got its number."""
        now = self._desk.clock.now()
        contacts: list[Contact] = []
        for index, number in sorted(numbers.items()):
            contact, message, _ = seal_filing(self._filings[index], str(number), now, self._desk, self._rows[index])
            contacts.append(contact)
            self._work.record(message, at=now)
            self.outcomes[index] = Outcome(Fate.IMPORTED, contact.number)
        self._work.contacts.add(contacts)

    def keep_rejects(self) -> None:
        """Keep what was refused, and settle what earlier refusals these rows mend."""
        now = self._desk.clock.now()
        refused = {index: outcome.refusal for index, outcome in self.outcomes.items() if outcome.refusal is not None}
        kept = self._desk.rejects.keep([self._as_refused(index, refusal) for index, refusal in refused.items()])
        for refusal, reject_id in zip(refused.values(), kept, strict=True):
            refusal.details["reject_id"] = reject_id
        entered: dict[str, dict[str, str]] = defaultdict(dict)
        for index, outcome in self.outcomes.items():
            row = self._rows[index]
            if outcome.refusal is None:
                entered[row.source][row.source_id] = outcome.number
                if row.body.get("reject_id"):
                    self._work.rejects.settle(str(row.body["reject_id"]), outcome.number, now)
        for source, numbers in entered.items():
            self._work.rejects.settle_source(source, numbers, now)

    def _judge_other_content(self, index: int, number: str, known: str, now: datetime) -> None:
        """The id is in with another content as it is written: mended since it was refused, as it was kept, or reused.

        In the first two cases the original file may be given again without a complaint. Once the city's index key has
        changed, the digest is that of what was kept (`rehashing`), where spaces and the like may be others.
        """
        row = self._rows[index]
        refusal: Refused = SourceIdReused()
        try:
            filing = read_filing(row.body, self._desk.divisions, now, taken_over_from=row.source)
        except Refused as found:
            if number and self._was_mended(index, number):
                self.outcomes[index] = Outcome(Fate.ALREADY, number)
                return
            refusal = found
        else:
            if known in self._digests(filing.subject, filing.text):
                self.outcomes[index] = Outcome(Fate.ALREADY, number)
                return
        self._refuse(index, refusal)

    def _was_mended(self, index: int, number: str) -> bool:
        """Whether this very row was refused once and came in under this number when it was mended."""
        row, vault = self._rows[index], self._desk.vault
        content = content_of(self._content(row))
        kept = self._work.rejects.mended(row.source, row.source_id, number)
        return any(vault.open(sealed, f"reject/{fingerprint}") == content for fingerprint, sealed in kept)

    def _as_refused(self, index: int, refusal: Refused) -> RefusedInput:
        return as_refused(self._content(self._rows[index]), refusal, Origin.TAKEN_OVER, self._desk)

    @staticmethod
    def _content(row: ForeignContact) -> dict[str, object]:
        return {**row.body, "source": row.source, "source_id": row.source_id}

    def _known(self, indexes: Sequence[int]) -> dict[tuple[str, str], tuple[str, str | None]]:
        ids = defaultdict(list)
        for index in indexes:
            ids[self._rows[index].source].append(self._rows[index].source_id)
        known: dict[tuple[str, str], tuple[str, str | None]] = {}
        for source in sorted(ids):
            self._work.contacts.lock_source(source)
            for source_id, found in self._work.contacts.taken_over(source, ids[source]).items():
                known[source, source_id] = found
        return known

    def _read(self, index: int, now: datetime) -> bool:
        row = self._rows[index]
        try:
            self._filings[index] = read_filing(row.body, self._desk.divisions, now, taken_over_from=row.source)
        except Refused as refusal:
            self._refuse(index, refusal)
            return False
        return True

    def _has_id(self, index: int) -> bool:
        """Refuse an id that could not be stored, before the database is asked for it."""
        try:
            clean_text(self._rows[index].source_id, "source_id", MAX_SOURCE_ID)
        except Refused as refusal:
            self._refuse(index, refusal)
            return False
        return True

    def _refuse(self, index: int, refusal: Refused) -> None:
        self.outcomes[index] = Outcome(Fate.REJECTED, refusal=refusal)
