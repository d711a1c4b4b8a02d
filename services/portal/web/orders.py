"""The supervisor's proposals: a breach proposes an order, a person signs or dismisses it (PR-26)."""

from typing import Any

from flask import Blueprint, redirect, request, url_for

from lianxi.casework.errors import LianxiError
from services.portal.domain import permissions as may
from services.portal.domain.accounts import MAY_ORDER, Principal
from services.portal.domain.page_forms import by_box
from services.portal.handlers import desk
from services.portal.schemas.filing import Reason
from services.portal.schemas.problems import checked
from services.portal.schemas.views import Order, ProposalsQuery
from services.portal.web.pages import errors_by_field, page, ports, staff_page

LABELS = {"facts": "督办事由", "request": "督办要求", "reason": "不予督办的理由"}
pages = Blueprint("orders", __name__, url_prefix="/desk/proposals")


@pages.get("")
@staff_page(may.OFFICE)
def proposals(person: Principal) -> Any:
    """Show the proposed orders."""
    return _list(person)


@pages.post("/<proposal_no>/sign")
@staff_page(may.SIGNERS)
def sign(person: Principal, proposal_no: str) -> Any:
    """Sign a proposed order."""
    paper = {name: text for name in ("facts", "request") if (text := request.form.get(name, "").strip())}
    try:
        order = checked(Order(), {"paper": paper})
        desk.sign_order(person, proposal_no, order["paper"], request.form.get("form_id") or None, ports())
    except LianxiError as error:
        return _list(person, error, proposal_no, "sign")
    return redirect(url_for("orders.proposals"), 303)


@pages.post("/<proposal_no>/dismiss")
@staff_page(may.SIGNERS)
def dismiss(person: Principal, proposal_no: str) -> Any:
    """Decide against a proposed order."""
    try:
        given = checked(Reason(), {"reason": request.form.get("reason", "")})
        desk.dismiss_proposal(person, proposal_no, given["reason"], request.form.get("form_id") or None, ports())
    except LianxiError as error:
        return _list(person, error, proposal_no, "dismiss")
    return redirect(url_for("orders.proposals"), 303)


def _list(person: Principal, refused: LianxiError | None = None, proposal_no: str = "", act: str = "") -> Any:
    fields, said, status = errors_by_field(refused) if refused else ({}, "", 200)
    errors = by_box({path.removeprefix("paper."): message for path, message in fields.items()}, LABELS)
    query = checked(ProposalsQuery(), {name: text for name, text in request.args.items() if text.strip()})
    found = desk.proposals(person, query.get("status"), (query["after"], query["limit"]), ports())
    rows = found["rows"]
    ids = [ports().new_id() for _ in rows]
    return page(
        "proposals.html",
        status,
        rows=list(zip(rows, ids, strict=True)),
        after=found.get("next"),
        said=said,
        labels=LABELS,
        wrong={"id": proposal_no, "act": act, "typed": request.form, "errors": errors},
        may_order=person.role in MAY_ORDER,
    )
