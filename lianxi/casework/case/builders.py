"""What each command records when its guards hold: one small function per command, giving drafts of events."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from lianxi.casework import chain
from lianxi.casework.case.guards import Given, transfer_kind
from lianxi.casework.case.state import Case, final_reviewing_node, reviewing_node
from lianxi.casework.messages import events as e
from lianxi.casework.messages.facts import (
    CaseState,
    Disposition,
    Document,
    DocumentKind,
    Transfer,
    TransferKind,
)


@dataclass(frozen=True, slots=True)
class Draft:
    """An event without its head. `act` is set where it differs from the command's row (T48 follows T37)."""

    event: type[e.CaseEvent]
    fields: Mapping[str, Any]
    act: str = ""
    takes_custody: bool = False


Builder = Callable[[Case, Any, Given], list[Draft]]
BUILDERS: dict[str, Builder] = {}


def _builds(name: str) -> Callable[[Builder], Builder]:
    def enter(function: Builder) -> Builder:
        BUILDERS[name] = function
        return function

    return enter


def _document(kind: DocumentKind, command: Any, given: Given) -> Document:
    """Number a document, or keep the number its issuing node gave it."""
    return Document(
        kind=kind,
        number=command.document_no or given.issue(kind),
        issued_on=command.decided_on or given.today,
        signer=command.actor.person,
        digest=paper_digest(command.paper),
    )


def paper_digest(paper: Mapping[str, str]) -> str:
    """SHA-256 of a document's text: what its event vouches for."""
    return chain.seal(dict(paper), "")


@_builds("receive-case")
def _receive(_case: Case, command: Any, _given: Given) -> list[Draft]:
    facts = (
        "channel",
        "received_on",
        "received_at",
        "persons",
        "text_digest",
        "petitioner_key",
        "anonymous",
        "posted_on",
        "person_keys",
    )
    return [Draft(e.CaseReceived, {name: getattr(command, name) for name in facts})]


@_builds("register-case")
def _register(_case: Case, command: Any, given: Given) -> list[Draft]:
    facts = ("purpose", "petition_class", "category", "place", "claims", "recused", "reasons")
    fields = {name: getattr(command, name) for name in facts}
    return [Draft(e.CaseRegistered, {"registered_on": given.today, **fields})]


@_builds("merge-case")
def _merge(_case: Case, command: Any, given: Given) -> list[Draft]:
    document = _document(DocumentKind.MERGE_RECORD, command, given)
    return [Draft(e.CaseMerged, {"into": command.into, "document": document})]


def _transfer(case: Case, command: Any, given: Given) -> Transfer:
    return Transfer(
        offer_id=given.offer_id,
        kind=transfer_kind(command),
        from_node=case.holder,
        from_unit=case.unit,
        to_node=command.to_node,
        to_unit=command.to_unit,
        offered_at=given.now,
        direct=command.direct if hasattr(command, "direct") else False,
    )


@_builds("transfer-case")
def _transfer_case(case: Case, command: Any, given: Given) -> list[Draft]:
    document = _document(DocumentKind.TRANSFER_LETTER, command, given)
    transfer = _transfer(case, command, given)
    sent = Draft(e.CaseTransferred, {"transfer": transfer, "document": document, "reasons": command.reasons})
    return [sent, *_delivered_in_house(transfer, given)]


@_builds("assign-case")
def _assign_case(case: Case, command: Any, given: Given) -> list[Draft]:
    document = _document(DocumentKind.ASSIGNMENT_LETTER, command, given)
    transfer = _transfer(case, command, given)
    sent = Draft(
        e.CaseAssigned,
        {
            "transfer": transfer,
            "document": document,
            "assigned_on": given.today,
            "report_due": command.report_due,
            "reasons": command.reasons,
        },
    )
    return [sent, *_delivered_in_house(transfer, given)]


def _delivered_in_house(transfer: Transfer, given: Given) -> list[Draft]:
    """An organ of the same node has the case at once; custody does not move."""
    return [replace(_delivered(transfer, given), takes_custody=False)] if transfer.to_node == given.node else []


def _delivered(transfer: Transfer, given: Given) -> Draft:
    state = CaseState.AWAITING_ACCEPTANCE if transfer.to_unit else CaseState.REGISTERED
    fields = {"transfer": transfer, "delivered_on": given.today, "state": state}
    return Draft(e.CaseDelivered, fields, act="T15", takes_custody=True)


