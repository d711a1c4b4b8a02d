"""Guards of T22: filing at a competent organ itself, and where the organ may send what it is not competent for."""

from typing import Any

from lianxi.casework.case.guards.given import Given, guard
from lianxi.casework.case.jurisdiction import node_of
from lianxi.casework.case.state import Case
from lianxi.casework.identifiers import DivisionCode
from lianxi.casework.messages.facts import PetitionClass


@guard
def filed_at_own_organ(_case: Case, command: Any, given: Given) -> str | None:
    """T22: an organ of this node takes in what comes to itself; the petition department has T2 for that."""
    here = command.actor.node == given.node and command.actor.unit in given.units
    return None if here else "直接收件由本节点单位目录中的有权处理机关、单位办理，信访部门请按来信来访登记。"


@guard
def class_not_accusing(_case: Case, command: Any, _given: Given) -> str | None:
    """T22 (GD-1): what accuses somebody goes sealed through the petition department."""
    accuses = command.petition_class is PetitionClass.ACCUSATION
    return "检举控告类事项须按密件转信访部门，不能由收件单位直接办理。" if accuses else None


@guard
def filed_directly(case: Case, _command: Any, _given: Given) -> str | None:
    """T22 (R-23-2, R-23-3): what was transferred or assigned is objected to instead (R-23-6)."""
    if case.unit and not case.sender:
        return None
    return "本案不是信访人直接向本单位提出的；不属于本单位职权的，请提出异议。"


@guard
def lower_organ_of_own_system(case: Case, command: Any, given: Given) -> str | None:
    """T22 (R-23-2): the organ of the same system at a node below, known by the same name in its code."""
    to_node = node_of(command.to_organ)
    below = bool(to_node) and to_node != given.node
    if not below or not DivisionCode.parse(given.node).contains(DivisionCode.parse(to_node)):
        return f"{command.to_organ} 不在本节点的下级，请告知信访人向有权机关提出。"
    if command.to_organ not in given.organs(to_node):
        return f"节点 {to_node} 的单位目录中没有 {command.to_organ}。"
    if command.to_organ.partition(".")[2] != case.unit.partition(".")[2]:
        return f"{command.to_organ} 不属于本单位的系统，请告知信访人向有权机关提出。"
    return None


@guard
def competent_organ_named(_case: Case, command: Any, _given: Given) -> str | None:
    """T22 (R-23-3): the petitioner is told which organ has power over the matter."""
    return None if command.paper.get("organ", "").strip() else "应写明信访人应当向哪个机关提出。"
