"""How much a verification looked at, so that an empty database does not pass for a sound one."""

from dataclasses import asdict, dataclass


@dataclass(slots=True)
class Tally:
    """How much was looked at; `papers` are petitions and documents."""

    cases: int = 0
    events: int = 0
    papers: int = 0

    def as_data(self) -> dict[str, int]:
        """The numbers as JSON has them."""
        return asdict(self)
