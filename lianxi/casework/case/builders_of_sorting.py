"""What the commands of T5–T11, T23, T25–T27, T44 and T52 record."""

from typing import Any

from lianxi.casework.case.builders import Draft, builds, delivered_in_house, document_of, transfer_of
from lianxi.casework.case.guards import Given
from lianxi.casework.case.state import Case
from lianxi.casework.claims import settled
from lianxi.casework.messages import events as e
from lianxi.casework.messages import sorting as s
from lianxi.casework.messages.facts import CaseState, Document, DocumentKind, Route
from lianxi.casework.values import replace


@builds("decline-case")
def _decline(_case: Case, command: Any, given: Given) -> list[Draft]:
    return [_declined(command, given, CaseState.DECLINED)]


@builds("bar-case")
def _bar(_case: Case, command: Any, given: Given) -> list[Draft]:
    return [_declined(command, given, CaseState.BARRED)]


@builds("reject-case")
def _reject(_case: Case, command: Any, given: Given) -> list[Draft]:
    return [_declined(command, given, CaseState.BARRED if command.for_good else CaseState.DECLINED)]


def _declined(command: Any, given: Given, state: CaseState) -> Draft:
    document = document_of(DocumentKind.DECLINE_NOTICE, command, given)
    return Draft(s.CaseDeclined, {"earlier": command.earlier, "state": state, "document": document})


@builds("open-new-matter")
def _open_new_matter(_case: Case, command: Any, given: Given) -> list[Draft]:
    document = document_of(DocumentKind.NEW_MATTER, command, given)
    facts = {"opened_on": document.issued_on, "earlier": command.earlier, "document": document}
    return [Draft(s.NewMatterOpened, facts)]


@builds("guide-petitioner")
def _guide(_case: Case, command: Any, given: Given) -> list[Draft]:
    document = document_of(DocumentKind.GUIDANCE, command, given)
    return [Draft(s.PetitionerGuided, {"ground": command.ground, "document": document})]


@builds("send-to-judiciary")
def _to_judiciary(_case: Case, command: Any, given: Given) -> list[Draft]:
    return [Draft(s.SentToJudiciary, {"document": document_of(DocumentKind.JUDICIARY_LETTER, command, given)})]


@builds("send-sealed")
def _sealed(_case: Case, command: Any, given: Given) -> list[Draft]:
    return [Draft(s.SentSealed, {"document": document_of(DocumentKind.SEALED_LETTER, command, given)})]


@builds("refer-up")
def _refer_up(_case: Case, command: Any, given: Given) -> list[Draft]:
    return [Draft(s.ReferredUp, {"document": document_of(DocumentKind.REFERRAL, command, given)})]


@builds("follow-instruction")
def _follow(case: Case, command: Any, given: Given) -> list[Draft]:
    """The instruction is filed, then the case goes where it says, by the row that does so without one."""
    instruction = Draft(s.InstructionRecorded, {"document": document_of(DocumentKind.INSTRUCTION, command, given)})
    assigned = command.report_due is not None
    letter = DocumentKind.ASSIGNMENT_LETTER if assigned else DocumentKind.TRANSFER_LETTER
    transfer = transfer_of(case, command, given)
    facts = {"transfer": transfer, "document": document_of(letter, command, given), "reasons": command.reasons}
    if assigned:
        days = {"assigned_on": given.today, "report_due": command.report_due}
        sent = Draft(e.CaseAssigned, {**facts, **days}, act="T14")
    else:
        sent = Draft(e.CaseTransferred, facts, act="T12" if transfer.to_node == given.node else "T13")
    return [instruction, sent, *delivered_in_house(transfer, given)]


@builds("answer-suggestion")
def _answer_suggestion(_case: Case, command: Any, given: Given) -> list[Draft]:
    document = document_of(DocumentKind.SUGGESTION_REPLY, command, given)
    return [Draft(s.SuggestionAnswered, {"adoption": command.adoption, "document": document})]


@builds("redirect-to-statutory-route")
def _redirect(_case: Case, command: Any, given: Given) -> list[Draft]:
    document = document_of(DocumentKind.ROUTE_NOTICE, command, given)
    return [Draft(s.RouteShown, {"claims": command.claims, "document": document})]


@builds("classify-as-duty")
def _classify_as_duty(case: Case, command: Any, given: Given) -> list[Draft]:
    return [_duty_found(case, command, document_of(DocumentKind.CLASSIFICATION_SHEET, command, given), command.days)]


def _duty_found(case: Case, command: Any, document: Document, days: int | None) -> Draft:
    facts = {"claims": command.claims, "accepted_on": case.accepted_on, "document": document, "days": days}
    return Draft(s.DutyFound, facts)


@builds("perform-duty")
def _perform_duty(case: Case, command: Any, given: Given) -> list[Draft]:
    """Who answers at once has found the duty at once: its limit is on record, kept or not (K-4)."""
    document = document_of(DocumentKind.DUTY_REPLY, command, given)
    performed = Draft(s.DutyPerformed, {"claims": command.claims, "document": document})
    if all(claim.route is Route.RT5 for claim in case.claims):
        return [performed]
    kind = DocumentKind.CLASSIFICATION_SHEET
    sheet = replace(document, kind=kind, number=given.issue(kind))
    return [_duty_found(case, command, sheet, None), performed]


@builds("split-case")
def _split(case: Case, command: Any, given: Given) -> list[Draft]:
    """The claims that stay keep their numbers, so that the petition's own counting still fits."""
    moved = tuple(sorted(number for part in command.parts for number in part.claims))
    facts = {
        "into": command.into_cases,
        "moved": moved,
        "claims": tuple(claim for claim in settled(case.claims, command.claims) if claim.number not in moved),
        "document": document_of(DocumentKind.SPLIT_RECORD, command, given),
    }
    return [Draft(s.CaseSplit, facts)]
