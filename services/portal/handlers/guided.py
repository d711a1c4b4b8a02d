"""Visits that were guided elsewhere: listed without names, and opened by the petition department with a reason."""

from typing import Any

from lianxi.casework.errors import Forbidden
from services.portal.domain.accounts import Principal, Scope
from services.portal.domain.permissions import RECEIVES
from services.portal.handlers import Ports
from services.portal.handlers.asking import ask


def visits(person: Principal, query: dict[str, Any], ports: Ports) -> dict[str, Any]:
    """Return a page of guided visits of this node, newest first."""
    check_received(person)
    body = {"actor": person.actor(), "after": query["after"] or "", "limit": query["limit"]}
    return ask(ports, "intake.guided_visits", body)


def visit(number: str, reason: str, person: Principal, ports: Ports) -> dict[str, Any]:
    """Return a guided visit in full; intake records who looked and why (MK-8)."""
    check_received(person)
    body = {"actor": person.actor(), "number": number, "reason": reason}
    return ask(ports, "intake.guided_visit", body, command_id=ports.new_id())


def check_received(person: Principal) -> None:
    """Refuse whom these visits do not concern."""
    person.need(Scope.READ)
    if person.role not in RECEIVES:
        raise Forbidden(f"越级走访登记不由{person.role.label}查看，请交信访部门。", rule="MK-1")
