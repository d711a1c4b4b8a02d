"""A clerk's act as the portal sends it: read the command, carry it out, say what became of it."""

from dataclasses import replace
from typing import Any

from lianxi.casework.errors import Forbidden, Invalid, NotBuiltYet, Unknown
from lianxi.casework.messages.commands import Command
from lianxi.casework.messages.facts import Role
from lianxi.casework.transitions import steps_for
from services.routing.handlers import Here, RoutingWork
from services.routing.handlers.directives import do

# Written by the software alone; nobody may ask for them from outside.
INTERNAL = frozenset(
    {
        "receive-case",
        "deliver-case",
        "refuse-transfer",
        "take-back",
        "lapse-case",
        "lapse-completion",
        "start-rehandling",
    }
)


def act_on_case(work: RoutingWork, command_type: str, command: str, here: Here) -> dict[str, Any]:
    """Carry out `command` (JSON) of the named type; return number, version, state and documents, or the directive.

    Raises Invalid, Forbidden, NotBuiltYet, GuardRefused, Conflict, Unknown.
    """
    steps = steps_for(command_type)
    if not steps:
        raise Unknown("办理步骤", command_type)
    if not any(row.built for row, _ in steps):
        raise NotBuiltYet(steps[0][0].id)
    if command_type in INTERNAL:
        raise Forbidden("此步骤由系统自动完成，不能人工办理。", rule=steps[0][0].id)
    # Numbers and days of decision are this node's to give, never the asker's.
    order = replace(work.read_command(command_type, command), document_no="", decided_on=None)
    _check_actor(order, here)
    done = do(work, command_type, order, here)
    return {
        "case_no": done.case.case_no,
        "seq": done.case.seq,
        "state": done.case.state.value,
        "holder": done.case.holder,
        "status": "sent" if done.directive_id else "done",
        "directive_id": done.directive_id or None,
        "documents": [{"kind": document.kind.value, "number": document.number} for document in done.documents],
    }


def _check_actor(command: Command, here: Here) -> None:
    if command.actor.role is Role.SYSTEM:
        raise Forbidden("不能以系统身份办理。", field="actor.role")
    if command.actor.node != here.node:
        raise Invalid("actor.node", "GD-4", "办理人应属于本节点。")
