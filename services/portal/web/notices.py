"""What was told about a case, what became of it, and how far the service of its documents is: one page to read."""

from typing import Any

from flask import Blueprint

from lianxi.casework.identifiers import CaseNumber
from services.portal.domain import permissions as may
from services.portal.domain.accounts import Principal
from services.portal.handlers import desk, notices, service_of_documents
from services.portal.web.pages import page, ports, staff_page

pages = Blueprint("notices_page", __name__, url_prefix="/desk/cases")


@pages.route("/<case_no>/notices")
@staff_page(may.CASE_READERS)
def told(person: Principal, case_no: str) -> Any:
    """Show the notices of a case with every attempt, and its documents with their service."""
    case_no = str(CaseNumber.parse(case_no))
    found = notices.told(case_no, person, ports())["rows"]
    documents = service_of_documents.of_case(case_no, person, ports())["rows"]
    units = desk.units(person, person.node, ports())["rows"]
    names = {str(row["code"]): str(row.get("name") or row["code"]) for row in units}
    return page("notices.html", case_no=case_no, notices=found, documents=documents, units=names)
