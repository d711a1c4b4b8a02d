"""Repeats (重复信访) at a case: what was proposed, and the decision of the office that holds it."""

from typing import Any

from lianxi.casework.errors import Forbidden
from services.portal.domain.accounts import Principal, Reach, Scope
from services.portal.domain.acts import check_acts
from services.portal.domain.answers import Answer
from services.portal.handlers import Ports
from services.portal.handlers.asking import Attempt, ask, once
from services.portal.handlers.cases import read_case

NOTHING: dict[str, Any] = {"rows": [], "question": None}


def proposed(case_no: str, person: Principal, ports: Ports) -> dict[str, Any]:
    """Return the earlier cases that a case may repeat, with scores, reasons and decisions."""
    found: dict[str, Any] = read_case(case_no, person, ports).get("repeats") or NOTHING
    return found


def decide(
    numbers: tuple[str, str], decision: dict[str, str], person: Principal, key: str | None, ports: Ports
) -> Answer:
    """Decide whether the first of two cases repeats the second; the petition department does, not a handling unit."""
    case_no, earlier = numbers
    person.need(Scope.ACT)
    if person.reach is Reach.UNIT:
        raise Forbidden("是否重复信访由登记或分办人员认定。", rule="actor")
    check_acts(person)
    body = {"case_no": case_no, "earlier": earlier, "actor": person.actor(), **decision}

    def run(attempt: Attempt) -> Answer:
        return Answer(200, ask(ports, "routing.decide_repeat", body, command_id=attempt.command_id))

    return once(ports, person, key, (f"POST /cases/{case_no}/repeats/{earlier}", decision), run)
