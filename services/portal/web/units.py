"""The page of the directory: the organs of a node on a day, with what they do, who leads, hours and who stands in."""

from typing import Any

from flask import Blueprint, request

from lianxi.casework.errors import LianxiError
from lianxi.casework.identifiers import DivisionCode, UnitCode
from services.portal.domain import permissions as may
from services.portal.domain.accounts import Principal, is_within
from services.portal.handlers import desk, units
from services.portal.schemas.problems import checked
from services.portal.schemas.units import UnitsQuery
from services.portal.web.pages import errors_by_field, nodes_within, page, ports, staff_page

pages = Blueprint("organs", __name__, url_prefix="/desk/units")


@pages.get("/")
@staff_page(may.STAFF)
def show(person: Principal) -> Any:
    """Show the organs of one's own node today, or of another node or day."""
    typed = {name: text for name, text in request.args.items() if text.strip()}
    errors: dict[str, str] = {}
    said, status, found = "", 200, None
    try:
        query = checked(UnitsQuery(), typed)
        found = desk.units(person, query["node"] or person.node, ports(), query["on"])
    except LianxiError as error:
        errors, said, status = errors_by_field(error, ("node", "on"))
    asked = {"node": person.node, "on": (found or {}).get("on", ""), **typed}
    rows = found["rows"] if found else []
    return page(
        "units.html",
        status,
        found=found,
        asked=asked,
        nodes=_nodes(person.node),
        named={row.get("slug"): row["name"] for row in rows},
        keeps_history=is_within(asked["node"], person.node),
        errors=errors,
        said=said,
    )


@pages.get("/<unit>")
@staff_page(may.UNIT_HISTORY)
def history(person: Principal, unit: str) -> Any:
    """Show what the directory said of an organ, from the beginning to its last change."""
    return page("unit_history.html", history=units.history(str(UnitCode.parse(unit)), person, ports()))


def _nodes(node: str) -> list[tuple[str, str]]:
    """Return the nodes to choose from: those above, the own one and those below."""
    above, parent = [], DivisionCode.parse(node).parent
    while parent is not None:
        above.append((str(parent), ports().names.get(str(parent), str(parent))))
        parent = parent.parent
    return [*reversed(above), *nodes_within(node)]
