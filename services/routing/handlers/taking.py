"""Take a case so that nobody else works on it meanwhile, and give it back to its pile."""

from typing import Any

from lianxi.casework.case.offers import offered
from lianxi.casework.case.state import Case
from lianxi.casework.errors import Conflict, Forbidden
from lianxi.casework.messages.facts import Actor, Role
from services.routing.domain.desk import DESK_ROLES, TAKEN_FOR, Taking
from services.routing.handlers import Here, RoutingWork
from services.routing.handlers.cases import check_sealed, given_here, known_case


def take(work: RoutingWork, case_no: str, actor: Actor, here: Here, *, over: bool = False) -> dict[str, Any]:
    """Take a case for half an hour; taking it again begins anew. A department leader may take it over from others."""
    case = known_case(work, case_no)
    check_sealed(case, actor)
    if case.in_transfer or not offered(case, actor, given_here(work, here)):
        raise Forbidden("此事项现在没有您可以办理的步骤，不能领取。", rule="actor")
    now = here.clock.now()
    taken = work.desk_books.taking(case_no)
    if taken is not None and taken.holds_against(actor.person, now):
        if not over:
            raise _taken(taken)
        if actor.role is not Role.DEPARTMENT_LEADER:
            raise Forbidden("只有信访部门负责人可以改由他人办理。", rule="actor", field="over")
    mine = Taking(case_no=case_no, person=actor.person, role=actor.role.value, taken_at=now, expires_at=now + TAKEN_FOR)
    work.desk_books.take(mine)
    return {"case_no": case_no, "seq": case.seq, "expires_at": mine.expires_at.isoformat()}


def give_back(work: RoutingWork, case_no: str, actor: Actor, here: Here) -> dict[str, Any]:
    """Put a case back on its pile; one that nobody has taken stays there."""
    known_case(work, case_no)
    taken = work.desk_books.taking(case_no)
    if taken is not None and taken.holds_against(actor.person, here.clock.now()):
        raise _taken(taken)
    work.desk_books.give_back(case_no)
    return {"case_no": case_no}


def check_not_taken(work: RoutingWork, case: Case, actor: Actor, here: Here) -> bool:
    """Refuse a desk's act on a case that a colleague works on; return whether somebody has taken it."""
    taken = work.desk_books.taking(case.case_no)
    if taken is None:
        return False
    if actor.role in DESK_ROLES and taken.holds_against(actor.person, here.clock.now()):
        raise _taken(taken)
    return True


def _taken(taken: Taking) -> Conflict:
    until = taken.expires_at.isoformat()
    return Conflict(
        f"此事项正由另一位工作人员办理，至 {taken.expires_at:%H:%M} 为止。请稍后再办，或者请信访部门负责人改派。",
        code="taken",
        details={"role": taken.role, "until": until},
    )
