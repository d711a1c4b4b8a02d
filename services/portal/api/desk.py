"""Everything else a desk works with: the waiting pile, units, links, figures, proposals, the inbox."""

from datetime import date
from typing import Any

from services.portal.api.resources import Resource, idempotency_key, ports
from services.portal.domain import permissions as may
from services.portal.domain.accounts import Principal
from services.portal.domain.answers import Answer
from services.portal.handlers import desk
from services.portal.schemas import views
from services.portal.schemas.filing import Reason
from services.portal.schemas.units import UnitsOfNode, UnitsQuery

resource = Resource("workbench", __name__, description="工作台")


@resource.operation("/waiting", query=views.Page, answer=views.Waiting, access=may.OFFICE)
def waiting(person: Principal, page: dict[str, Any]) -> dict[str, Any]:
    """List what waits for a clerk's decision, oldest first."""
    return desk.waiting(person, (page["after"], page["limit"]), ports())


@resource.operation("/units", query=UnitsQuery, answer=UnitsOfNode, access=may.STAFF)
def units(person: Principal, query: dict[str, Any]) -> dict[str, Any]:
    """List the organs of a node on a day."""
    return desk.units(person, query["node"], ports(), query["on"])


@resource.operation("/links", answer=views.Rows, access=may.OFFICE)
def links(person: Principal) -> dict[str, Any]:
    """Show the links to the nodes above and below."""
    return desk.links(person, ports())


@resource.operation("/transitions", answer=views.Rows, access=may.STAFF)
def transitions(person: Principal) -> dict[str, Any]:
    """Show the state machine as a table."""
    return desk.transitions(person, ports())


@resource.operation("/kpis", query=views.Period, answer=views.Rows, access=may.FIGURES)
def kpis(person: Principal, query: dict[str, Any]) -> dict[str, Any]:
    """Show the figures of a period."""
    period = date.fromisoformat(query["first"]), date.fromisoformat(query["last"])
    return desk.kpis(person, period, query["node"], ports())


@resource.operation("/proposals", query=views.ProposalsQuery, answer=views.RowsWithNext, access=may.OFFICE)
def proposals(person: Principal, query: dict[str, Any]) -> dict[str, Any]:
    """List proposed supervision orders."""
    return desk.proposals(person, query.get("status"), (query["after"], query["limit"]), ports())


@resource.operation(
    "/proposals/<proposal_no>/sign", "POST", body=views.Order, answer=views.Ordered, repeatable=True, access=may.SIGNERS
)
def sign_order(person: Principal, order: dict[str, Any], proposal_no: str) -> Answer:
    """Sign a proposed supervision order."""
    return desk.sign_order(person, proposal_no, order["paper"], idempotency_key(), ports())


@resource.operation(
    "/proposals/<proposal_no>/dismiss", "POST", body=Reason, answer=views.Done, repeatable=True, access=may.SIGNERS
)
def dismiss_proposal(person: Principal, given: dict[str, str], proposal_no: str) -> Answer:
    """Decide against a proposed supervision order."""
    answer = desk.dismiss_proposal(person, proposal_no, given["reason"], idempotency_key(), ports())
    return Answer(answer.status, {"done": True})


@resource.operation("/inbox", query=views.Page, answer=views.RowsWithNext, access=may.OWN_MESSAGES)
def inbox(person: Principal, page: dict[str, Any]) -> dict[str, Any]:
    """List the messages for one's role and unit."""
    return desk.inbox(person, (page["after"], page["limit"]), ports())


@resource.operation("/inbox/<message_id>/read", "POST", answer=views.Done, access=may.OWN_MESSAGES)
def mark_read(person: Principal, message_id: str) -> dict[str, Any]:
    """Note that a message was read."""
    desk.mark_read(person, message_id, ports())
    return {"done": True}
