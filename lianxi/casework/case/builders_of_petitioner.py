"""What the commands of T54–T56 and T58 and the end of T45 record."""

from typing import Any

from lianxi.casework.case.builders import Draft, builds, document_of
from lianxi.casework.case.call_backs import owed, rated_organ
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
def _rate(case: Case, command: Any, given: Given) -> list[Draft]:
    facts = {"rated_on": command.decided_on or given.today, "rated": command.rated, "rating": command.rating}
    before = owed(case, command.rated)
    if command.rating is p.Rating.DISSATISFIED and before is None:
        facts["call_back_node"], facts["call_back_unit"] = rated_organ(case, command.rated)
    if command.rating is not p.Rating.DISSATISFIED and before is not None:
        facts["call_back_withdrawn"] = True
    return [Draft(p.CaseRated, facts)]


@builds("record-call-back")
def _call_back(_case: Case, command: Any, given: Given) -> list[Draft]:
    facts = {name: getattr(command, name) for name in ("rated", "called_on", "reached")}
    return [Draft(p.CallBackRecorded, {**facts, "document": document_of(DocumentKind.CALL_BACK, command, given)})]


@builds("lapse-completion")
def _lapse_completion(case: Case, _command: Any, given: Given) -> list[Draft]:
    return [Draft(p.CompletionLapsed, {"lapsed_on": given.today, "state": case.resume_state or CaseState.RECEIVED})]
