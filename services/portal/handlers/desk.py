"""What else a desk shows: the waiting pile, units, links, figures, the inbox, and proposed supervision orders."""

from datetime import date
from typing import Any

from lianxi.casework.errors import Forbidden
from services.portal.domain.accounts import MAY_ORDER, Principal, Reach, Scope, is_within
from services.portal.domain.answers import Answer
from services.portal.handlers import Ports, personal_data
from services.portal.handlers.asking import Attempt, ask, once


def waiting(person: Principal, page: tuple[str | None, int], ports: Ports) -> dict[str, Any]:
    """Return what no rule settled and a clerk must decide, oldest first."""
    _of_the_office(person)
    after, limit = page
    found = ask(ports, "routing.waiting", {"after": after or "", "limit": limit, "actor": person.actor()})
    here = [{"holder": person.node, **row} for row in found["rows"]]
    return {**found, "rows": personal_data.with_names(here, person, ports)}


def units(person: Principal, node: str | None, ports: Ports, on: str | None = None) -> dict[str, Any]:
    """Return the organs of a node, today or as they are on another day."""
    person.need(Scope.READ)
    asked = {"node": node, "on": on}
    return ask(ports, "routing.units", {name: value for name, value in asked.items() if value})


def links(person: Principal, ports: Ports) -> dict[str, Any]:
    """Return the state of the links to the nodes above and below."""
    _of_the_office(person)
    return ask(ports, "routing.links", {})


def board(person: Principal, ports: Ports) -> dict[str, Any]:
    """Return the picture of this node and everything below it, as supervision last counted it."""
    _of_the_office(person)
    return ask(ports, "supervision.board", {})


def transitions(person: Principal, ports: Ports) -> dict[str, Any]:
    """Return the state machine as a table."""
    person.need(Scope.READ)
    return ask(ports, "routing.transitions", {})


def kpis(person: Principal, period: tuple[date, date], node: str | None, ports: Ports) -> dict[str, Any]:
    """Return the figures of a period."""
    _of_the_office(person)
    if node is not None and not is_within(node, person.node):
        raise Forbidden("只能查看本节点及下级节点的指标。", rule="node-scope", field="node")
    first, last = period
    body = {"from": first.isoformat(), "to": last.isoformat()}
    return ask(ports, "supervision.kpis", {**body, "node": node} if node else body)


def inbox(person: Principal, page: tuple[str | None, int], ports: Ports) -> dict[str, Any]:
    """Return the messages for this person's role and unit."""
    person.need(Scope.READ)
    after, limit = page
    actor = person.actor()
    body = {"node": person.node, "role": actor["role"], "person": person.account_id, "after": after, "limit": limit}
    return ask(ports, "notify.inbox", {**body, "unit": person.unit} if person.unit else body)


def mark_read(person: Principal, message_id: str, ports: Ports) -> dict[str, Any]:
    """Note that a message was read."""
    person.need(Scope.READ)
    body = {"id": message_id, "actor": person.actor()}
    return ask(ports, "notify.mark_read", body, command_id=ports.new_id())


def proposals(person: Principal, status: str | None, page: tuple[str | None, int], ports: Ports) -> dict[str, Any]:
    """Return the proposed supervision orders, oldest first; `status` narrows them down."""
    _of_the_office(person)
    after, limit = page
    body: dict[str, Any] = {"after": after, "limit": limit, "status": status}
    return ask(ports, "supervision.proposals", {name: value for name, value in body.items() if value is not None})


def sign_order(person: Principal, proposal_no: str, paper: dict[str, str], key: str | None, ports: Ports) -> Answer:
    """Sign a proposed order: from here on the unit has a numbered order and a day to answer by."""
    body = {"proposal_no": proposal_no, "actor": _signer(person), "paper": paper}
    return _decide("supervision.sign_order", body, person, key, ports)


def dismiss_proposal(person: Principal, proposal_no: str, reason: str, key: str | None, ports: Ports) -> Answer:
    """Decide against a proposed order, with a reason."""
    body = {"proposal_no": proposal_no, "actor": _signer(person), "reason": reason}
    return _decide("supervision.dismiss_proposal", body, person, key, ports)


def _decide(door: str, body: dict[str, Any], person: Principal, key: str | None, ports: Ports) -> Answer:
    def run(attempt: Attempt) -> Answer:
        return Answer(200, ask(ports, door, body, command_id=attempt.command_id))

    return once(ports, person, key, (door, body), run)


def _signer(person: Principal) -> dict[str, str]:
    person.need(Scope.ACT)
    if person.role not in MAY_ORDER:
        raise Forbidden(f"督办函不由{person.role.label}签发，请交信访部门负责人或督办人员。", rule="actor")
    return person.actor()


def _of_the_office(person: Principal) -> None:
    person.need(Scope.READ)
    if person.reach is Reach.UNIT:
        raise Forbidden("此页面供信访部门和联席会议使用。", rule="actor")
