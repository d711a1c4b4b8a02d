"""Wishes: what petitioners and clerks say while custody is on its way is kept, and carried out once it has settled.

Nobody may act on a case in transfer, but nothing that a petitioner said may be lost (R-21-1): material, urging,
completion, rating and withdrawal (T54, T55, T45, T56, T42) are accepted at the door with the day and the document
number of that moment, and wait here in their order. `settle_all` runs twice a second: a case that this node holds
again gets its wishes here, one that is held elsewhere is sent them as directives. A wish that comes as a directive
and finds the case on its way waits too; when custody has gone elsewhere, the node that asked is told where and sends
it there. What the state machine refuses in the end is told to the petitioner and to the clerks, with the reason.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from typing import Any

from lianxi.casework.case.state import Case
from lianxi.casework.case.wishes import WISHES, check_can_wait, label_of
from lianxi.casework.errors import Refused
from lianxi.casework.messages.commands import Command
from lianxi.casework.messages.custody import DirectiveAnswered, DirectiveIssued
from lianxi.casework.messages.facts import Document, DocumentKind, Role
from lianxi.casework.messages.notices import WishRefused
from lianxi.law.deadlines import local_day
from services.routing.domain.wishes import MOVED, OPEN, Wish, WishState, may_go, wish_of
from services.routing.handlers import Here, RoutingWork
from services.routing.handlers.cases import carry_out, given_here, known_case

AT_ONCE = 100
"""Cases looked at in one round; the others follow half a second later."""


@dataclass(frozen=True, slots=True)
class Done:
    """What became of an act: the case after it, or the directive on its way to the holder, or the wish that waits."""

    case: Case
    directive_id: str = ""
    documents: tuple[Document, ...] = ()
    wish_id: str = ""


def must_wait(work: RoutingWork, name: str, case: Case) -> bool:
    """Whether an act is a wish that cannot go on its way yet: custody is on its way, or earlier wishes have to go."""
    if name not in WISHES:
        return False
    return case.in_transfer or not may_go(case.holder, work.wishes.open(case.case_no))


def accept(work: RoutingWork, command: Command, case: Case, kind: DocumentKind | None, here: Here) -> Done:
    """Keep a wish until custody has settled, numbered and dated now (GD-3). Raises Refused for what cannot be.

    A node that held the case before and does not hear of it any more takes the wish as it is: the holder decides.
    """
    given = given_here(work, here)
    before = [_opened(work, wish) for wish in work.wishes.open(case.case_no)]
    if case.in_transfer or here.node == case.holder:
        there = replace(given, units=here.organs(case.holder))
        check_can_wait(case, command, before, there)
    number = work.documents.number(kind, given.today.year) if kind else ""
    dated = replace(command, decided_on=given.today, expected_seq=None, document_no=number)
    wish = Wish(
        wish_id=here.new_id(),
        case_no=case.case_no,
        command_type=_name(command),
        command=work.seal_command(dated),
        document_no=number,
        role=command.actor.role.value,
        declared_at=given.now,
    )
    work.wishes.add(wish)
    return Done(case, wish_id=wish.wish_id)


def _opened(work: RoutingWork, wish: Wish) -> Command:
    return work.open_command(wish.command_type, wish.case_no, wish.command)


def _name(command: Command) -> str:
    return str(command.MESSAGE.name)  # type: ignore[attr-defined]  # every concrete command has one


def issue(work: RoutingWork, directive: DirectiveIssued) -> None:
    """Note a directive and give it to the link."""
    work.directives.add("out", directive)
    work.links.send(directive.to_node, directive)


def remember(work: RoutingWork, directive: DirectiveIssued) -> None:
    """Note that a wish is on its way, so that it can follow when custody moves on before it arrives."""
    if directive.command_type not in WISHES:
        return
    wish_id = wish_of(directive.directive_id)
    attempt = directive.directive_id.removeprefix(wish_id).removeprefix(".")
    sent = _from_directive(work, directive)
    work.wishes.add(
        replace(
            sent,
            wish_id=wish_id,
            attempt=int(attempt or 0),
            asked_by="",
            to_node=directive.to_node,
            state=WishState.SENT,
        )
    )


def _from_directive(work: RoutingWork, directive: DirectiveIssued) -> Wish:
    command = work.open_command(directive.command_type, directive.case_no, directive.command)
    return Wish(
        wish_id=directive.directive_id,
        case_no=directive.case_no,
        command_type=directive.command_type,
        command=directive.command,
        document_no=command.document_no,
        role=command.actor.role.value,
        declared_at=directive.issued_at,
        asked_by=directive.from_node,
    )


def take(work: RoutingWork, directive: DirectiveIssued, case: Case, here: Here) -> bool:
    """Keep a wish that came as a directive and cannot be carried out on arrival; return whether that was so.

    It is answered when custody has settled.
    """
    if directive.command_type not in WISHES:
        return False
    if case.holder == here.node and not must_wait(work, directive.command_type, case):
        return False
    work.wishes.add(_from_directive(work, directive))
    settle(work, case.case_no, here)
    return True


def settle_all(open_work: Callable[[], AbstractContextManager[RoutingWork]], here: Here) -> dict[str, str]:
    """Carry out or send on whatever can be by now, each case in a transaction of its own.

    Return the cases where that failed, with the kind of error: one of them must not keep all others waiting.
    """
    with open_work() as work:
        ready = work.wishes.ready(AT_ONCE)
    failed = {}
    for case_no in ready:
        try:
            with open_work() as work:
                settle(work, case_no, here)
        except Exception as failure:  # noqa: BLE001  whatever it is, the other cases have nothing to do with it
            failed[case_no] = type(failure).__name__
    return failed


def settle(work: RoutingWork, case_no: str, here: Here) -> None:
    """Let the wishes of a case go where the case is, in order, as far as custody has settled."""
    case = known_case(work, case_no)  # locks the case, so that nobody else settles the same wishes
    earlier: list[Wish] = []
    for wish in work.wishes.open(case_no):
        going = wish
        if wish.state is WishState.WAITING:
            target = _target(wish, case, here)
            if case.in_transfer or not may_go(target, earlier):
                return
            going = _let_go(work, wish, case, target, here)
            case = known_case(work, case_no)
        if going.state in OPEN:
            earlier.append(going)


def _target(wish: Wish, case: Case, here: Here) -> str:
    """Return who has the case: whom the last node named, else who this node's copy says."""
    named = wish.to_node or case.holder
    return case.holder if named == here.node else named