@_builds("deliver-case")
def _deliver(case: Case, _command: Any, given: Given) -> list[Draft]:
    return [_delivered(_on_its_way(case), given)]


@_builds("refuse-transfer")
def _refuse_transfer(case: Case, command: Any, _given: Given) -> list[Draft]:
    return [Draft(e.TransferRefused, {"transfer": _on_its_way(case), "code": command.code})]


@_builds("take-back")
def _take_back(case: Case, _command: Any, given: Given) -> list[Draft]:
    return [_returned(case, _on_its_way(case), given, takes_custody=True)]


def _returned(case: Case, back: Transfer, given: Given, *, takes_custody: bool) -> Draft:
    fields = {"transfer": back, "returned_on": given.today, "ends_assignment": case.assigned_by == back.to_node}
    return Draft(e.CaseReturned, fields, "T17", takes_custody)


def _on_its_way(case: Case) -> Transfer:
    if case.transfer is None:
        raise ValueError(f"{case.case_no} is not in transfer")
    return case.transfer


@_builds("object-to-transfer")
def _object(_case: Case, command: Any, given: Given) -> list[Draft]:
    document = _document(DocumentKind.OBJECTION, command, given)
    fields = {"filed_on": given.today, "proposed_organ": command.proposed_organ, "document": document}
    return [Draft(e.ObjectionFiled, fields)]


@_builds("uphold-objection")
def _uphold(case: Case, command: Any, given: Given) -> list[Draft]:
    back = Transfer(
        offer_id=given.offer_id,
        kind=TransferKind.HAND_BACK,
        from_node=case.holder,
        from_unit=case.unit,
        to_node=case.sender,
        to_unit="",
        offered_at=given.now,
    )
    document = _document(DocumentKind.OBJECTION_DECISION, command, given)
    upheld = Draft(e.ObjectionUpheld, {"transfer": back, "document": document})
    in_house = [_returned(case, back, given, takes_custody=False)] if back.to_node == given.node else []
    return [upheld, *in_house]


@_builds("refuse-objection")
def _refuse_objection(_case: Case, command: Any, given: Given) -> list[Draft]:
    return [Draft(e.ObjectionRefused, {"document": _document(DocumentKind.OBJECTION_DECISION, command, given)})]


@_builds("accept-case")
def _accept(case: Case, command: Any, given: Given) -> list[Draft]:
    document = _document(DocumentKind.ACCEPTANCE_NOTICE, command, given)
    return [Draft(e.CaseAccepted, {"accepted_on": given.today, "unit": case.unit, "document": document})]


@_builds("classify-case")
def _classify(case: Case, command: Any, given: Given) -> list[Draft]:
    document = _document(DocumentKind.CLASSIFICATION_SHEET, command, given)
    return [Draft(e.CaseClassified, {"claims": command.claims, "accepted_on": case.accepted_on, "document": document})]


@_builds("extend-handling")
def _extend(_case: Case, command: Any, given: Given) -> list[Draft]:
    document = _document(DocumentKind.EXTENSION_NOTICE, command, given)
    return [Draft(e.HandlingExtended, {"days": command.days, "document": document})]


@_builds("submit-opinion")
def _submit_opinion(_case: Case, command: Any, _given: Given) -> list[Draft]:
    return [Draft(e.OpinionSubmitted, {"outcomes": command.outcomes, "text_digest": paper_digest(command.paper)})]


@_builds("sign-opinion")
def _sign_opinion(_case: Case, command: Any, given: Given) -> list[Draft]:
    document = _document(DocumentKind.OPINION, command, given)
    return [Draft(e.OpinionSigned, {"signed_on": given.today, "document": document})]


@_builds("return-opinion")
def _return_opinion(_case: Case, _command: Any, _given: Given) -> list[Draft]:
    return [Draft(e.OpinionReturned, {})]


@_builds("serve-opinion")
def _serve_opinion(_case: Case, command: Any, given: Given) -> list[Draft]:
    document = _document(DocumentKind.PROOF_OF_SERVICE, command, given)
    fields = {"served_on": command.service.served_on, "service": command.service, "document": document}
    return [Draft(e.OpinionServed, fields)]


@_builds("record-service")
def _record_service(_case: Case, command: Any, given: Given) -> list[Draft]:
    document = _document(DocumentKind.PROOF_OF_SERVICE, command, given)
    facts = {"served": command.served, "served_on": command.service.served_on, "service": command.service}
    return [Draft(e.DocumentServed, {**facts, "document": document})]


