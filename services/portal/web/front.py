"""The one-stop page: what petitioners see, file and follow."""

from typing import Any

from flask import Blueprint, Response, request

from lianxi.casework.errors import LianxiError
from services.portal.domain.accounts import is_within
from services.portal.handlers import filing, tracking
from services.portal.schemas.filing import Petition
from services.portal.schemas.problems import checked
from services.portal.web.pages import errors_by_field, open_page, page, ports

pages = Blueprint("front", __name__)
PETITIONER = ("name", "id_number", "credit_code", "phone", "email", "address")


@pages.get("/")
@open_page()
def home() -> Response:
    """Show what can be done here."""
    return page("home.html")


@pages.get("/petition")
@open_page()
def petition() -> Response:
    """Show the empty form; its number lets a form that is sent twice count once."""
    return _form({"form_id": ports().new_id()}, {}, "", 200)


@pages.post("/petition")
@open_page("filing")
def file_petition() -> Response:
    """Take a petition in and show the receipt, or the form again with what is wrong."""
    typed = request.form.to_dict()
    try:
        receipt = filing.file_petition(_body(typed), None, typed.get("form_id") or None, ports())
    except LianxiError as error:
        fields, said, status = errors_by_field(error)
        return _form(typed, fields, said, status)
    return page("receipt.html", 201, receipt=receipt.body)


def _form(typed: dict[str, str], errors: dict[str, str], said: str, status: int) -> Response:
    return page("petition.html", status, typed=typed, errors=errors, said=said, divisions=_divisions())


def _divisions() -> list[tuple[str, str]]:
    """Return the places of this node's area, a township under its district's name."""
    names = ports().names
    inside = sorted(code for code in names if is_within(code, ports().node))
    return [(code, f"{'' if len(code) == 6 else names.get(code[:6], '') + ' · '}{names[code]}") for code in inside]  # noqa: PLR2004  six digits name a district


def _body(typed: dict[str, str]) -> dict[str, Any]:
    """Return the form as the body of a petition; what was left empty was not said."""
    given = {name: text for name, text in typed.items() if text.strip()}
    body: dict[str, Any] = {name: given[name] for name in ("subject", "text", "division") if name in given}
    body["petitioner"] = {name: given[f"petitioner.{name}"] for name in PETITIONER if f"petitioner.{name}" in given}
    if typed.get("anonymous") == "yes":
        body["anonymous"] = True
    if "persons" in given:
        text = given["persons"].strip()
        body["persons"] = int(text) if text.isascii() and text.isdigit() and len(text) < 7 else text  # noqa: PLR2004  more people than there are
    return checked(Petition(), body)


@pages.route("/track", methods=["GET", "POST"])
@open_page("tracking")
def track() -> Response:
    """Ask for the query code, and show how far the matter has come."""
    if request.method == "GET":
        return page("track.html", progress=None, error="", typed="")
    typed = request.form.get("query_code", "")[:100]
    try:
        progress = tracking.track(typed, ports())
    except LianxiError as error:
        _, said, status = errors_by_field(error)
        return page("track.html", status, progress=None, error=said, typed="")
    return page("track.html", progress=progress, error="", typed="")
