"""Filing a petition, following it and acting on it with the query code: what needs no account.

What a registrar left unfinished, or what was refused at the door, has its addresses here too.
"""

from typing import Any

from flask import request
from marshmallow import Schema

from lianxi.casework.errors import Invalid
from services.portal.api.resources import Resource, idempotency_key, ports
from services.portal.domain import permissions as may
from services.portal.domain.accounts import Principal
from services.portal.domain.answers import Answer
from services.portal.handlers import filing, petitioning, refusing, tracking, unfinished
from services.portal.schemas import petitioning as bodies
from services.portal.schemas import views
from services.portal.schemas.filing import Petition, QueryCodeGiven, Reason, Receipt
from services.portal.schemas.requests import caller_of
from services.portal.schemas.views import Progress

resource = Resource("petitions", __name__, description="提交与查询")


def _keep(person: Principal | None, sent: Any, wrong: Invalid) -> Invalid:
    """Keep what was refused, so that it is not lost."""
    return refusing.keep(sent, wrong, person, ports(), address=caller_of(request).address)


@resource.operation(
    "/cases",
    "POST",
    body=Petition,
    answer=Receipt,
    status=201,
    purpose="filing",
    repeatable=True,
    access=may.FILING,
    on_invalid=_keep,
)
def file_petition(person: Principal | None, form: dict[str, Any]) -> tuple[dict[str, Any], int, dict[str, str]]:
    """File a petition, as a petitioner or, signed in, as a registrar or as an officer for the own unit (T22)."""
    answer: Answer = filing.file_petition(form, person, idempotency_key(), ports(), address=caller_of(request).address)
    return answer.body, answer.status, {"Location": f"/api/v1/cases/{answer.body['number']}"}


@resource.operation(
    "/track", "POST", body=QueryCodeGiven, answer=Progress, purpose="tracking", reads=True, access=may.BY_CODE
)
def track(_person: Principal | None, given: dict[str, str]) -> Any:
    """Look at a petition with its query code, which travels in the body only."""
    return tracking.track(given["query_code"], ports())


def _wish(name: str, body: type[Schema], said: str) -> None:
    """Register what a petitioner may ask for under /track."""

    def ask_for(_person: Principal | None, given: dict[str, Any]) -> Answer:
        return petitioning.petition_for(name, given, idempotency_key(), ports())

    ask_for.__name__, ask_for.__doc__ = f"track_{name}", said
    resource.operation(
        f"/track/{name}",
        "POST",
        body=body,
        answer=bodies.Brought,
        access=may.BY_CODE,
        purpose="filing",
        repeatable=True,
        also={"responses": {"202": {"description": "已转给持有该事项的节点，或者已经收到、待移交完成后送达"}}},
    )(ask_for)


_wish("material", bodies.Words, "Add material to a petition.")
_wish("completion", bodies.Words, "Answer a request for completion (T45).")
_wish("urge", bodies.Urge, "Ask for a petition to be hurried on.")
_wish("rating", bodies.Rate, "Rate the petition department or the organ.")
_wish("withdrawal", bodies.Withdraw, "Withdraw a petition of free will (T42).")


@resource.operation(
    "/drafts", "POST", body=bodies.Unfinished, answer=bodies.DraftSaved, status=201, purpose="filing", access=may.FREE
)
def save_draft(person: Principal | None, given: dict[str, Any]) -> dict[str, Any]:
    """Keep a petition that is not finished."""
    return petitioning.save_draft(given, person, ports())


@resource.operation(
    "/drafts/open",
    "POST",
    body=bodies.DraftWanted,
    answer=bodies.DraftOpened,
    purpose="tracking",
    reads=True,
    access=may.BY_CODE,
)
def open_draft(_person: Principal | None, given: dict[str, str]) -> dict[str, Any]:
    """Open a draft with its code, which travels in the body only."""
    return petitioning.open_draft(given["draft_code"], ports())


@resource.operation("/drafts", query=views.Page, answer=views.RowsWithNext, access=may.OWN_DRAFTS)
def drafts(person: Principal, query: dict[str, Any]) -> dict[str, Any]:
    """List one's own drafts."""
    return unfinished.drafts(person, query, ports())


@resource.operation("/rejects", query=bodies.RejectsQuery, answer=views.RowsWithNext, access=may.REGISTRARS)
def rejects(person: Principal, query: dict[str, Any]) -> dict[str, Any]:
    """List refused input that nobody has mended yet."""
    return unfinished.rejects(person, query, ports())


@resource.operation(
    "/rejects/<reject_id>/open", "POST", body=Reason, answer=bodies.RejectOpened, reads=True, access=may.REGISTRARS
)
def open_reject(person: Principal, given: dict[str, str], reject_id: str) -> dict[str, Any]:
    """Open refused input; the look is written down with its reason."""
    return unfinished.open_reject(person, reject_id, given["reason"], ports())


@resource.operation(
    "/rejects/<reject_id>/import",
    "POST",
    body=bodies.MendedRow,
    answer=bodies.RowImported,
    status=201,
    access=may.REGISTRARS_FILE,
)
def import_reject(person: Principal, mended: dict[str, Any], reject_id: str) -> dict[str, Any]:
    """Take in a refused row of an import as it was mended."""
    return unfinished.import_reject(person, reject_id, mended["content"], ports())


@resource.operation("/rejects/<reject_id>/drop", "POST", answer=views.Done, access=may.REGISTRARS_FILE)
def drop_reject(person: Principal, reject_id: str) -> dict[str, Any]:
    """Note that refused input will not be mended."""
    unfinished.drop_reject(person, reject_id, ports())
    return {"done": True}
