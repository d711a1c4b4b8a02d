"""The clerk's desk: the waiting pile, the ledger, the inbox, the links."""

from typing import Any

from flask import Blueprint, redirect, request, url_for

from lianxi.casework.messages.facts import STATE_LABELS
from services.portal.domain import permissions as may
from services.portal.domain.accounts import Principal
from services.portal.handlers import cases, desk
from services.portal.schemas.problems import checked
from services.portal.schemas.views import LedgerQuery, Page
from services.portal.web.pages import CHANNELS, LAMPS, nodes_within, page, ports, staff_page

pages = Blueprint("desk", __name__, url_prefix="/desk")


@pages.get("/")
@staff_page(may.OFFICE)
def waiting(person: Principal) -> Any:
    """Show what waits for a decision, oldest first."""
    query = _query(Page())
    pile = desk.waiting(person, (query["after"], query["limit"]), ports())
    return page("waiting.html", pile=pile)


@pages.get("/cases")
@staff_page(may.LEDGER)
def ledger(person: Principal) -> Any:
    """Show the ledger, narrowed by what was asked for."""
    query = _query(LedgerQuery())
    after, limit = query.pop("after"), query.pop("limit")
    found = cases.ledger(query, person, (after, limit), ports())
    return page(
        "ledger.html",
        found=found,
        limit=limit,
        asked=query,
        states=list(STATE_LABELS.items()),
        channels=CHANNELS,
        lamps=LAMPS,
        nodes=nodes_within(person.node),
    )


@pages.get("/inbox")
@staff_page(may.OWN_MESSAGES)
def inbox(person: Principal) -> Any:
    """Show the messages for this desk."""
    query = _query(Page())
    return page("inbox.html", inbox=desk.inbox(person, (query["after"], query["limit"]), ports()))


@pages.post("/inbox/<message_id>/read")
@staff_page(may.OWN_MESSAGES)
def mark_read(person: Principal, message_id: str) -> Any:
    """Note that a message was read."""
    desk.mark_read(person, message_id, ports())
    return redirect(url_for("desk.inbox"), 303)


@pages.get("/links")
@staff_page(may.OFFICE)
def links(person: Principal) -> Any:
    """Show the links to the nodes above and below."""
    return page("links.html", links=desk.links(person, ports()))


def _query(schema: Any) -> dict[str, Any]:
    """Return what the address asks for; fields of the form left empty ask for nothing."""
    return checked(schema, {name: text for name, text in request.args.items() if text.strip()})
