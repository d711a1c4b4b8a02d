"""The page of visits that came too high: when they came and where they were guided to; each opened with a reason."""

from typing import Any

from flask import Blueprint, request

from lianxi.casework.errors import LianxiError
from lianxi.casework.identifiers import CaseNumber
from services.portal.domain import permissions as may
from services.portal.domain.accounts import Principal
from services.portal.handlers import guided
from services.portal.schemas.filing import Reason
from services.portal.schemas.problems import checked
from services.portal.schemas.views import Page
from services.portal.web.pages import errors_by_field, page, ports, staff_page

pages = Blueprint("guided", __name__, url_prefix="/desk/guided")


@pages.get("/")
@staff_page(may.GUIDED)
def visits(person: Principal) -> Any:
    """List the visits, newest first."""
    typed = {name: text for name, text in request.args.items() if text.strip()}
    return page("guided.html", visits=guided.visits(person, checked(Page(), typed), ports()))


@pages.route("/<guided_no>", methods=["GET", "POST"])
@staff_page(may.GUIDED)
def visit(person: Principal, guided_no: str) -> Any:
    """Ask for the reason, then show the visit in full."""
    case_no = str(CaseNumber.parse(guided_no))
    guided.check_received(person)
    if request.method == "GET":
        return _page(case_no)
    typed = {"reason": request.form.get("reason", "")}
    try:
        contact = guided.visit(case_no, checked(Reason(), typed)["reason"], person, ports())
    except LianxiError as error:
        errors, said, status = errors_by_field(error, typed)
        return _page(case_no, status, typed=typed, errors=errors, said=said)
    return _page(case_no, contact=contact)


def _page(case_no: str, status: int = 200, **shown: Any) -> Any:
    empty: dict[str, Any] = {"contact": None, "typed": {}, "errors": {}, "said": ""}
    return page("petitioner.html", status, case_no=case_no, guided=True, **(empty | shown))
