"""A command becomes events: find its step in the table, check every guard, record what happened.

The general guards stand here, in the order in which they refuse: the asker's view is current, the case is held at
this node, nothing is on its way, the person is not interested (GD-2), the state allows the act, the transition is
built, the role and the level may do it; then the named guards of the step.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from lianxi.casework import chain
from lianxi.casework.case import (
    builders_of_direct_filing,
    builders_of_disputes,
    builders_of_mediation,
    builders_of_petitioner,
    builders_of_reviews,
    builders_of_sorting,
)
from lianxi.casework.case.builders import BUILDERS, Draft
from lianxi.casework.case.evolve import evolve
from lianxi.casework.case.guards import GUARDS, Given
from lianxi.casework.case.state import Case
from lianxi.casework.errors import Conflict, Forbidden, GuardRefused, NotBuiltYet, Unknown
from lianxi.casework.identifiers import DivisionCode
from lianxi.casework.messages.commands import Command
from lianxi.casework.messages.events import CaseEvent
from lianxi.casework.messages.facts import STATE_LABELS, Actor, EventHead, Role
from lianxi.casework.transitions import Step, Transition, by_id, steps_for

__all__ = [
    "BUILDERS",
    "act",
    "builders_of_direct_filing",
    "builders_of_disputes",
    "builders_of_mediation",
    "builders_of_petitioner",
    "builders_of_reviews",
    "builders_of_sorting",
    "record",
]

LEVEL_LETTERS = {"city": "C", "district": "K", "township": "T"}

# While custody is on its way only the handshake itself may go on.
HANDSHAKE = frozenset({"deliver-case", "refuse-transfer", "take-back"})
# The receiving node writes these before it holds the case: they are what makes it the holder.
TAKES_CUSTODY = frozenset({"receive-case", "file-at-organ", "deliver-case", "take-back"})


def act(case: Case, command: Command, given: Given) -> tuple[Case, tuple[CaseEvent, ...]]:
    """Carry out a command; return the case after it and the events to record.

    Raises Refused errors: Conflict (stale view), GuardRefused (naming transition, guard and reason), NotBuiltYet,
    Forbidden (role or level). Nothing is half done: either all events come back or none.
    """
    name = command.MESSAGE.name  # type: ignore[attr-defined]  # every concrete command has one
    row, step = _choose(case, command, given, name)
    _check_standing(case, command, given, name, row)
    _check_actor(command.actor, step, row, given)
    for guard_name in step.guards:
        reason = GUARDS[guard_name](case, command, given)
        if reason is not None:
            raise GuardRefused(row.id, guard_name, reason)
    return record(case, row.id, command.actor, given, BUILDERS[name](case, command, given))


def record(
    case: Case, act_id: str, actor: Actor, given: Given, drafts: Sequence[Draft]
) -> tuple[Case, tuple[CaseEvent, ...]]:
    """Append drafts to the history of a case: number them, chain them, evolve the case."""
    events: list[CaseEvent] = []
    for draft in drafts:
        event = _sealed(case, draft, act_id, actor, given)
        case = evolve(case, event)
        events.append(event)
    return case, tuple(events)


def _sealed(case: Case, draft: Draft, act_id: str, actor: Actor, given: Given) -> CaseEvent:
    transition = draft.act or act_id
    previous = case.head_digest or chain.GENESIS
    head = EventHead(
        case_no=case.case_no,
        seq=case.seq + 1,
        epoch=case.epoch + (1 if draft.takes_custody else 0),
        at=given.now,
        act=transition,
        actor=actor,
        node=given.node,
        basis=by_id(transition).article,
        previous=previous,
        digest="",
    )
    event = draft.event(head=head, **draft.fields)
    return replace(event, head=replace(head, digest=chain.seal(chain.event_fields(event), previous)))


def _choose(case: Case, command: Any, given: Given, name: str) -> tuple[Transition, Step]:
    steps = steps_for(name)
    if not steps:
        raise Unknown("办理步骤", name)
    if not any(row.built for row, _ in steps):
        raise NotBuiltYet(steps[0][0].id)
    _check_seen(case, command)
    fitting = [(row, step) for row, step in steps if case.state in step.start]
    if not fitting:
        allowed = sorted({STATE_LABELS[state] for _, step in steps for state in step.start})
        raise GuardRefused(
            steps[0][0].id,
            "state",
            f"案件现为“{STATE_LABELS[case.state]}”，只有在“{'、'.join(allowed)}”时才能办理“{steps[0][0].label}”。",
        )
    return _narrowed(fitting, case, command, given)


def _check_seen(case: Case, command: Command) -> None:
    """Whoever decided on an older view is told so first: it explains most of the other refusals."""
    if command.expected_seq is not None and command.expected_seq != case.seq:
        raise Conflict(
            f"案件已更新到第{case.seq}步，您看到的是第{command.expected_seq}步，请刷新后重试。",
            code="stale-version",
            field="expected_seq",
            details={"seq": case.seq},
        )


def _narrowed(
    fitting: list[tuple[Transition, Step]], case: Case, command: Any, given: Given
) -> tuple[Transition, Step]:
    """Tell apart the steps that share a command: T1, T2 by who brings it, T12, T13 by target, T29, T37 by their end.

    A part of a split case is received and registered by T52.
    """
    name = command.MESSAGE.name
    if name == "receive-case":
        by_whom = fitting[0] if command.actor.role is Role.PETITIONER else fitting[1]
        return fitting[-1] if command.split_from else by_whom
    if name == "register-case":
        return fitting[-1] if case.split_from else fitting[0]
    if name == "transfer-case" and len(fitting) > 1:
        return fitting[0] if command.to_node == given.node else fitting[1]
    if name == "close-mediation":
        return fitting[1] if command.outcome == "failed" else fitting[0]
    if name == "decide-review":
        return fitting[1] if command.disposition == "SET_ASIDE" else fitting[0]
    return fitting[0]


def _check_standing(case: Case, command: Command, given: Given, name: str, row: Transition) -> None:
    if case.in_transfer and name not in HANDSHAKE:
        raise GuardRefused(row.id, "not_in_transfer", "案件正在移交途中，须待对方节点签收或退回后再办理。")
    if case.holder != given.node and name not in TAKES_CUSTODY:
        raise GuardRefused(row.id, "holds_custody", f"案件由节点 {case.holder} 持有，本节点不能直接办理。")
    if is_recused(case, command.actor):
        raise GuardRefused(row.id, "GD-2", "经办人员与本事项有利害关系，应当回避。")
    recipients = {getattr(command, name, "") for name in ("to_unit", "to_organ")} | {*getattr(command, "assists", ())}
    if not recipients.isdisjoint(case.recused):
        raise GuardRefused(row.id, "GD-1", "所选单位应当回避本事项，请改送其他单位或者报请上级。")


def is_recused(case: Case, actor: Actor) -> bool:
    """Whether an actor keeps out of a case: by the own account, or as somebody of an organ that does, of any node."""
    return actor.person in case.recused or (actor.unit != "" and actor.unit in case.recused)


def _check_actor(actor: Actor, step: Step, row: Transition, given: Given) -> None:
    if actor.role not in step.actors:
        raise Forbidden(f"“{row.label}”不能由该角色办理。", rule=row.id, field="actor.role")
    node = actor.node if actor.role is not Role.PETITIONER else given.node
    letter = LEVEL_LETTERS.get(DivisionCode.parse(node).level.value, "")
    if letter not in row.levels:
        raise Forbidden(f"“{row.label}”不能在这一级节点办理。", rule=row.id, field="actor.node")
