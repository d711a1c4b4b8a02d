"""What the commands of T16 beyond its limit, T19, T20 and T53 record."""

from typing import Any

from lianxi.casework.case.builders import Draft, builds, document_of, returned
from lianxi.casework.case.guards import Given
from lianxi.casework.case.jurisdiction import common_node, common_superior, node_of
from lianxi.casework.case.state import Case
from lianxi.casework.messages import dispute as d
from lianxi.casework.messages.facts import DocumentKind, Transfer, TransferKind


@builds("object-late")
def _object_late(_case: Case, command: Any, given: Given) -> list[Draft]:
    document = document_of(DocumentKind.OBJECTION, command, given)
    fields = {"filed_on": given.today, "proposed_organ": command.proposed_organ, "document": document}
    return [Draft(d.LateObjectionFiled, fields)]


@builds("admit-late-objection")
def _admit_late(_case: Case, command: Any, given: Given) -> list[Draft]:
    document = document_of(DocumentKind.OBJECTION_DECISION, command, given)
    return [Draft(d.LateObjectionAdmitted, {"admitted_on": document.issued_on, "document": document})]


@builds("raise-dispute")
def _raise(_case: Case, command: Any, given: Given) -> list[Draft]:
    document = document_of(DocumentKind.DISPUTE_REPORT, command, given)
    parties = tuple(dict.fromkeys(command.parties))
    return [Draft(d.DisputeRaised, {"raised_on": given.today, "parties": parties, "document": document})]


@builds("refer-dispute")
def _refer(case: Case, command: Any, given: Given) -> list[Draft]:
    document = document_of(DocumentKind.DISPUTE_REPORT, command, given)
    superior = "" if command.to_conference else common_superior(case.dispute_parties)
    facts = {
        "referred_on": document.issued_on,
        "deciding_node": superior or common_node(case.dispute_parties),
        "document": document,
    }
    return [Draft(d.DisputeReferred if superior else d.DisputeReferredToConference, facts)]


@builds("agree-on-organ")
def _agree(case: Case, command: Any, given: Given) -> list[Draft]:
    return _designated(case, command, given, DocumentKind.DESIGNATION)


@builds("designate-organ")
def _designate(case: Case, command: Any, given: Given) -> list[Draft]:
    return _designated(case, command, given, DocumentKind.DESIGNATION)


@builds("coordinate-dispute")
def _coordinate(case: Case, command: Any, given: Given) -> list[Draft]:
    return _designated(case, command, given, DocumentKind.MINUTES)


def _designated(case: Case, command: Any, given: Given, kind: DocumentKind) -> list[Draft]:
    """The lead has the case at once when it belongs to this node; else it goes back to the node above both."""
    back = None
    if node_of(command.lead) != case.holder:
        back = Transfer(
            offer_id=given.offer_id,
            kind=TransferKind.HAND_BACK,
            from_node=case.holder,
            from_unit=case.unit,
            to_node=common_node((case.holder, command.lead)),
            to_unit="",
            offered_at=given.now,
        )
    document = document_of(kind, command, given)
    facts = {
        "designated_on": given.today,
        "lead": command.lead,
        "assists": command.assists,
        "moved": command.lead != case.unit,
        "document": document,
        "transfer": back,
    }
    here = back is not None and back.to_node == given.node
    onward = returned(case, back, given, takes_custody=False) if back is not None and here else []
    return [Draft(d.OrganDesignated, facts), *onward]


@builds("file-assist-opinion")
def _assist(_case: Case, command: Any, given: Given) -> list[Draft]:
    document = document_of(DocumentKind.ASSIST_OPINION, command, given)
    facts = {"filed_on": given.today, "unit": command.actor.unit, "document": document}
    return [Draft(d.AssistOpinionFiled, facts)]


@builds("urge-assists")
def _urge_assists(case: Case, _command: Any, given: Given) -> list[Draft]:
    return [Draft(d.AssistsUrged, {"urged_on": given.today, "assists": case.assists_missing})]
