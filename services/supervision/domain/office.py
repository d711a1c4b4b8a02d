"""Where and by what the watching is done: this node with the mark of its letters, its settings, the calendar."""

from dataclasses import dataclass

from lianxi.law.calendar import Calendar
from services.supervision.domain.rules import Rules


@dataclass(frozen=True, slots=True)
class Office:
    """Given to every use case. `mark` stands before the year in the numbers of the node's letters (DOC-17): 宁信."""

    node: str
    mark: str
    rules: Rules
    calendar: Calendar
