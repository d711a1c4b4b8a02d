"""The files of a case as a page: what there is, what has not come yet, and where to open it."""

from typing import Any

from flask import Blueprint

from lianxi.casework.identifiers import CaseNumber
from services.portal.domain import permissions as may
from services.portal.domain.accounts import Principal
from services.portal.handlers import files
from services.portal.web.pages import page, ports, staff_page

pages = Blueprint("case_files", __name__, url_prefix="/desk/cases")


@pages.get("/<case_no>/files")
@staff_page(may.CASE_READERS)
def show(person: Principal, case_no: str) -> Any:
    """Show the files of a case; opening one goes through the API, which writes down who looks."""
    number = str(CaseNumber.parse(case_no))
    return page("files.html", case_no=number, files=files.of_case(number, person, ports())["rows"])
