"""What a verification says: one line for each damage, and how much was looked at."""

from dataclasses import asdict, dataclass
from typing import Any

MISSING = "missing"
EDITED = "edited"
TRUNCATED = "truncated"
REWRITTEN = "rewritten"


@dataclass(frozen=True, slots=True)
class Found:
    """One damage: the case, the place in its history (0: the case file), its kind, and a sentence in Chinese."""

    case_no: str
    seq: int
    damage: str
    text: str

    def as_data(self) -> dict[str, Any]:
        """The damage as JSON has it."""
        return asdict(self)


@dataclass(slots=True)
class Tally:
    """How much was looked at; `papers` are petitions and documents."""

    cases: int = 0
    events: int = 0
    papers: int = 0

    def as_data(self) -> dict[str, int]:
        """The numbers as JSON has them."""
        return asdict(self)
