"""What comes over a link for this node, by class: each message has one use case."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from lianxi.casework.errors import Broken
from lianxi.casework.messages.custody import (
    AssistedTextErased,
    AssistWanted,
    CaseReported,
    CopySent,
    CustodyAnswered,
    CustodyOffered,
    DirectiveAnswered,
    DirectiveIssued,
    NoticeChoiceSent,
    UnitsChanged,
)
from lianxi.casework.messages.materials import MaterialsSent
from lianxi.casework.messages.repeats import RepeatsAsked, RepeatsTold
from services.routing.handlers import Here, RoutingWork, repeats
from services.routing.handlers.assist_copies import forget_assisted, take_assist
from services.routing.handlers.choices import take_choice
from services.routing.handlers.custody import take_answer, take_copy, take_offer, take_report
from services.routing.handlers.directives import take_directive, take_directive_answer
from services.routing.handlers.links import case_of
from services.routing.handlers.materials import take_materials
from services.routing.handlers.unit_news import check_told_by


def _units(work: RoutingWork, origin: str, message: UnitsChanged, here: Here) -> None:
    check_told_by(origin, message, here.node)
    work.unit_news.take(message.changes, origin)


def _erased(work: RoutingWork, origin: str, message: AssistedTextErased, _here: Here) -> None:
    forget_assisted(work, origin, message)


UseCase = Callable[[RoutingWork, str, Any, Here], None]
USE_CASES: Mapping[type, UseCase] = {
    CaseReported: take_report,
    CustodyOffered: take_offer,
    CustodyAnswered: take_answer,
    CopySent: take_copy,
    AssistWanted: take_assist,
    AssistedTextErased: _erased,
    DirectiveIssued: take_directive,
    DirectiveAnswered: take_directive_answer,
    MaterialsSent: take_materials,
    NoticeChoiceSent: take_choice,
    RepeatsAsked: repeats.take_question,
    RepeatsTold: repeats.take_answer,
    UnitsChanged: _units,
}


def deliver(work: RoutingWork, origin: str, message: Any, here: Here) -> None:
    """Carry out a message from `origin` that has this node as its destination."""
    use_case = USE_CASES.get(type(message))
    if use_case is None:
        raise Broken(f"没有处理{type(message).__name__}的用例。", code="no-use-case")
    use_case(work, origin, message, here)


def deliver_all(work: RoutingWork, messages: Sequence[tuple[str, Any]], here: Here) -> None:
    """Carry out a batch: the cases it is about are fetched and locked in one look-up."""
    work.cases.preload(filter(None, (case_of(message) for _, message in messages)))
    for origin, message in messages:
        deliver(work, origin, message, here)