def _let_go(work: RoutingWork, wish: Wish, case: Case, target: str, here: Here) -> Wish:
    if target == here.node:
        return _carry_out(work, wish, case, here)
    if wish.asked_by:
        return _end(work, wish, here, WishState.MOVED, code=MOVED, moved_to=target)
    return _send(work, wish, target, here)


def _carry_out(work: RoutingWork, wish: Wish, case: Case, here: Here) -> Wish:
    """Do what was wished; what a history that came back after a restore holds already is not done twice."""
    if wish.document_no and any(document.number == wish.document_no for document in case.documents):
        return _end(work, wish, here, WishState.DONE, case_seq=case.seq)
    try:
        after = carry_out(work, here, case, _opened(work, wish))
    except Refused as refusal:
        return _end(work, wish, here, WishState.REFUSED, code=refusal.code, reason=refusal.message)
    return _end(work, wish, here, WishState.DONE, case_seq=after.seq)


def _send(work: RoutingWork, wish: Wish, target: str, here: Here) -> Wish:
    sent = replace(wish, state=WishState.SENT, to_node=target)
    if not work.directives.known(wish.directive_id):
        directive = DirectiveIssued(
            directive_id=wish.directive_id,
            case_no=wish.case_no,
            from_node=here.node,
            to_node=target,
            command_type=wish.command_type,
            command=wish.command,
            issued_at=wish.declared_at,
        )
        issue(work, directive)
    work.wishes.save(sent)
    return sent


def _end(work: RoutingWork, wish: Wish, here: Here, state: WishState, **told: Any) -> Wish:
    """Note the end of a wish and tell whoever must know of it."""
    code, reason = told.get("code", ""), told.get("reason", "")
    ended = wish.settled(state, here.clock.now(), code, reason)
    work.wishes.save(ended)
    if wish.asked_by:
        answer(work, here, wish, done=state is WishState.DONE, **told)
    elif state is WishState.REFUSED:
        tell_refused(work, ended, here.node)
    return ended


def answer(work: RoutingWork, here: Here, directive: DirectiveIssued | Wish, *, done: bool, **told: Any) -> None:
    """Answer a directive, or the wish that came as one."""
    answered = DirectiveAnswered(
        directive_id=directive.wish_id if isinstance(directive, Wish) else directive.directive_id,
        case_no=directive.case_no,
        from_node=directive.asked_by if isinstance(directive, Wish) else directive.from_node,
        to_node=here.node,
        done=done,
        **{"case_seq": 0, **told},
    )
    work.directives.answer(answered, here.clock.now())
    work.links.send(answered.from_node, answered)


def take_answer(work: RoutingWork, told: DirectiveAnswered, here: Here) -> bool:
    """Note what became of a wish that was sent; send it after the case when custody had moved on.

    Return whether there is nothing more to tell.
    """
    wish = work.wishes.get(wish_of(told.directive_id))
    if wish is None or wish.state not in OPEN or wish.directive_id != told.directive_id:
        return False
    if told.moved_to:
        work.wishes.save(replace(wish, state=WishState.WAITING, to_node=told.moved_to, attempt=wish.attempt + 1))
        settle(work, wish.case_no, here)
        return True
    now = here.clock.now()
    if told.done:
        work.wishes.save(wish.settled(WishState.DONE, now))
        return False
    ended = wish.settled(WishState.REFUSED, now, told.code, told.reason)
    work.wishes.save(ended)
    tell_refused(work, ended, told.to_node)
    return True


def tell_refused(work: RoutingWork, wish: Wish, node: str) -> None:
    """Tell petitioner and clerks that what was said could not be carried out, and why."""
    by_petitioner = wish.role == Role.PETITIONER.value
    work.tell(
        WishRefused(
            case_no=wish.case_no,
            node=node,
            wish=label_of(wish.command_type),
            by="petitioner" if by_petitioner else "clerk",
            declared_on=local_day(wish.declared_at),
            code=wish.code,
            reason=wish.reason,
        )
    )


def shown(work: RoutingWork, case_no: str, *, petitioner: bool) -> list[dict[str, Any]]:
    """Return what was said and has not been carried out, for the case page or for the petitioner."""
    return [
        {
            "act": wish.command_type,
            "label": label_of(wish.command_type),
            "on": local_day(wish.declared_at).isoformat(),
            "role": wish.role,
            "state": wish.state.value,
            "to_node": wish.to_node,
            "reason": wish.reason,
        }
        for wish in work.wishes.said(case_no)
        if wish.state is not WishState.DONE and (not petitioner or wish.role == Role.PETITIONER.value)
    ]