@_builds("file-report")
def _file_report(_case: Case, command: Any, given: Given) -> list[Draft]:
    document = _document(DocumentKind.CONCLUSION_REPORT, command, given)
    return [Draft(e.ReportFiled, {"filed_on": given.today, "document": document})]


@_builds("accept-report")
def _accept_report(_case: Case, command: Any, given: Given) -> list[Draft]:
    return [Draft(e.ReportAccepted, {"document": _document(DocumentKind.REPORT_DECISION, command, given)})]


@_builds("return-report")
def _return_report(_case: Case, command: Any, given: Given) -> list[Draft]:
    document = _document(DocumentKind.REPORT_DECISION, command, given)
    return [Draft(e.ReportReturned, {"returned_on": given.today, "document": document})]


@_builds("request-review")
def _request_review(case: Case, command: Any, given: Given) -> list[Draft]:
    fields = {
        "received_on": command.received_on,
        "posted_on": command.posted_on,
        "reviewing_node": reviewing_node(case.holder),
        "document": _document(DocumentKind.REVIEW_REQUEST, command, given),
    }
    return [Draft(e.ReviewRequested, fields)]


@_builds("admit-review")
def _admit_review(_case: Case, command: Any, given: Given) -> list[Draft]:
    document = _document(DocumentKind.REVIEW_NOTICE, command, given)
    return [Draft(e.ReviewAdmitted, {"decided_on": document.issued_on, "document": document})]


@_builds("decline-review")
def _decline_review(_case: Case, command: Any, given: Given) -> list[Draft]:
    document = _document(DocumentKind.REVIEW_NOTICE, command, given)
    fields = {"decided_on": document.issued_on, "ground": command.ground, "document": document}
    return [Draft(e.ReviewDeclined, fields)]


@_builds("decide-review")
def _decide_review(case: Case, command: Any, given: Given) -> list[Draft]:
    document = _document(DocumentKind.REVIEW_OPINION, command, given)
    if command.disposition is Disposition.SET_ASIDE:
        ordered = {"ordered_on": document.issued_on, "days": command.rehandle_days, "document": document}
        again = Draft(e.RehandlingStarted, {"round_number": case.round_number + 1}, act="T48")
        return [Draft(e.RehandlingOrdered, ordered), again]
    fields = {
        "decided_on": document.issued_on,
        "disposition": command.disposition,
        "served_on": command.service.served_on,
        "service": command.service,
        "document": document,
    }
    return [Draft(e.ReviewDecided, fields)]


@_builds("request-final-review")
def _request_final_review(case: Case, command: Any, given: Given) -> list[Draft]:
    fields = {
        "received_on": command.received_on,
        "posted_on": command.posted_on,
        "reviewing_node": final_reviewing_node(case.holder),
        "document": _document(DocumentKind.FINAL_REVIEW_REQUEST, command, given),
    }
    return [Draft(e.FinalReviewRequested, fields)]


@_builds("lapse-case")
def _lapse(_case: Case, command: Any, given: Given) -> list[Draft]:
    document = _document(DocumentKind.LAPSE_RECORD, command, given)
    return [Draft(e.CaseLapsed, {"lapsed_on": given.today, "document": document})]


@_builds("withdraw-case")
def _withdraw(_case: Case, command: Any, given: Given) -> list[Draft]:
    document = _document(DocumentKind.WITHDRAWAL, command, given)
    return [Draft(e.CaseWithdrawn, {"withdrawn_on": document.issued_on, "document": document})]


@_builds("archive-case")
def _archive(_case: Case, command: Any, given: Given) -> list[Draft]:
    document = _document(DocumentKind.DOSSIER_INDEX, command, given)
    return [Draft(e.CaseArchived, {"archived_on": given.today, "document": document})]


@_builds("request-completion")
def _request_completion(_case: Case, command: Any, given: Given) -> list[Draft]:
    document = _document(DocumentKind.COMPLETION_REQUEST, command, given)
    return [Draft(e.CompletionRequested, {"asked_on": given.today, "document": document})]


@_builds("receive-completion")
def _receive_completion(case: Case, _command: Any, _given: Given) -> list[Draft]:
    return [Draft(e.CompletionReceived, {"state": case.resume_state or CaseState.RECEIVED})]
