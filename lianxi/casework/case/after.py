"""The one function that says what an event makes of a case; the modules `evolve…` each give it their events."""

from functools import singledispatch

from lianxi.casework.case.state import Case
from lianxi.casework.messages.events import CaseEvent


@singledispatch
def after(event: CaseEvent, case: Case) -> Case:
    """Return the case after `event`, as far as that is the event's own business; TypeError for one nobody knows."""
    raise TypeError(f"no evolution for {type(event).__name__} of {case.case_no}")
