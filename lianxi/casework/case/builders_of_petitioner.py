"""What the commands of T54–T56 and the end of T45 record."""

from typing import Any

from lianxi.casework.case.builders import Draft, builds, document_of
from lianxi.casework.case.guards import Given
from lianxi.casework.case.state import Case
from lianxi.casework.messages import petitioner as p
from lianxi.casework.messages.facts import CaseState, DocumentKind


@builds("add-material")
def _add_material(_case: Case, command: Any, given: Given) -> list[Draft]:
    document = document_of(DocumentKind.MATERIAL, command, given)
    return [Draft(p.MaterialAdded, {"added_on": document.issued_on, "document": document})]


@builds("urge-case")
def _urge(_case: Case, command: Any, given: Given) -> list[Draft]:
    document = document_of(DocumentKind.URGE, command, given)
    return [Draft(p.CaseUrged, {"urged_on": document.issued_on, "document": document})]


@builds("rate-case")
def _rate(_case: Case, command: Any, given: Given) -> list[Draft]:
    rated_on = command.decided_on or given.today
    return [Draft(p.CaseRated, {"rated_on": rated_on, "rated": command.rated, "rating": command.rating})]


@builds("lapse-completion")
def _lapse_completion(case: Case, _command: Any, given: Given) -> list[Draft]:
    return [Draft(p.CompletionLapsed, {"lapsed_on": given.today, "state": case.resume_state or CaseState.RECEIVED})]
