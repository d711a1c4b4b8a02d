"""The clerk's answer to a proposed repeat, given on the page of the case."""

from typing import Any

from flask import Blueprint, redirect, request, url_for

from lianxi.casework.errors import LianxiError
from lianxi.casework.identifiers import CaseNumber
from services.portal.domain import permissions as may
from services.portal.domain.accounts import Principal
from services.portal.handlers import cases, repeats
from services.portal.schemas.problems import checked
from services.portal.schemas.repeats import RepeatDecision
from services.portal.web.pages import errors_by_field, page, ports, staff_page

pages = Blueprint("repeat", __name__, url_prefix="/desk/cases")


@pages.route("/<case_no>/repeats/<earlier>", methods=["GET", "POST"])
@staff_page(may.CASE_READERS, sends=may.REPEATS)
def decide(person: Principal, case_no: str, earlier: str) -> Any:
    """Show what speaks for a repeat, or take the decision."""
    case_no, earlier = str(CaseNumber.parse(case_no)), str(CaseNumber.parse(earlier))
    view = cases.read_case(case_no, person, ports())
    if request.method == "GET":
        return _form(view, earlier, None, ports().new_id())
    form_id = request.form.get("form_id", "")
    try:
        given = {name: request.form.get(name, "") for name in ("verdict", "note")}
        decision = checked(RepeatDecision(), given)
        repeats.decide((case_no, earlier), decision, person, form_id or None, ports())
    except LianxiError as error:
        return _form(view, earlier, error, form_id)
    return redirect(url_for("case.show", case_no=case_no), 303)


def _form(view: dict[str, Any], earlier: str, refused: LianxiError | None, form_id: str) -> Any:
    errors, said, status = errors_by_field(refused, ("note",)) if refused else ({}, "", 200)
    rows = (view.get("repeats") or repeats.NOTHING)["rows"]
    row = next((each for each in rows if each["earlier"] == earlier), None)
    return page(
        "repeat.html",
        status,
        case=view,
        earlier=earlier,
        row=row,
        said=said,
        errors=errors,
        typed=request.form,
        form_id=form_id,
    )
