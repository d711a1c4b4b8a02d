"""A clerk's act as the portal sends it: read the command, carry it out, say what became of it."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from lianxi.casework.errors import Conflict, Forbidden, Invalid, NotBuiltYet, Refused, Unknown
from lianxi.casework.messages.commands import Command
from lianxi.casework.messages.facts import Role
from lianxi.casework.transitions import steps_for
from lianxi.casework.transitions.words import label_of
from services.routing.domain.desk import MOST_AT_ONCE
from services.routing.handlers import Here, RoutingWork
from services.routing.handlers.cases import known_case
from services.routing.handlers.directives import do
from services.routing.handlers.taking import check_not_taken

# Written by the software alone; nobody may ask for them from outside.
INTERNAL = frozenset(
    {
        "receive-case",
        "file-at-organ",
        "deliver-case",
        "refuse-transfer",
        "take-back",
        "lapse-case",
        "lapse-completion",
        "start-rehandling",
        "close-by-final-review",
        "note-repeat",
        "escalate-returns",
    }
)


def check_askable(command_type: str) -> None:
    """Refuse what the table does not know, what is not built, and what only the software does."""
    steps = steps_for(command_type)
    if not steps:
        raise Unknown("办理步骤", command_type)
    if not any(row.built for row, _ in steps):
        raise NotBuiltYet(steps[0][0].id)
    if command_type in INTERNAL:
        raise Forbidden("此步骤由系统自动完成，不能人工办理。", rule=steps[0][0].id)


def act_on_case(work: RoutingWork, command_type: str, command: str, here: Here) -> dict[str, Any]:
    """Carry out `command` (JSON) of the named type; return number, version, state and documents, or the directive.

    Raises Invalid, Forbidden, NotBuiltYet, GuardRefused, Conflict (also when a colleague has taken the case, and with
    what happened since when the asker's view is stale), Unknown.
    """
    check_askable(command_type)
    return carry(work, command_type, work.read_command(command_type, command), here)


def carry(work: RoutingWork, command_type: str, command: Command, here: Here) -> dict[str, Any]:
    """Carry out a command that was read; afterwards the case is on its pile again."""
    # Numbers and days of decision are this node's to give, never the asker's.
    order = replace(command, document_no="", decided_on=None)
    _check_actor(order, here)
    taken = check_not_taken(work, known_case(work, order.case_no), order.actor, here)
    try:
        done = do(work, command_type, order, here)
    except Conflict as conflict:
        raise _explained(work, conflict, order) from None
    if taken:
        work.desk_books.give_back(order.case_no)
    return {
        "case_no": done.case.case_no,
        "seq": done.case.seq,
        "state": done.case.state.value,
        "holder": done.case.holder,
        "status": "waiting" if done.wish_id else "sent" if done.directive_id else "done",
        "directive_id": done.directive_id or None,
        "documents": [{"kind": document.kind.value, "number": document.number} for document in done.documents],
    }


def _explained(work: RoutingWork, conflict: Conflict, order: Command) -> Conflict:
    """Say of a stale view who did what since: acts, roles, units and times, no names and no texts."""
    seen = work.desk.view(order.case_no) if conflict.code == "stale-version" else None
    if seen is None or order.expected_seq is None:
        return conflict
    changes = [
        {
            "seq": event.head.seq,
            "act": event.head.act,
            "label": label_of(event),
            "role": event.head.actor.role.value,
            "unit": event.head.actor.unit or None,
            "node": event.head.node,
            "at": event.head.at.isoformat(),
        }
        for event in seen[1]
        if event.head.seq > order.expected_seq
    ]
    return Conflict(
        conflict.message, code=conflict.code, field=conflict.field, details={**conflict.details, "changes": changes}
    )


def act_on_many(work: RoutingWork, command_type: str, commands: Sequence[str], here: Here) -> dict[str, Any]:
    """Carry out the same act on many cases; each has an outcome of its own, and a refusal stops none of the others."""
    check_askable(command_type)
    if not 1 <= len(commands) <= MOST_AT_ONCE:
        raise Invalid("cases", "count", f"一次可以办理1至{MOST_AT_ONCE}件。")
    return {"rows": [_one_of_many(work, command_type, command, here) for command in commands]}


def _one_of_many(work: RoutingWork, command_type: str, command: str, here: Here) -> dict[str, Any]:
    order = work.read_command(command_type, command)
    try:
        with work.savepoint():
            return carry(work, command_type, order, here)
    except Refused as refusal:
        problem = refusal.as_problem()
        told = {name: problem[name] for name in ("code", "detail", "rule", "changes") if problem.get(name)}
        return {"case_no": order.case_no, "status": "refused", **told}


def _check_actor(command: Command, here: Here) -> None:
    if command.actor.role is Role.SYSTEM:
        raise Forbidden("不能以系统身份办理。", field="actor.role")
    if command.actor.node != here.node:
        raise Invalid("actor.node", "GD-4", "办理人应属于本节点。")
