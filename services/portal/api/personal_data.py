"""Personal data: who looked at it, what is kept of one person, and blanking it where the law allows."""

from typing import Any

from services.portal.api.cases import number
from services.portal.api.resources import Resource, ports
from services.portal.domain import permissions as may
from services.portal.domain.accounts import Principal
from services.portal.handlers import cases, personal_data
from services.portal.schemas import personal_data as schemas
from services.portal.schemas.filing import QueryCodeGiven

resource = Resource("personal_data", __name__, description="个人信息")


@resource.operation("/personal-data/reads", query=schemas.ReadsQuery, answer=schemas.Looks, access=may.BOOK_OF_READS)
def list_reads(person: Principal, query: dict[str, Any]) -> dict[str, Any]:
    """List who looked at personal data of this node, newest first."""
    return personal_data.reads(person, query, ports())


@resource.operation(
    "/track/reads",
    "POST",
    body=QueryCodeGiven,
    answer=schemas.LooksTold,
    purpose="tracking",
    reads=True,
    access=may.BY_CODE,
)
def reads_told(_person: Principal | None, given: dict[str, str]) -> dict[str, Any]:
    """Tell the petitioner which offices looked at their data, when and why."""
    return personal_data.reads_of_petitioner(given["query_code"], ports())


@resource.operation("/cases/<case_no>/petitioner", answer=schemas.MaskedPetitioner, access=may.CASE_READERS)
def read_masked_petitioner(person: Principal, case_no: str) -> dict[str, Any]:
    """Read the petitioner masked; in full, POST a reason."""
    return cases.masked_petitioner(number(case_no), person, ports())


@resource.operation(
    "/personal-data/export",
    "POST",
    body=schemas.PersonAsked,
    answer=schemas.PersonExport,
    reads=True,
    access=may.PERSON_EXPORT,
)
def export_person(person: Principal, asked: dict[str, Any]) -> dict[str, Any]:
    """Take out everything this node keeps of one person, on that person's request."""
    return personal_data.export_person(person, asked["identity"], asked["reason"], ports())


@resource.operation(
    "/personal-data/erase", "POST", body=schemas.PersonAsked, answer=schemas.PersonErased, access=may.PERSON_ERASURE
)
def erase_person(person: Principal, asked: dict[str, Any]) -> dict[str, Any]:
    """Blank what this node keeps of one person; refused with the rule while the law needs it."""
    return personal_data.erase_person(person, asked["identity"], asked["reason"], ports())
