"""A case in the books of supervision: its ledger row together with its clocks, and what an event makes of both."""

from dataclasses import dataclass
from datetime import datetime
from typing import Self

from lianxi.casework.case.evolve import evolve
from lianxi.casework.messages.events import CaseEvent
from lianxi.casework.values import replace
from services.supervision.domain import clocks
from services.supervision.domain.clocks import ClockRow, Status
from services.supervision.domain.ledger import LedgerRow, as_case, recorded, summarised
from services.supervision.domain.office import Office
from services.supervision.domain.schedule import levels_up, scheduled


@dataclass(frozen=True, slots=True)
class CaseFile:
    """One case: its row and its clocks, in the order they were opened."""

    row: LedgerRow
    clocks: tuple[ClockRow, ...] = ()

    @classmethod
    def new(cls, case_no: str) -> Self:
        """A case nothing is known of."""
        return cls(LedgerRow(case_no=case_no))

    def after(self, event: CaseEvent, office: Office) -> Self:
        """The file after `event`, before its alerts and its summary are brought up to date (`settled`)."""
        case = evolve(as_case(self.row), event)
        rows = clocks.after(self.clocks, event, case, office)
        return replace(self, row=recorded(self.row, event, case), clocks=rows)

    def settled(self, office: Office, now: datetime) -> Self:
        """The file with the next alert of each clock, and the summary of the clocks in the row."""
        rows = tuple(scheduled(clock, office, now) for clock in self.clocks)
        inside = levels_up(office.node, self.row.holder) is not None
        return replace(self, row=summarised(self.row, rows, inside=inside), clocks=rows)

    def clock(self, code: str, instance: int) -> ClockRow:
        """One clock of the case."""
        return next(clock for clock in self.clocks if (clock.code, clock.instance) == (code, instance))


def kept_after_all(before: CaseFile, file: CaseFile) -> list[ClockRow]:
    """Clocks that had gone red here and turn out to have been kept: the document's news came late, not the document."""
    late_here = {clock.key for clock in before.clocks if clock.breached_at is not None and clock.is_open}
    return [clock for clock in file.clocks if clock.key in late_here and clock.status == Status.CLOSED and clock.kept]
