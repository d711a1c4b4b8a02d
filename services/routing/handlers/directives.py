"""Acts on a case that another node holds: decided here, carried out by the holder, answered back.

The sender of a transfer decides on the objection to it, the assigner on the report, the reviewing organ on the
review; meanwhile the case stays with its holder. The act is checked against this node's copy first, so that most
refusals come at once; the holder checks again and its answer is what counts.
"""

from dataclasses import replace
from typing import Any

from lianxi.casework.case.acts import act
from lianxi.casework.case.state import Case
from lianxi.casework.case.wishes import WISHES
from lianxi.casework.errors import Forbidden, GuardRefused, Refused
from lianxi.casework.identifiers import DivisionCode
from lianxi.casework.messages.commands import Command
from lianxi.casework.messages.custody import DirectiveAnswered, DirectiveIssued
from lianxi.casework.messages.facts import DocumentKind
from lianxi.casework.messages.notices import DirectiveNotice
from lianxi.casework.messages.sorting import SplitCase
from services.routing.domain.wishes import MOVED
from services.routing.handlers import Here, RoutingWork
from services.routing.handlers.assisting import ASSIST, gives_its_part
from services.routing.handlers.cases import carry_out, check_sealed, given_here, known_case
from services.routing.handlers.custody import check_sender
from services.routing.handlers.splitting import split_case
from services.routing.handlers.wishes import Done, accept, answer, issue, must_wait, remember, take, take_answer

# What a node above may ask of the holder, a petitioner wish, an assisting unit say, a rated department have called
# back; the rest needs custody.
DIRECTIVES: dict[str, DocumentKind | None] = {
    "uphold-objection": DocumentKind.OBJECTION_DECISION,
    "refuse-objection": DocumentKind.OBJECTION_DECISION,
    "admit-late-objection": DocumentKind.OBJECTION_DECISION,
    "refer-dispute": DocumentKind.DISPUTE_REPORT,
    "designate-organ": DocumentKind.DESIGNATION,
    "coordinate-dispute": DocumentKind.MINUTES,
    "accept-report": DocumentKind.REPORT_DECISION,
    "return-report": DocumentKind.REPORT_DECISION,
    "request-review": DocumentKind.REVIEW_REQUEST,
    "admit-review": DocumentKind.REVIEW_NOTICE,
    "decline-review": DocumentKind.REVIEW_NOTICE,
    "decide-review": DocumentKind.REVIEW_OPINION,
    "request-final-review": DocumentKind.FINAL_REVIEW_REQUEST,
    "admit-final-review": DocumentKind.FINAL_REVIEW_NOTICE,
    "decline-final-review": DocumentKind.FINAL_REVIEW_NOTICE,
    "open-final-hearing": DocumentKind.HEARING_NOTICE,
    "close-final-hearing": DocumentKind.HEARING_RECORD,
    "decide-final-review": DocumentKind.FINAL_REVIEW_OPINION,
    "withdraw-case": DocumentKind.WITHDRAWAL,
    "receive-completion": DocumentKind.MATERIAL,
    "add-material": DocumentKind.MATERIAL,
    "urge-case": DocumentKind.URGE,
    "rate-case": None,
    "record-call-back": DocumentKind.CALL_BACK,
    ASSIST: DocumentKind.ASSIST_OPINION,
}


def do(work: RoutingWork, name: str, command: Command, here: Here) -> Done:
    """Carry out an act here if this node holds the case, else send it to the holder below. Raises Refused.

    A wish waits where nobody can act now, and where the case left the part of the tree that this node hears of.
    """
    case = known_case(work, command.case_no)
    check_sealed(case, command.actor)
    below = DivisionCode.parse(here.node).contains(DivisionCode.parse(case.holder))
    assists = gives_its_part(name, command, case, here.node)
    gone = name in WISHES and not below and here.node in case.path
    if gone or must_wait(work, name, case):
        return accept(work, command, case, DIRECTIVES[name], here)
    if case.holder == here.node:
        if isinstance(command, SplitCase):
            after = split_case(work, here, case, command)
        else:
            after = carry_out(work, here, case, command)
        return Done(after, documents=after.documents[len(case.documents) :])
    if name not in DIRECTIVES or not (below or assists):
        raise GuardRefused("GD-4", "holds_custody", f"案件由节点 {case.holder} 持有，本节点不能直接办理。")
    return _send(work, name, command, case, here)


