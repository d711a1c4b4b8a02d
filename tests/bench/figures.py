"""What a benchmark says: a figure from a few repetitions, beside what bare tools did, beside what was to be reached.

A figure is the median of its repetitions; lowest and highest tell how far to trust it. The ratio is our figure
divided by that of the bare tools, measured in the same run, so it means something on another machine, too.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any

THOUSAND = 1000
HUNDRED = 100
TEN = 10


@dataclass(frozen=True, slots=True)
class Figure:
    """The repetitions of one measurement."""

    values: tuple[float, ...]

    @classmethod
    def of(cls, values: Sequence[float]) -> "Figure":
        """Return the figure of some repetitions."""
        return cls(tuple(float(value) for value in values))

    @property
    def median(self) -> float:
        """The middle value."""
        return median(self.values)

    @property
    def text(self) -> str:
        """The median, and the range when there is one."""
        if len(self.values) == 1:
            return plain(self.median)
        return f"{plain(self.median)} ({plain(min(self.values))}–{plain(max(self.values))})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of the table."""

    key: str
    what: str
    unit: str
    ours: Figure
    bare: Figure | None = None
    bare_what: str = ""
    target: float | None = None
    at_most: bool = False
    """Whether the target is a ceiling: seconds and megabytes, not things per second."""
    note: str = ""

    @property
    def ratio(self) -> float | None:
        """Our figure as a multiple of the bare tools'."""
        return self.ours.median / self.bare.median if self.bare else None

    @property
    def reached(self) -> bool | None:
        """Whether the target was reached; nothing when there is none."""
        if self.target is None:
            return None
        return self.ours.median <= self.target if self.at_most else self.ours.median >= self.target

    @property
    def target_text(self) -> str:
        """The target as it stands in the table."""
        if self.target is None:
            return "—"
        return f"{'≤' if self.at_most else '≥'} {plain(self.target)}"

    @property
    def verdict(self) -> str:
        """Whether the target was reached, as a word."""
        return {None: "—", True: "yes", False: "**no**"}[self.reached]

    def as_data(self) -> dict[str, Any]:
        """Return the row for `--json`."""
        return {**asdict(self), "median": self.ours.median, "ratio": self.ratio, "reached": self.reached}


def plain(value: float) -> str:
    """Return a number with as many digits as it deserves."""
    if value >= HUNDRED:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= TEN else f"{value:.2f}"


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value that so large a share of `values` does not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, max(0, -(-len(ordered) * round(share * THOUSAND) // THOUSAND) - 1))]
