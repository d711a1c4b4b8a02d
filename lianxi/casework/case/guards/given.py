"""What a guard is: a question to the case, the command and the world outside, answered in Chinese or not at all."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from lianxi.casework.case.state import Case
from lianxi.casework.messages.facts import DocumentKind
from lianxi.law.calendar import Calendar


@dataclass(frozen=True, kw_only=True, slots=True)
class Given:
    """What an act finds outside the case.

    `now` is aware; `today` its day in Asia/Shanghai; `node` the node at which the act is carried out; `units` the
    organs of that node that may be given work, `organs` those of another node; `earlier` the case named by a merge,
    `same_person` whether any identity of a petitioner or co-signer is common to the two; `issue` numbers a document.
    """

    now: datetime
    today: date
    node: str
    calendar: Calendar
    issue: Callable[[DocumentKind], str]
    organs: Callable[[str], frozenset[str]] = lambda _node: frozenset()
    units: frozenset[str] = frozenset()
    earlier: Case | None = None
    same_person: bool = False
    offer_id: str = ""


# Commands differ by class; a guard reads the fields that the table's command of its row has.
Guard = Callable[[Case, Any, Given], str | None]
GUARDS: dict[str, Guard] = {}


def guard(function: Guard) -> Guard:
    """Enter a guard into the table under its own name."""
    GUARDS[function.__name__] = function
    return function