def _send(work: RoutingWork, name: str, command: Command, case: Case, here: Here) -> Done:
    given = given_here(work, here)
    # A trial on the copy: the holder's view may be newer, so the version the clerk saw is left to the holder.
    there = replace(given, node=case.holder, units=here.organs(case.holder))
    act(case, replace(command, document_no="trial"), there)
    kind = DIRECTIVES[name]
    numbered = replace(
        command,
        decided_on=given.today,
        expected_seq=None,
        document_no=work.documents.number(kind, given.today.year) if kind else "",
    )
    directive = DirectiveIssued(
        directive_id=here.new_id(),
        case_no=case.case_no,
        from_node=here.node,
        to_node=case.holder,
        command_type=name,
        command=work.seal_command(numbered),
        issued_at=given.now,
    )
    issue(work, directive)
    remember(work, directive)
    return Done(case, directive_id=directive.directive_id)


def take_directive(work: RoutingWork, origin: str, directive: DirectiveIssued, here: Here) -> None:
    """Carry out what a node above decided, and answer it, also when it is refused; a wish may wait for custody."""
    if not work.directives.add("in", directive):
        _answer_again(work, directive)
        return
    try:
        check_sender(origin, directive.from_node)
        command = work.open_command(directive.command_type, directive.case_no, directive.command)
        _check_standing(directive, command, work.cases.get(directive.case_no), here)
        case = known_case(work, directive.case_no)
        if take(work, directive, case, here):
            return
        case_seq = carry_out(work, here, case, command).seq
    except Refused as refusal:
        answer(work, here, directive, done=False, code=refusal.code, reason=refusal.message)
        return
    answer(work, here, directive, done=True, case_seq=case_seq)


def _answer_again(work: RoutingWork, directive: DirectiveIssued) -> None:
    """A directive that comes a second time gets the answer it got; one that waits gets it later."""
    told = work.directives.answered(directive.directive_id)
    if told is not None:
        moved_to = known_case(work, told.case_no).holder if told.code == MOVED else ""
        work.links.send(told.from_node, replace(told, moved_to=moved_to))


def _check_standing(directive: DirectiveIssued, command: Any, case: Case | None, here: Here) -> None:
    """A node above may decide, one that had the case may pass on a wish, an assisting unit's own node its part."""
    issuer = DivisionCode.parse(directive.from_node)
    above = issuer != DivisionCode.parse(here.node) and issuer.contains(DivisionCode.parse(here.node))
    had_it = case is not None and directive.command_type in WISHES and directive.from_node in case.path
    assists = case is not None and gives_its_part(directive.command_type, command, case, directive.from_node)
    same_case = command.case_no == directive.case_no
    if (
        not (above or had_it or assists)
        or not same_case
        or command.actor.node != directive.from_node
        or directive.command_type not in DIRECTIVES
    ):
        raise Forbidden("该节点无权对本案作出此决定。", code="foreign-directive", rule="GD-4")


def take_directive_answer(work: RoutingWork, origin: str, told: DirectiveAnswered, here: Here) -> None:
    """Note what the holder made of a directive and tell the clerk who sent it."""
    check_sender(origin, told.to_node)
    if work.directives.answer(told, here.clock.now()) and not take_answer(work, told, here):
        kind = "directive-done" if told.done else "directive-refused"
        work.tell(DirectiveNotice(case_no=told.case_no, node=told.to_node, kind=kind, code=told.code))
