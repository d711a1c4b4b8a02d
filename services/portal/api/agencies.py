"""Agencies outside: their events from any cursor on, a replay into their queue, and their answers to cases."""

from typing import Any

from services.portal.api.cases import number
from services.portal.api.resources import Resource, idempotency_key, ports
from services.portal.domain.accounts import Principal
from services.portal.domain.acts import labels
from services.portal.domain.agencies import ACTS, AGENCIES
from services.portal.domain.answers import Answer
from services.portal.handlers import agencies
from services.portal.schemas import agencies as schemas
from services.portal.schemas.acts import act_schema
from services.portal.schemas.views import Act

resource = Resource("agencies", __name__, description="外部机关")


@resource.operation("/agency/events", query=schemas.EventsBehind, answer=schemas.AgencyEvents, access=AGENCIES)
def agency_events(person: Principal, query: dict[str, int]) -> dict[str, Any]:
    """Read the events of this agency behind a cursor, in their order."""
    return agencies.events(query["after"], query["limit"], person, ports())


@resource.operation(
    "/agency/events/replay", "POST", body=schemas.ReplayWanted, answer=schemas.Replaying, access=AGENCIES
)
def replay_events(person: Principal, wanted: dict[str, int]) -> dict[str, Any]:
    """Have everything behind a cursor put into the agency's queue once more."""
    return agencies.replay(wanted["after"], person, ports())


@resource.operation("/agency/cases/<case_no>", answer=schemas.AgencyCase, access=AGENCIES)
def agency_case(person: Principal, case_no: str) -> dict[str, Any]:
    """Read where a case of the agency stands and which acts are open."""
    return agencies.show_case(number(case_no), person, ports())


def _offer(command: str) -> None:
    def act(person: Principal, fields: dict[str, Any], case_no: str) -> Answer:
        return agencies.act(number(case_no), (command, fields), person, idempotency_key(), ports())

    act.__name__ = f"agency_{command.replace('-', '_')}"
    act.__doc__ = f"The agency's unit: {command}."
    resource.operation(
        f"/agency/cases/<case_no>/acts/{command}",
        "POST",
        body=act_schema(command),
        answer=Act,
        repeatable=True,
        access=AGENCIES,
        also={"summary": labels().get(command, command)},
    )(act)


for _command in ACTS:
    _offer(_command)
