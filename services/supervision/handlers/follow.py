"""Take case events into the books: a batch of events in, ledger rows and clocks out, in one transaction.

The bus has put each case's events in order. Whatever the size of the batch, the books are read once and written once;
in between everything is a value. An event the books have already seen changes nothing.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from lianxi.casework.messages.events import CaseEvent
from lianxi.casework.messages.petitioner import CaseRated
from services.supervision.domain.clocks import ClockRow
from services.supervision.domain.files import CaseFile, kept_after_all
from services.supervision.domain.gauges import Stay, stays
from services.supervision.domain.office import Office


class Files(Protocol):
    """The books: case files by case number, locked until the transaction ends."""

    def locked(self, case_numbers: Iterable[str]) -> dict[str, CaseFile]:
        """Return the files there are."""
        ...

    def save(self, before: Mapping[str, CaseFile], files: Iterable[CaseFile]) -> None:
        """Write what differs from `before`."""
        ...


class Proposals(Protocol):
    """Proposed orders, as far as following needs them."""

    def withdraw(self, clocks: Sequence[ClockRow], at: datetime, reason: str) -> None:
        """Withdraw what nobody has decided yet about these clocks."""
        ...


class FollowWork(Protocol):
    """The transaction."""

    @property
    def files(self) -> Files:
        """The books."""
        ...

    @property
    def proposals(self) -> Proposals:
        """Proposed orders."""
        ...


KEPT_AFTER_ALL = "文书在法定期限内作出，消息迟到，提议自动撤回"


@dataclass(slots=True)
class Followed:
    """What the metrics are told of a batch: how long cases stayed and travelled, and how petitioners rated."""

    stays: list[Stay] = field(default_factory=list)
    ratings: list[tuple[str, str]] = field(default_factory=list)

    def note(self, before: CaseFile, event: CaseEvent, after: CaseFile) -> None:
        """Take up one event that was new to the books."""
        self.stays += stays(before.row, event, after.row)
        if isinstance(event, CaseRated):
            self.ratings.append((event.rated.value, event.rating.value))


def follow(events: Sequence[CaseEvent], work: FollowWork, office: Office, now: datetime) -> Followed:
    """Bring the books up to date with `events`, which are in order within each case."""
    streams: dict[str, list[CaseEvent]] = defaultdict(list)
    for event in events:
        streams[event.head.case_no].append(event)
    before = work.files.locked(streams)
    changed: list[CaseFile] = []
    kept: list[ClockRow] = []
    followed = Followed()
    for case_no, stream in streams.items():
        file = old = before.get(case_no) or CaseFile.new(case_no)
        for event in stream:
            if event.head.seq > file.row.seq:
                earlier, file = file, file.after(event, office)
                followed.note(earlier, event, file)
        if file is not old:
            changed.append(file.settled(office, now))
            kept += kept_after_all(old, file)
    work.files.save(before, changed)
    if kept:
        work.proposals.withdraw(kept, now, KEPT_AFTER_ALL)
    return followed
