"""Where and by what the watching is done: this node, its settings, the calendar of the day."""

from dataclasses import dataclass

from lianxi.law.calendar import Calendar
from services.supervision.domain.rules import Rules


@dataclass(frozen=True, slots=True)
class Office:
    """Given to every use case."""

    node: str
    rules: Rules
    calendar: Calendar
