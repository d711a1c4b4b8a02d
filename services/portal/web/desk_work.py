"""The dispatcher's pages: every pile, one pile with its acts on many, and the acts that wait for a decision."""

from typing import Any

from flask import Blueprint, redirect, request, url_for

from lianxi.casework.errors import LianxiError
from services.portal.domain import permissions as may
from services.portal.domain.accounts import Principal, Reach
from services.portal.domain.acts import labels
from services.portal.handlers import desk, desk_work
from services.portal.schemas.acts import act_schema
from services.portal.schemas.desk_work import Decision, ManyWanted
from services.portal.schemas.problems import checked
from services.portal.schemas.views import Page
from services.portal.web.pages import errors_by_field, nodes_within, page, ports, staff_page

pages = Blueprint("desk_work", __name__, url_prefix="/desk")
SENT_ON = frozenset({"dispatch"})
"""Piles whose cases can be sent on together from the page."""
WHERE_TO = ("cases", "to_node", "to_unit")
"""What the form that sends several cases on asks for, in its order."""


@pages.get("/piles")
@staff_page(may.OFFICE)
def overview(person: Principal) -> Any:
    """Show every pile."""
    return page("piles.html", piles=desk_work.piles(person, ports()))


@pages.get("/piles/<name>")
@staff_page(may.STAFF)
def pile(person: Principal, name: str) -> Any:
    """Show one pile."""
    return _pile(person, name, None, [])


@pages.post("/piles/<name>/send")
@staff_page(may.MANY_AT_ONCE)
def send(person: Principal, name: str) -> Any:
    """Send the marked cases on together, and show what became of each."""
    wanted = {
        "act": "transfer-case",
        "cases": [{"case_no": number} for number in request.form.getlist("case_no")],
        "command": {part: text for part in ("to_node", "to_unit") if (text := request.form.get(part, "").strip())},
    }
    empty = [part for part in WHERE_TO[:2] if not (wanted["cases"] if part == "cases" else request.form.get(part))]
    try:
        given = checked(ManyWanted(), wanted, empty)
        fields = checked(act_schema("transfer-case")(), given["command"])
        key = request.form.get("form_id") or None
        answer = desk_work.act_on_many(person, ("transfer-case", fields), given["cases"], key, ports())
    except LianxiError as error:
        return _pile(person, name, error, [])
    return _pile(person, name, None, answer.body["rows"])


@pages.post("/taking/<case_no>")
@staff_page(may.CASE_WORKERS)
def take(person: Principal, case_no: str) -> Any:
    """Take a case and go to its page, or give it back and go to its pile."""
    if request.form.get("back"):
        desk_work.give_back(person, case_no, ports())
        return redirect(url_for("desk_work.pile", name=request.form.get("pile") or "dispatch"), 303)
    desk_work.take(person, case_no, ports(), over=request.form.get("over") == "yes")
    return redirect(url_for("case.show", case_no=case_no), 303)


@pages.get("/proposed")
@staff_page(may.PROPOSED)
def proposed(person: Principal) -> Any:
    """Show the acts that wait for a decision."""
    return _proposed(person, None, "")


@pages.post("/proposed/<act_id>")
@staff_page(may.DECIDERS)
def decide(person: Principal, act_id: str) -> Any:
    """Let a proposed act happen, or return it."""
    try:
        wanted = {"approve": request.form.get("decision") == "approve", "reason": request.form.get("reason", "")}
        given = checked(Decision(), wanted)
        key = request.form.get("form_id") or None
        desk_work.decide(person, act_id, (given["approve"], given["reason"]), key, ports())
    except LianxiError as error:
        return _proposed(person, error, act_id)
    return redirect(url_for("desk_work.proposed"), 303)


def _pile(person: Principal, name: str, refused: LianxiError | None, outcomes: list[dict[str, Any]]) -> Any:
    errors, said, status = errors_by_field(refused, WHERE_TO) if refused else ({}, "", 200)
    query = checked(Page(), {key: text for key, text in request.args.items() if text.strip()})
    found = desk_work.pile(person, name, (query["after"], query["limit"]), ports())
    sends = name in SENT_ON and person.reach is not Reach.UNIT
    units = desk.units(person, person.node, ports())["rows"] if sends else []
    nodes = nodes_within(person.node) if sends else []
    return page(
        "pile.html",
        status,
        pile=found,
        said=said,
        errors=errors,
        typed=request.form if refused else {},
        chosen=request.form.getlist("case_no") if refused else [],
        outcomes=outcomes,
        sends=sends,
        nodes=nodes,
        units=[(str(unit["code"]), str(unit.get("name") or unit["code"])) for unit in units],
        form_id=ports().new_id(),
    )


def _proposed(person: Principal, refused: LianxiError | None, act_id: str) -> Any:
    errors, said, status = errors_by_field(refused, ("reason",)) if refused else ({}, "", 200)
    wrong = {"id": act_id, "typed": request.form, "errors": errors}
    query = checked(Page(), {key: text for key, text in request.args.items() if text.strip()})
    found = desk_work.proposed(person, None, (query["after"], query["limit"]), ports())
    rows = [(row, ports().new_id(), _told(row["command"])) for row in found["rows"]]
    return page("proposed.html", status, rows=rows, after=found.get("next"), said=said, wrong=wrong, acts=labels())


def _told(command: dict[str, Any]) -> list[tuple[str, str]]:
    """Return what a proposed act would do as lines of name and text."""
    lines = [(name, value) for name, value in command.items() if name != "paper"]
    lines += [(f"paper.{name}", text) for name, text in (command.get("paper") or {}).items()]
    return [(name, str(value)) for name, value in lines if value not in {"", None, False} and value != []]
