"""The registrar's unfinished work: the own drafts, and what was refused at the door and waits to be mended."""

from typing import Any

from services.portal.domain.accounts import Principal, Scope
from services.portal.domain.permissions import TAKES_IN_FOR_A_UNIT
from services.portal.handlers import Ports
from services.portal.handlers.asking import ask
from services.portal.handlers.filing import check_registers


def rejects(person: Principal, query: dict[str, Any], ports: Ports) -> dict[str, Any]:
    """Return a page of refused input, oldest first, without what it says."""
    person.need(Scope.READ)
    check_registers(person)
    body = {"actor": person.actor(), "after": query["after"] or "", "limit": query["limit"]}
    if query.get("origin"):
        body["origin"] = query["origin"]
    return ask(ports, "intake.rejects", body)


def open_reject(person: Principal, reject_id: str, reason: str, ports: Ports) -> dict[str, Any]:
    """Return refused input in full; intake records who looked and why (MK-8)."""
    person.need(Scope.READ)
    check_registers(person)
    body = {"actor": person.actor(), "id": reject_id, "reason": reason}
    return ask(ports, "intake.reject", body, command_id=ports.new_id())


def import_reject(person: Principal, reject_id: str, content: dict[str, Any], ports: Ports) -> dict[str, Any]:
    """Take in a refused row of an import as it was mended; what is still wrong is told by field."""
    person.need(Scope.FILE)
    check_registers(person)
    body = {"actor": person.actor(), "id": reject_id, "content": content}
    return ask(ports, "intake.import_reject", body, command_id=ports.new_id())


def drop_reject(person: Principal, reject_id: str, ports: Ports) -> None:
    """Note that refused input will not be mended."""
    person.need(Scope.FILE)
    check_registers(person)
    ask(ports, "intake.drop_reject", {"actor": person.actor(), "id": reject_id}, command_id=ports.new_id())


def save_draft(person: Principal, content: dict[str, str], draft_id: str, ports: Ports) -> dict[str, Any]:
    """Keep what was entered so far as an own draft, in the place of an earlier one if there is one."""
    _takes_in(person, Scope.FILE)
    body = {"actor": person.actor(), "content": content, **({"id": draft_id} if draft_id else {})}
    return ask(ports, "intake.save_draft", body, command_id=ports.new_id())


def drafts(person: Principal, query: dict[str, Any], ports: Ports) -> dict[str, Any]:
    """Return a page of the own drafts, newest first."""
    _takes_in(person, Scope.READ)
    body = {"actor": person.actor(), "after": query["after"] or "", "limit": query["limit"]}
    return ask(ports, "intake.drafts", body)


def open_draft(person: Principal, draft_id: str, ports: Ports) -> dict[str, Any]:
    """Return one of the own drafts."""
    _takes_in(person, Scope.READ)
    return ask(ports, "intake.draft", {"actor": person.actor(), "id": draft_id})


def drop_draft(person: Principal, draft_id: str, ports: Ports) -> None:
    """Forget one of the own drafts."""
    _takes_in(person, Scope.FILE)
    ask(ports, "intake.drop_draft", {"actor": person.actor(), "id": draft_id}, command_id=ports.new_id())


def _takes_in(person: Principal, scope: Scope) -> None:
    """Let whoever registers keep own drafts: at the petition department, or at an organ (T22)."""
    person.need(scope)
    if person.role not in TAKES_IN_FOR_A_UNIT:
        check_registers(person)
