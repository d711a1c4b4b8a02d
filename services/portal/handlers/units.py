"""The directory of organs for the people in charge: how an organ came to be as it is, and a change from a day on."""

from typing import Any

from lianxi.casework.errors import Forbidden
from services.portal.domain.accounts import Principal, Scope, is_within
from services.portal.domain.answers import Answer
from services.portal.domain.permissions import MAY_CHANGE_UNITS
from services.portal.handlers import Ports
from services.portal.handlers.asking import Attempt, ask, once


def history(unit: str, person: Principal, ports: Ports) -> dict[str, Any]:
    """Return what the directory said of an organ of this node, from the seed file to its last change."""
    person.need(Scope.READ)
    if not is_within(unit.partition(".")[0], person.node):
        raise Forbidden("只能查看本节点及下级节点的单位。", rule="node-scope", field="unit")
    return ask(ports, "routing.unit_history", {"unit": unit})


def change(unit: str, asked: dict[str, Any], person: Principal, key: str | None, ports: Ports) -> Answer:
    """Change an organ of this node from a day on; nothing is overwritten."""
    person.need(Scope.ACT)
    if person.role not in MAY_CHANGE_UNITS or unit.partition(".")[0] != person.node:
        raise Forbidden("单位目录由本节点信访部门负责人或者系统管理员变更。", rule="R-24-6", field="unit")
    body = {"unit": unit, "actor": person.actor(), **asked}

    def run(attempt: Attempt) -> Answer:
        return Answer(201, ask(ports, "routing.change_unit", body, command_id=attempt.command_id))

    return once(ports, person, key, (f"POST /units/{unit}/changes", asked), run)
