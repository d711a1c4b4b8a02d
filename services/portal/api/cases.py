"""Cases: the ledger, one case, its clocks, its documents, its petitioner."""

from typing import Any

from flask import Response, request

from lianxi.casework.identifiers import CaseNumber
from services.portal.api.resources import Resource, ports
from services.portal.domain import permissions as may
from services.portal.domain.accounts import Principal
from services.portal.handlers import cases
from services.portal.schemas.filing import Reason
from services.portal.schemas.views import Case, Contact, DocumentText, LedgerQuery, Rows, RowsWithNext

resource = Resource("cases", __name__, description="事项")


@resource.operation("/cases", query=LedgerQuery, answer=RowsWithNext, access=may.LEDGER)
def list_cases(person: Principal, query: dict[str, Any]) -> dict[str, Any]:
    """List cases from the ledger, within one's own reach."""
    page = query.pop("after"), query.pop("limit")
    return cases.ledger(query, person, page, ports())


_IF_NONE_MATCH = {
    "parameters": [
        {
            "in": "header",
            "name": "If-None-Match",
            "schema": {"type": "string"},
            "description": "上次得到的 ETag；其间没有变化的，答复 304，不再发送内容。",
        }
    ],
    "responses": {"304": {"description": "没有变化"}},
}


@resource.operation("/cases/<case_no>", answer=Case, also=_IF_NONE_MATCH, access=may.CASE_READERS)
def read_case(person: Principal, case_no: str) -> tuple[dict[str, Any], int, dict[str, str]] | Response:
    """Read one case with the acts that are open now."""
    view = cases.read_case(number(case_no), person, ports())
    version = {"ETag": f'"{view.get("seq")}"'}
    if request.if_none_match.contains_weak(str(view.get("seq"))):
        return Response(status=304, headers=version)  # nothing is shown, so nothing is written down either
    return cases.shown(view, person, ports()), 200, version


@resource.operation("/cases/<case_no>/clocks", answer=Rows, access=may.CASE_READERS)
def read_clocks(person: Principal, case_no: str) -> dict[str, Any]:
    """Read the clocks of a case with their derivations."""
    return cases.clocks(number(case_no), person, ports())


@resource.operation("/cases/<case_no>/documents/<path:document_number>", answer=DocumentText, access=may.CASE_READERS)
def read_document(person: Principal, case_no: str, document_number: str) -> dict[str, Any]:
    """Read one document of a case."""
    return cases.document(number(case_no), document_number, person, ports())


@resource.operation(
    "/cases/<case_no>/petitioner", "POST", body=Reason, answer=Contact, reads=True, access=may.ON_THE_TASK
)
def read_petitioner(person: Principal, given: dict[str, str], case_no: str) -> dict[str, Any]:
    """Read the petitioner's data in full; who looked and why is recorded."""
    return cases.petitioner(number(case_no), given["reason"], person, ports())


def number(text: str) -> str:
    """Return a case number from the address in its canonical spelling."""
    return str(CaseNumber.parse(text))
