"""What the commands of T29 record."""

from typing import Any

from lianxi.casework.case.builders import Draft, builds, document_of
from lianxi.casework.case.guards import Given
from lianxi.casework.case.state import Case
from lianxi.casework.messages import mediation as m
from lianxi.casework.messages.facts import CaseState, DocumentKind


@builds("open-mediation")
def _open(_case: Case, command: Any, given: Given) -> list[Draft]:
    document = document_of(DocumentKind.MEDIATION_CONSENT, command, given)
    return [Draft(m.MediationOpened, {"opened_on": document.issued_on, "document": document})]


@builds("close-mediation")
def _close(_case: Case, command: Any, given: Given) -> list[Draft]:
    failed = command.outcome is m.MediationOutcome.FAILED
    kind = DocumentKind.MEDIATION_RECORD if failed else DocumentKind.SETTLEMENT
    document = document_of(kind, command, given)
    facts = {
        "closed_on": document.issued_on,
        "outcome": command.outcome,
        "state": CaseState.HANDLING if failed else CaseState.WITHDRAWN,
        "document": document,
    }
    return [Draft(m.MediationClosed, facts)]
