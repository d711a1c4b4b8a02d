"""The dispatcher's desk: piles, taking a case and giving it back, proposed acts, one act on many cases."""

from typing import Any

from flask import Response, make_response

from services.portal.api.cases import number
from services.portal.api.resources import Resource, idempotency_key, ports
from services.portal.domain import permissions as may
from services.portal.domain.accounts import Principal
from services.portal.domain.answers import Answer
from services.portal.handlers import desk_work
from services.portal.schemas import desk_work as bodies
from services.portal.schemas.acts import act_schema
from services.portal.schemas.problems import checked
from services.portal.schemas.views import Page, RowsWithNext

resource = Resource("sorting_desk", __name__, description="分办台")


@resource.operation("/piles", answer=bodies.Piles, access=may.OFFICE)
def list_piles(person: Principal) -> dict[str, Any]:
    """Show every pile of the node with the age of its oldest case."""
    return desk_work.piles(person, ports())


@resource.operation("/piles/<pile_name>", query=Page, answer=bodies.Pile, access=may.STAFF)
def list_pile(person: Principal, page: dict[str, Any], pile_name: str) -> dict[str, Any]:
    """List the cases of one pile, oldest first."""
    return desk_work.pile(person, pile_name, (page["after"], page["limit"]), ports())


@resource.operation(
    "/cases/<case_no>/taking", "POST", body=bodies.TakeWanted, answer=bodies.Taken, access=may.CASE_WORKERS
)
def take_case(person: Principal, wanted: dict[str, bool], case_no: str) -> dict[str, Any]:
    """Take a case, so that nobody else works on it for half an hour."""
    return desk_work.take(person, number(case_no), ports(), over=wanted["over"])


@resource.operation("/cases/<case_no>/taking", "DELETE", status=204, access=may.CASE_WORKERS)
def give_case_back(person: Principal, case_no: str) -> Response:
    """Put a case back on its pile."""
    desk_work.give_back(person, number(case_no), ports())
    return make_response("", 204)


@resource.operation(
    "/cases/<case_no>/proposed-acts",
    "POST",
    body=bodies.ProposalWanted,
    answer=bodies.Proposed,
    repeatable=True,
    access=may.CASE_WORKERS,
)
def propose_act(person: Principal, wanted: dict[str, Any], case_no: str) -> Answer:
    """Prepare an act for somebody else's decision."""
    fields = checked(act_schema(wanted["act"])(), wanted["command"])
    act = wanted["act"], fields, wanted["note"]
    return desk_work.propose(person, number(case_no), act, idempotency_key(), ports())


@resource.operation("/proposed-acts", query=bodies.ProposedQuery, answer=RowsWithNext, access=may.PROPOSED)
def list_proposed_acts(person: Principal, query: dict[str, Any]) -> dict[str, Any]:
    """List the acts that wait for a decision, or all that were proposed for one case."""
    return desk_work.proposed(person, query["case_no"], (query["after"], query["limit"]), ports())


@resource.operation(
    "/proposed-acts/<act_id>/decision",
    "POST",
    body=bodies.Decision,
    answer=bodies.Decided,
    repeatable=True,
    access=may.DECIDERS,
)
def decide_proposed_act(person: Principal, decision: dict[str, Any], act_id: str) -> Answer:
    """Let a proposed act happen in one's own name, or return it with a reason."""
    given = decision["approve"], decision["reason"]
    return desk_work.decide(person, act_id, given, idempotency_key(), ports())


@resource.operation(
    "/acts", "POST", body=bodies.ManyWanted, answer=bodies.Outcomes, repeatable=True, access=may.MANY_AT_ONCE
)
def act_on_many(person: Principal, wanted: dict[str, Any]) -> Answer:
    """Take one act on up to a hundred cases, each with an outcome of its own."""
    fields = checked(act_schema(wanted["act"])(), wanted["command"])
    act = wanted["act"], fields
    return desk_work.act_on_many(person, act, wanted["cases"], idempotency_key(), ports())
