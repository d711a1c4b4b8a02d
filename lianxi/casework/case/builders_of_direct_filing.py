"""What the commands of T22 record: a contact at an organ, received and registered at once, and where it went."""

from typing import Any

from lianxi.casework.case.builders import BUILDERS, RECEIVED, Draft, builds, document_of
from lianxi.casework.case.guards import Given
from lianxi.casework.case.jurisdiction import node_of
from lianxi.casework.case.state import Case
from lianxi.casework.identifiers import DivisionCode
from lianxi.casework.messages import events as e
from lianxi.casework.messages.direct_filing import FiledAtOrgan
from lianxi.casework.messages.facts import DocumentKind, Transfer, TransferKind
from lianxi.casework.messages.sorting import PetitionerGuided


@builds("file-at-organ")
def _file(case: Case, command: Any, given: Given) -> list[Draft]:
    registered_on = command.decided_on or given.today
    filed = {
        "filed_on": command.received_on,
        "registered_on": registered_on,
        "unit": command.actor.unit,
        "notice_owed": not command.anonymous,
    }
    return [
        Draft(e.CaseReceived, {name: getattr(command, name) for name in RECEIVED}),
        *BUILDERS["register-case"](case, command, given),
        Draft(FiledAtOrgan, filed),
    ]


@builds("forward-in-system")
def _forward(case: Case, command: Any, given: Given) -> list[Draft]:
    to_node = node_of(command.to_organ)
    transfer = Transfer(
        offer_id=given.offer_id,
        kind=TransferKind.TRANSFER,
        from_node=case.holder,
        from_unit=case.unit,
        to_node=to_node,
        to_unit=command.to_organ,
        offered_at=given.now,
        direct=str(DivisionCode.parse(to_node).parent) != case.holder,
    )
    document = document_of(DocumentKind.TRANSFER_LETTER, command, given)
    return [Draft(e.CaseTransferred, {"transfer": transfer, "document": document, "reasons": ()})]


@builds("tell-competent-organ")
def _tell(_case: Case, command: Any, given: Given) -> list[Draft]:
    document = document_of(DocumentKind.GUIDANCE, command, given)
    return [Draft(PetitionerGuided, {"ground": "out-of-scope", "document": document})]
