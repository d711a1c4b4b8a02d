"""Count the books for the metrics: cases, clocks, orders, and the indices of this month and the last one."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Protocol

from services.supervision.domain.figures import Count, Figure, Period
from services.supervision.domain.gauges import Gauges, Running, Standing, gauges, months, shown_figures
from services.supervision.domain.office import Office


class Counts(Protocol):
    """Groups of the books."""

    def cases(self) -> Sequence[Standing]:
        """Return how many cases of the subtree stand alike."""
        ...

    def clocks(self, today: date) -> Sequence[Running]:
        """Return how many running clocks are alike."""
        ...

    def proposals(self) -> Mapping[str, int]:
        """Return the number of supervision orders by status."""
        ...


class Indices(Protocol):
    """The books, as far as the indices need them."""

    def counts(self, period: Period, today: date, targets: Mapping[str, int]) -> Sequence[Count]:
        """Return what each node's own cases contribute to each index of a period."""
        ...


class MeasureWork(Protocol):
    """The transaction."""

    @property
    def gauges(self) -> Counts:
        """Groups of the books."""
        ...

    @property
    def books(self) -> Indices:
        """The books."""
        ...


def count_work(work: MeasureWork, now: datetime) -> tuple[Gauges, Mapping[str, int]]:
    """Count cases and clocks, and orders by status."""
    return gauges(work.gauges.cases(), work.gauges.clocks(now.date()), now), work.gauges.proposals()


def count_figures(work: MeasureWork, office: Office, today: date) -> Iterator[tuple[str, list[Figure]]]:
    """Yield each period's name with its indices, of this node and of its direct children."""
    for name, period in months(today, office.node).items():
        counts = work.books.counts(period, today, office.rules.transfer_targets)
        yield name, shown_figures(counts, office.node)
