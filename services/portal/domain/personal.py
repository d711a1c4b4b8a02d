"""Where somebody who is signed in stands towards a case, and what of its content that lets them read (MK-1 to MK-5).

On the task is the unit that handles the case, and of the petition department who deals the cases out and answers for
them; the registrar is as long as no unit has the case. Whoever keeps the accounts is on no task.
"""

from collections.abc import Mapping
from typing import Any

from lianxi.casework.masking import Viewer
from lianxi.casework.messages.facts import PetitionClass
from services.portal.domain.accounts import AccountRole, Principal

_WHOLE_NODE = frozenset(
    {
        AccountRole.DISPATCHER,
        AccountRole.DEPARTMENT_LEADER,
        AccountRole.SUPERVISOR,
        AccountRole.REVIEWER,
        AccountRole.FINAL_REVIEWER,
    }
)
READS_THE_BOOK = frozenset({AccountRole.DEPARTMENT_LEADER, AccountRole.ADMIN})
ANSWERS_PERSONS = frozenset({AccountRole.DEPARTMENT_LEADER})
CONTENT = ("subject", "text")


def viewer_towards(person: Principal, case: Mapping[str, Any]) -> Viewer:
    """Return where this person stands; `case` is a row or view with `holder` and `unit`."""
    if str(case.get("holder") or "") != person.node:
        return Viewer.OTHER_NODE
    unit = str(case.get("unit") or "")
    if person.role is AccountRole.ADMIN:
        return Viewer.COLLEAGUE
    if person.unit and person.unit == unit:
        return Viewer.HANDLER
    on_task = person.role in _WHOLE_NODE or (not unit and person.role is AccountRole.REGISTRAR)
    return Viewer.HANDLER if on_task else Viewer.COLLEAGUE


def readable_content(case: Mapping[str, Any], viewer: Viewer) -> dict[str, Any]:
    """Return title and text as far as this viewer reads them (MK-5), without what is hidden or not there."""
    allowed = {Viewer.HANDLER: CONTENT, Viewer.COLLEAGUE: CONTENT[:1]}.get(viewer, ())
    return {name: case[name] for name in allowed if case.get(name)}


def is_accusation(case: Mapping[str, Any]) -> bool:
    """Whether the accuser is to be hidden (MK-6)."""
    return case.get("petition_class") == PetitionClass.ACCUSATION.value


def may_read_the_book(person: Principal) -> bool:
    """Whether this person may see who looked at personal data."""
    return person.role in READS_THE_BOOK


def may_answer_persons(person: Principal) -> bool:
    """Whether this person may take out or erase one person's data for that person."""
    return person.role in ANSWERS_PERSONS
