"""What the commands of hearings and of the final review record (T28, T39, T40, T49)."""

from typing import Any

from lianxi.casework.case.builders import Draft, builds, closed_by_final_review, decision_of, document_of, refusal_of
from lianxi.casework.case.guards import Given
from lianxi.casework.case.state import Case
from lianxi.casework.messages import final_review as f
from lianxi.casework.messages import hearing as h
from lianxi.casework.messages.facts import CaseState, DocumentKind


@builds("open-hearing")
def _open_hearing(_case: Case, command: Any, given: Given) -> list[Draft]:
    return [_opened(command, given, CaseState.HEARING)]


@builds("close-hearing")
def _close_hearing(case: Case, command: Any, given: Given) -> list[Draft]:
    return [_closed(case, command, given, CaseState.HANDLING)]


@builds("open-final-hearing")
def _open_final_hearing(_case: Case, command: Any, given: Given) -> list[Draft]:
    return [_opened(command, given, CaseState.FINAL_HEARING)]


@builds("close-final-hearing")
def _close_final_hearing(case: Case, command: Any, given: Given) -> list[Draft]:
    return [_closed(case, command, given, CaseState.UNDER_FINAL_REVIEW)]


def _opened(command: Any, given: Given, state: CaseState) -> Draft:
    document = document_of(DocumentKind.HEARING_NOTICE, command, given)
    return Draft(h.HearingOpened, {"opened_on": document.issued_on, "state": state, "document": document})


def _closed(case: Case, command: Any, given: Given, state: CaseState) -> Draft:
    document = document_of(DocumentKind.HEARING_RECORD, command, given)
    opened_on = case.hearing_since or document.issued_on
    days = {"opened_on": opened_on, "closed_on": max(opened_on, document.issued_on)}
    return Draft(h.HearingClosed, {**days, "state": state, "document": document})


@builds("admit-final-review")
def _admit(_case: Case, command: Any, given: Given) -> list[Draft]:
    document = document_of(DocumentKind.FINAL_REVIEW_NOTICE, command, given)
    return [Draft(f.FinalReviewAdmitted, {"decided_on": document.issued_on, "document": document})]


@builds("decline-final-review")
def _decline(_case: Case, command: Any, given: Given) -> list[Draft]:
    document = document_of(DocumentKind.FINAL_REVIEW_NOTICE, command, given)
    return [Draft(f.FinalReviewDeclined, refusal_of(command, document))]


@builds("decide-final-review")
def _decide(case: Case, command: Any, given: Given) -> list[Draft]:
    """The case closes at once, unless an assigner has yet to check a report: then it closes with that (T34)."""
    document = document_of(DocumentKind.FINAL_REVIEW_OPINION, command, given)
    closed = [] if case.report else [closed_by_final_review(given)]
    return [Draft(f.FinalReviewDecided, decision_of(command, document)), *closed]
