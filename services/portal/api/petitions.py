"""Filing a petition and looking at it with the query code: what needs no account."""

from typing import Any

from services.portal.api.resources import Resource, idempotency_key, ports
from services.portal.domain.accounts import Principal
from services.portal.domain.answers import Answer
from services.portal.handlers import filing, tracking
from services.portal.schemas.filing import Petition, QueryCodeGiven, Receipt
from services.portal.schemas.views import Progress

resource = Resource("petitions", __name__, description="提交与查询")


@resource.operation(
    "/cases", "POST", body=Petition, answer=Receipt, status=201, open_to_all=True, purpose="filing", repeatable=True
)
def file_petition(person: Principal | None, form: dict[str, Any]) -> tuple[dict[str, Any], int, dict[str, str]]:
    """File a petition, as a petitioner or, signed in, as a registrar."""
    answer: Answer = filing.file_petition(form, person, idempotency_key(), ports())
    return answer.body, answer.status, {"Location": f"/api/v1/cases/{answer.body['number']}"}


@resource.operation("/track", "POST", body=QueryCodeGiven, answer=Progress, open_to_all=True, purpose="tracking")
def track(_person: Principal | None, given: dict[str, str]) -> Any:
    """Look at a petition with its query code, which travels in the body only."""
    return tracking.track(given["query_code"], ports())
