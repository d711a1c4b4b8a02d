"""What each command records when its guards hold: one small function per command, giving drafts of events."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from lianxi.casework import chain
from lianxi.casework.case.guards import Given, transfer_kind
from lianxi.casework.case.jurisdiction import common_node, pairs_of_return, ping_pong
from lianxi.casework.case.state import Case, final_reviewing_node, reviewing_node
from lianxi.casework.messages import dispute as d
from lianxi.casework.messages import events as e
from lianxi.casework.messages.facts import (
    CaseState,
    Disposition,
    Document,
    DocumentKind,
    Transfer,
    TransferKind,
)
from lianxi.casework.messages.final_review import CaseClosedByFinalReview
from lianxi.law.clocks import ClockCode
from lianxi.law.deadlines import due
from lianxi.law.receipts import deemed_accepted_on


@dataclass(frozen=True, slots=True)
class Draft:
    """An event without its head. `act` is set where it differs from the command's row (T48 follows T37)."""

    event: type[e.CaseEvent]
    fields: Mapping[str, Any]
    act: str = ""
    takes_custody: bool = False


Builder = Callable[[Case, Any, Given], list[Draft]]
BUILDERS: dict[str, Builder] = {}


def builds(name: str) -> Callable[[Builder], Builder]:
    """Enter a builder into the table under the name of its command."""

    def enter(function: Builder) -> Builder:
        BUILDERS[name] = function
        return function

    return enter


def document_of(kind: DocumentKind, command: Any, given: Given) -> Document:
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


def petition_digest(subject: str, text: str) -> str:
    """SHA-256 of a petition: what the event of its receipt vouches for; "" when it says nothing."""
    content = f"{subject}\n{text}".strip()
    return chain.seal({"text": content}, "") if content else ""


def draft_number(seq: int) -> str:
    """The number under which a draft is kept until it is signed: it has none of its own, but its event has a place."""
    return f"稿{seq}"


