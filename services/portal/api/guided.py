"""Visits that came too high and were guided elsewhere."""

from typing import Any

from services.portal.api.cases import number
from services.portal.api.resources import Resource, ports
from services.portal.domain import permissions as may
from services.portal.domain.accounts import Principal
from services.portal.handlers import guided
from services.portal.schemas.filing import Reason
from services.portal.schemas.views import GuidedContact, Page, RowsWithNext

resource = Resource("guided_visits", __name__, description="越级走访")


@resource.operation("/guided", query=Page, answer=RowsWithNext, access=may.GUIDED)
def guided_visits(person: Principal, query: dict[str, Any]) -> dict[str, Any]:
    """List visits that were guided elsewhere and have no case, newest first, without names."""
    return guided.visits(person, query, ports())


@resource.operation(
    "/guided/<guided_no>/open", "POST", body=Reason, answer=GuidedContact, reads=True, access=may.GUIDED
)
def open_guided_visit(person: Principal, given: dict[str, str], guided_no: str) -> dict[str, Any]:
    """Open a guided visit in full; the look is written down with its reason."""
    return guided.visit(number(guided_no), given["reason"], person, ports())
