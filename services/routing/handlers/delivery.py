"""What comes over a link for this node, by class: each message has one use case."""

from collections.abc import Sequence
from typing import Any

from lianxi.casework.errors import Broken
from lianxi.casework.messages.custody import (
    CaseReported,
    CopySent,
    CustodyAnswered,
    CustodyOffered,
    DirectiveAnswered,
    DirectiveIssued,
)
from lianxi.casework.messages.materials import MaterialsSent
from lianxi.casework.messages.repeats import RepeatsAsked, RepeatsTold
from services.routing.handlers import Here, RoutingWork, repeats
from services.routing.handlers.custody import take_answer, take_copy, take_offer, take_report
from services.routing.handlers.directives import take_directive, take_directive_answer
from services.routing.handlers.materials import take_materials


def deliver(work: RoutingWork, origin: str, message: Any, here: Here) -> None:
    """Carry out a message from `origin` that has this node as its destination."""
    match message:
        case CaseReported():
            take_report(work, origin, message, here)
        case CustodyOffered():
            take_offer(work, origin, message, here)
        case CustodyAnswered():
            take_answer(work, origin, message, here)
        case CopySent():
            take_copy(work, origin, message, here)
        case DirectiveIssued():
            take_directive(work, origin, message, here)
        case DirectiveAnswered():
            take_directive_answer(work, origin, message, here)
        case MaterialsSent():
            take_materials(work, message)
        case RepeatsAsked():
            repeats.take_question(work, origin, message, here)
        case RepeatsTold():
            repeats.take_answer(work, origin, message, here)
        case _:
            raise Broken(f"没有处理{type(message).__name__}的用例。", code="no-use-case")


def deliver_all(work: RoutingWork, messages: Sequence[tuple[str, Any]], here: Here) -> None:
    """Carry out a batch: the cases it is about are fetched and locked in one look-up."""
    work.cases.preload(_case_of(message) for _, message in messages)
    for origin, message in messages:
        deliver(work, origin, message, here)


def _case_of(message: Any) -> str:
    return message.dossier.case_no if isinstance(message, CustodyOffered) else str(message.case_no)
