"""How far apart looks for work begin: a look costs nearly the same whether it finds one message or ten.

So the more comes, the rarer they are, up to a bound: a crowd at the front door has its cases opened a moment later and
is answered sooner.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Pace:
    """The times between two looks, in seconds: `least` when little comes, `most` when much does."""

    least: float
    most: float
    crowded: int
    """So many messages double the time until the next look."""

    def after(self, number: int) -> float:
        """Return how long after a look that found so many messages the next one begins."""
        return min(self.most, self.least * (1 + number / self.crowded))