RECEIVED = (
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
"""What a case knows of the contact it came from, whoever received it."""


@builds("receive-case")
def _receive(_case: Case, command: Any, _given: Given) -> list[Draft]:
    return [Draft(e.CaseReceived, {name: getattr(command, name) for name in (*RECEIVED, "split_from")})]


@builds("register-case")
def _register(_case: Case, command: Any, given: Given) -> list[Draft]:
    facts = ("purpose", "petition_class", "category", "place", "claims", "recused", "reasons")
    fields = {name: getattr(command, name) for name in facts}
    return [Draft(e.CaseRegistered, {"registered_on": command.decided_on or given.today, **fields})]


@builds("merge-case")
def _merge(_case: Case, command: Any, given: Given) -> list[Draft]:
    document = document_of(DocumentKind.MERGE_RECORD, command, given)
    return [Draft(e.CaseMerged, {"into": command.into, "document": document})]


def transfer_of(case: Case, command: Any, given: Given) -> Transfer:
    """The hand-off that a dispatching command asks for."""
    return Transfer(
        offer_id=given.offer_id,
        kind=transfer_kind(command),
        from_node=case.holder,
        from_unit=case.unit,
        to_node=command.to_node,
        to_unit=command.to_unit,
        offered_at=given.now,
        direct=command.direct,
        assists=command.assists,
    )


@builds("transfer-case")
def _transfer_case(case: Case, command: Any, given: Given) -> list[Draft]:
    document = document_of(DocumentKind.TRANSFER_LETTER, command, given)
    transfer = transfer_of(case, command, given)
    sent = Draft(e.CaseTransferred, {"transfer": transfer, "document": document, "reasons": command.reasons})
    return [sent, *delivered_in_house(transfer, given)]


@builds("assign-case")
def _assign_case(case: Case, command: Any, given: Given) -> list[Draft]:
    document = document_of(DocumentKind.ASSIGNMENT_LETTER, command, given)
    transfer = transfer_of(case, command, given)
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
    return [sent, *delivered_in_house(transfer, given)]


def delivered_in_house(transfer: Transfer, given: Given) -> list[Draft]:
    """An organ of the same node has the case at once; custody does not move."""
    return [replace(_delivered(transfer, given), takes_custody=False)] if transfer.to_node == given.node else []


def _delivered(transfer: Transfer, given: Given) -> Draft:
    state = CaseState.AWAITING_ACCEPTANCE if transfer.to_unit else CaseState.REGISTERED
    fields = {"transfer": transfer, "delivered_on": given.today, "state": state}
    return Draft(e.CaseDelivered, fields, act="T15", takes_custody=True)


@builds("deliver-case")
def _deliver(case: Case, _command: Any, given: Given) -> list[Draft]:
    return [_delivered(_on_its_way(case), given)]


@builds("refuse-transfer")
def _refuse_transfer(case: Case, command: Any, _given: Given) -> list[Draft]:
    back = _on_its_way(case)
    sender_has_it = CaseState.AWAITING_ACCEPTANCE if back.from_unit else CaseState.REGISTERED
    state = case.state if back.kind is TransferKind.HAND_BACK else sender_has_it
    return [Draft(e.TransferRefused, {"transfer": back, "code": command.code, "state": state})]


@builds("take-back")
def _take_back(case: Case, _command: Any, given: Given) -> list[Draft]:
    return returned(case, _on_its_way(case), given, takes_custody=True)


def returned(case: Case, back: Transfer, given: Given, *, takes_custody: bool) -> list[Draft]:
    """The case is back; one that comes back between the same two a further time goes to their joint conference."""
    objected = case.state is CaseState.OBJECTED
    ends = objected and case.assigned_by == back.to_node
    fields = {"transfer": back, "returned_on": given.today, "ends_assignment": ends}
    come_back = Draft(e.CaseReturned, fields, "T17" if objected else "T20", takes_custody)
    between = pairs_of_return(case.unit or case.holder, back.to_node, case.proposed_organ) if objected else ()
    found = ping_pong((*case.returns, *between))
    if not objected or found is None or not common_node(found[0]):
        return [come_back]
    organs, number = found
    facts = {"detected_on": given.today, "between": organs, "returns": number, "deciding_node": common_node(organs)}
    return [come_back, Draft(d.PingPongDetected, facts, act="T19")]


def _on_its_way(case: Case) -> Transfer:
    if case.transfer is None:
        raise ValueError(f"{case.case_no} is not in transfer")
    return case.transfer


@builds("object-to-transfer")
def _object(_case: Case, command: Any, given: Given) -> list[Draft]:
    document = document_of(DocumentKind.OBJECTION, command, given)
    fields = {"filed_on": given.today, "proposed_organ": command.proposed_organ, "document": document}
    return [Draft(e.ObjectionFiled, fields)]


@builds("uphold-objection")
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
    document = document_of(DocumentKind.OBJECTION_DECISION, command, given)
    upheld = Draft(e.ObjectionUpheld, {"transfer": back, "document": document})
    in_house = returned(case, back, given, takes_custody=False) if back.to_node == given.node else []
    return [upheld, *in_house]


@builds("refuse-objection")
def _refuse_objection(case: Case, command: Any, given: Given) -> list[Draft]:
    document = document_of(DocumentKind.OBJECTION_DECISION, command, given)
    state = case.resume_state or CaseState.AWAITING_ACCEPTANCE
    return [Draft(e.ObjectionRefused, {"state": state, "document": document})]


@builds("accept-case")
def _accept(case: Case, command: Any, given: Given) -> list[Draft]:
    document = document_of(DocumentKind.ACCEPTANCE_NOTICE, command, given)
    facts = {"accepted_on": _accepted_on(case, given), "unit": case.unit, "petition_class": case.petition_class}
    return [Draft(e.CaseAccepted, {**facts, "document": document})]


def _accepted_on(case: Case, given: Given) -> date:
    """The day of the notice; one that comes too late counts from the fifteenth day: silence wins no time (CF-12)."""
    received_on = case.delivered_on or given.today
    in_time = given.today <= due(ClockCode.NOTICE, received_on, given.calendar).legal_due
    return given.today if in_time else deemed_accepted_on(received_on)


@builds("classify-case")
def _classify(case: Case, command: Any, given: Given) -> list[Draft]:
    document = document_of(DocumentKind.CLASSIFICATION_SHEET, command, given)
    return [Draft(e.CaseClassified, {"claims": command.claims, "accepted_on": case.accepted_on, "document": document})]


@builds("extend-handling")
def _extend(_case: Case, command: Any, given: Given) -> list[Draft]:
    document = document_of(DocumentKind.EXTENSION_NOTICE, command, given)
    return [Draft(e.HandlingExtended, {"days": command.days, "document": document})]


@builds("submit-opinion")
def _submit_opinion(_case: Case, command: Any, _given: Given) -> list[Draft]:
    return [Draft(e.OpinionSubmitted, {"outcomes": command.outcomes, "text_digest": paper_digest(command.paper)})]


@builds("sign-opinion")
def _sign_opinion(_case: Case, command: Any, given: Given) -> list[Draft]:
    document = document_of(DocumentKind.OPINION, command, given)
    return [Draft(e.OpinionSigned, {"signed_on": given.today, "document": document})]


@builds("return-opinion")
def _return_opinion(_case: Case, _command: Any, _given: Given) -> list[Draft]:
    return [Draft(e.OpinionReturned, {})]


@builds("serve-opinion")
def _serve_opinion(_case: Case, command: Any, given: Given) -> list[Draft]:
    document = document_of(DocumentKind.PROOF_OF_SERVICE, command, given)
    fields = {"served_on": command.service.served_on, "service": command.service, "document": document}
    return [Draft(e.OpinionServed, fields)]


@builds("record-service")
def _record_service(_case: Case, command: Any, given: Given) -> list[Draft]:
    document = document_of(DocumentKind.PROOF_OF_SERVICE, command, given)
    facts = {"served": command.served, "served_on": command.service.served_on, "service": command.service}
    return [Draft(e.DocumentServed, {**facts, "document": document})]


@builds("file-report")
def _file_report(_case: Case, command: Any, given: Given) -> list[Draft]:
    document = document_of(DocumentKind.CONCLUSION_REPORT, command, given)
    return [Draft(e.ReportFiled, {"filed_on": given.today, "document": document})]


@builds("accept-report")
def _accept_report(case: Case, command: Any, given: Given) -> list[Draft]:
    accepted = Draft(e.ReportAccepted, {"document": document_of(DocumentKind.REPORT_DECISION, command, given)})
    return [accepted, *([closed_by_final_review(given)] if case.state is CaseState.FINAL_REVIEW_SERVED else [])]


def closed_by_final_review(given: Given) -> Draft:
    """Nothing is left to do after the last instance (T40)."""
    return Draft(CaseClosedByFinalReview, {"closed_on": given.today}, act="T40")


@builds("return-report")
def _return_report(_case: Case, command: Any, given: Given) -> list[Draft]:
    document = document_of(DocumentKind.REPORT_DECISION, command, given)
    return [Draft(e.ReportReturned, {"returned_on": given.today, "document": document})]


@builds("request-review")
def _request_review(case: Case, command: Any, given: Given) -> list[Draft]:
    fields = {
        "received_on": command.received_on,
        "posted_on": command.posted_on,
        "reviewing_node": reviewing_node(case.holder),
        "document": document_of(DocumentKind.REVIEW_REQUEST, command, given),
    }
    return [Draft(e.ReviewRequested, fields)]


def refusal_of(command: Any, document: Document) -> dict[str, Any]:
    """Return what is recorded of a request for a review or a final review that is refused."""
    return {"decided_on": document.issued_on, "ground": command.ground, "document": document}


def decision_of(command: Any, document: Document) -> dict[str, Any]:
    """Return what is recorded of the opinion on a review or a final review, with its service."""
    return {
        "decided_on": document.issued_on,
        "disposition": command.disposition,
        "served_on": command.service.served_on,
        "service": command.service,
        "document": document,
    }


@builds("admit-review")
def _admit_review(_case: Case, command: Any, given: Given) -> list[Draft]:
    document = document_of(DocumentKind.REVIEW_NOTICE, command, given)
    return [Draft(e.ReviewAdmitted, {"decided_on": document.issued_on, "document": document})]


@builds("decline-review")
def _decline_review(_case: Case, command: Any, given: Given) -> list[Draft]:
    return [Draft(e.ReviewDeclined, refusal_of(command, document_of(DocumentKind.REVIEW_NOTICE, command, given)))]


@builds("decide-review")
def _decide_review(case: Case, command: Any, given: Given) -> list[Draft]:
    document = document_of(DocumentKind.REVIEW_OPINION, command, given)
    if command.disposition is Disposition.SET_ASIDE:
        ordered = {"ordered_on": document.issued_on, "days": command.rehandle_days, "document": document}
        again = Draft(e.RehandlingStarted, {"round_number": case.round_number + 1}, act="T48")
        return [Draft(e.RehandlingOrdered, ordered), again]
    return [Draft(e.ReviewDecided, decision_of(command, document))]


@builds("request-final-review")
def _request_final_review(case: Case, command: Any, given: Given) -> list[Draft]:
    fields = {
        "received_on": command.received_on,
        "posted_on": command.posted_on,
        "reviewing_node": final_reviewing_node(case.holder),
        "document": document_of(DocumentKind.FINAL_REVIEW_REQUEST, command, given),
    }
    return [Draft(e.FinalReviewRequested, fields)]


@builds("lapse-case")
def _lapse(_case: Case, command: Any, given: Given) -> list[Draft]:
    document = document_of(DocumentKind.LAPSE_RECORD, command, given)
    return [Draft(e.CaseLapsed, {"lapsed_on": given.today, "document": document})]


@builds("withdraw-case")
def _withdraw(_case: Case, command: Any, given: Given) -> list[Draft]:
    document = document_of(DocumentKind.WITHDRAWAL, command, given)
    return [Draft(e.CaseWithdrawn, {"withdrawn_on": document.issued_on, "document": document})]


@builds("archive-case")
def _archive(_case: Case, command: Any, given: Given) -> list[Draft]:
    document = document_of(DocumentKind.DOSSIER_INDEX, command, given)
    return [Draft(e.CaseArchived, {"archived_on": given.today, "document": document})]


@builds("request-completion")
def _request_completion(_case: Case, command: Any, given: Given) -> list[Draft]:
    document = document_of(DocumentKind.COMPLETION_REQUEST, command, given)
    return [Draft(e.CompletionRequested, {"asked_on": given.today, "document": document})]


@builds("receive-completion")
def _receive_completion(case: Case, command: Any, given: Given) -> list[Draft]:
    document = document_of(DocumentKind.MATERIAL, command, given) if command.paper.get("text", "").strip() else None
    return [Draft(e.CompletionReceived, {"state": case.resume_state or CaseState.RECEIVED, "document": document})]
