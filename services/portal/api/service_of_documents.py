"""Service of documents: what has to be served, how it goes, the proof, and reading online with the query code."""

from typing import Any

from services.portal.api.cases import number
from services.portal.api.resources import Resource, idempotency_key, ports
from services.portal.domain import permissions as may
from services.portal.domain.accounts import Principal
from services.portal.domain.answers import Answer
from services.portal.handlers import service_of_documents as served
from services.portal.schemas import service_of_documents as schemas
from services.portal.schemas.filing import QueryCodeGiven
from services.portal.schemas.views import Act, Page

resource = Resource("service_of_documents", __name__, description="送达")


@resource.operation("/cases/<case_no>/services", answer=schemas.DocumentsToServe, access=may.CASE_READERS)
def read_services(person: Principal, case_no: str) -> dict[str, Any]:
    """List the documents of a case that the petitioner must get, with how far their service is."""
    return served.of_case(number(case_no), person, ports())


@resource.operation(
    "/cases/<case_no>/services/begin",
    "POST",
    body=schemas.DocumentSentOff,
    answer=schemas.DocumentToServe,
    access=may.SERVICE,
)
def begin_service(person: Principal, given: dict[str, Any], case_no: str) -> dict[str, Any]:
    """Note how a document was sent off."""
    return served.step(number(case_no), "begin_service", given, person, ports())


@resource.operation(
    "/cases/<case_no>/services/returned",
    "POST",
    body=schemas.DocumentReturned,
    answer=schemas.DocumentToServe,
    access=may.SERVICE,
)
def service_returned(person: Principal, given: dict[str, Any], case_no: str) -> dict[str, Any]:
    """Note that a document came back."""
    return served.step(number(case_no), "service_failed", given, person, ports())


@resource.operation(
    "/cases/<case_no>/services/proof",
    "POST",
    body=schemas.ServiceProof,
    answer=Act,
    repeatable=True,
    access=may.PROVERS,
)
def prove_service(person: Principal, given: dict[str, Any], case_no: str) -> Answer:
    """Put the proof of service into the case; from here on the petitioner's time runs."""
    return served.prove(number(case_no), given, person, idempotency_key(), ports())


@resource.operation("/unserved", query=Page, answer=schemas.DocumentsToServe, access=may.OFFICE)
def unserved(person: Principal, page: dict[str, Any]) -> dict[str, Any]:
    """List what nobody has proven to be served, the longest issued first."""
    return served.unserved((page["after"], page["limit"]), person, ports())


@resource.operation(
    "/track/documents",
    "POST",
    body=QueryCodeGiven,
    answer=schemas.DocumentsToServe,
    purpose="tracking",
    reads=True,
    access=may.BY_CODE,
)
def track_documents(_person: Principal | None, given: dict[str, str]) -> dict[str, Any]:
    """List, with the query code, the documents for the petitioner."""
    return served.listed_by_code(given["query_code"], ports())


@resource.operation(
    "/track/documents/read",
    "POST",
    body=schemas.ReadingOnline,
    answer=schemas.DocumentRead,
    purpose="tracking",
    access=may.BY_CODE,
)
def read_online(_person: Principal | None, given: dict[str, Any]) -> dict[str, Any]:
    """Open a document online; with the petitioner's consent that is its service."""
    return served.read_online(given, ports())
