"""Call-backs (回访, PR-23): whoever was rated 不满意 calls the petitioner back, and owes it until somebody was reached.

The organ that is rated is the one that handled the matter; of the petition departments it is the first on the way of
the case that still hears of it. Where the case leaves the part of the tree that a debtor hears of, its new holder's
department owes the call.
"""

from collections.abc import Sequence

from lianxi.casework.case.after import after
from lianxi.casework.case.state import Case
from lianxi.casework.identifiers import DivisionCode
from lianxi.casework.messages.facts import Actor
from lianxi.casework.messages.petitioner import CallBack, CallBackRecorded, CaseRated, Rated
from lianxi.casework.values import replace


def rated_organ(case: Case, rated: Rated) -> tuple[str, str]:
    """Return node and unit of who is rated; the unit is "" for a petition department."""
    if rated is Rated.UNIT:
        return case.holder, case.unit
    return next((node for node in case.path if _hears(node, case.holder)), case.holder), ""


def owed(case: Case, rated: Rated) -> CallBack | None:
    """Return the call-back that is owed for the rating of the one or the other."""
    return next((call for call in case.call_backs if call.rated is rated), None)


def is_of(call: CallBack, actor: Actor) -> bool:
    """Whether a call-back is this person's to record: the unit's own people, or those of the department."""
    return (actor.node, actor.unit if call.unit else "") == (call.node, call.unit)


def heard_of(calls: Sequence[CallBack], holder: str) -> tuple[CallBack, ...]:
    """Return the call-backs as they are owed once `holder` has the case."""
    return tuple(call if _hears(call.node, holder) else replace(call, node=holder, unit="") for call in calls)


def _hears(node: str, holder: str) -> bool:
    """Whether a node follows a case that `holder` has: its own cases, and those below."""
    return DivisionCode.parse(node).contains(DivisionCode.parse(holder))


@after.register
def _(event: CaseRated, case: Case) -> Case:
    others = tuple(rating for rating in case.ratings if rating.partition(":")[0] != event.rated)
    calls = case.call_backs
    if event.call_back_withdrawn:
        calls = tuple(call for call in calls if call.rated is not event.rated)
    if event.call_back_node:
        since, unit = event.head.at, event.call_back_unit
        calls = (*calls, CallBack(rated=event.rated, node=event.call_back_node, unit=unit, since=since))
    return replace(case, ratings=(*others, f"{event.rated}:{event.rating}"), call_backs=calls)


@after.register
def _(event: CallBackRecorded, case: Case) -> Case:
    others = tuple(call for call in case.call_backs if call.rated is not event.rated)
    if event.reached:
        return replace(case, call_backs=others)
    tried = (replace(call, attempts=call.attempts + 1) for call in case.call_backs if call.rated is event.rated)
    return replace(case, call_backs=(*others, *tried))
