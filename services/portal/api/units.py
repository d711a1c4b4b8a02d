"""The directory of organs: the history of one, and a change of it from a day on."""

from typing import Any

from lianxi.casework.identifiers import UnitCode
from services.portal.api.resources import Resource, idempotency_key, ports
from services.portal.domain import permissions as may
from services.portal.domain.accounts import Principal
from services.portal.domain.answers import Answer
from services.portal.handlers import units
from services.portal.schemas.units import ChangedUnit, UnitChange, UnitHistory

resource = Resource("units", __name__, description="单位目录")


@resource.operation("/units/<unit>/history", answer=UnitHistory, access=may.UNIT_HISTORY)
def unit_history(person: Principal, unit: str) -> dict[str, Any]:
    """List what the directory said of an organ, from the seed file to its last change."""
    return units.history(str(UnitCode.parse(unit)), person, ports())


@resource.operation(
    "/units/<unit>/changes",
    "POST",
    body=UnitChange,
    answer=ChangedUnit,
    status=201,
    repeatable=True,
    access=may.UNIT_KEEPERS,
)
def change_unit(person: Principal, asked: dict[str, Any], unit: str) -> Answer:
    """Change an organ from a day on, for a while or for good; what was so before stays on record."""
    return units.change(str(UnitCode.parse(unit)), asked, person, idempotency_key(), ports())
