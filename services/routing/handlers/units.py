"""The directory of organs: what it says on a day, how it came to say so, and a change of it from a day on."""

from dataclasses import asdict
from datetime import date
from typing import Any, Protocol

from lianxi.casework.errors import Forbidden, Unknown
from lianxi.casework.messages.facts import Role
from services.routing.domain.directory import Directory, Unit
from services.routing.domain.sorting.rulebook import Rulebook
from services.routing.domain.unit_changes import AskedChange, UnitChange, amended, check_change, node_of
from services.routing.handlers import Here

MAY_CHANGE = frozenset({Role.DEPARTMENT_LEADER})
_UNNUMBERED = 2**62


class UnitChanges(Protocol):
    """The dated changes of this node's directory."""

    def add(self, change: UnitChange) -> int:
        """Keep a change and return the number it gets."""

    def of(self, unit: str = "") -> tuple[UnitChange, ...]:
        """Return the changes of an organ, or of all, in the order in which they were recorded."""


def list_units(seed: Directory, changes: UnitChanges, node: str, day: date) -> dict[str, Any]:
    """Return the organs of a node on a day."""
    directory = amended(seed, changes.of(), day)
    return {"node": node, "on": day.isoformat(), "rows": [_row(unit) for unit in directory.units_of(node)]}


def unit_history(seed: Directory, changes: UnitChanges, unit: str) -> dict[str, Any]:
    """Return what the seed file says of an organ and every change since, as recorded; raises Unknown."""
    first = next((each for each in seed.units_of(node_of(unit)) if each.code == unit), None)
    recorded = changes.of(unit)
    if first is None and not recorded:
        raise Unknown("单位", unit)
    return {
        "unit": unit,
        "seed": _row(first) if first else None,
        "rows": [
            {
                "number": change.number,
                "valid_from": change.valid_from.isoformat(),
                "valid_to": change.valid_to.isoformat() if change.valid_to else None,
                "facts": dict(change.facts),
                "reason": change.reason,
                "recorded_by": change.recorded_by,
                "recorded_at": change.recorded_at.isoformat(),
            }
            for change in recorded
        ],
    }


def change_unit(seed: Rulebook, changes: UnitChanges, asked: AskedChange, here: Here) -> dict[str, Any]:
    """Record a change from a day on. Raises Invalid, Unknown, Forbidden."""
    if asked.actor.role not in MAY_CHANGE or asked.actor.node != here.node:
        raise Forbidden("单位目录由本节点信访部门负责人变更。", rule="R-24-6", field="actor")
    if node_of(asked.unit) != here.node:
        raise Forbidden("只能变更本节点的单位。", rule="node-scope", field="unit")
    wanted = UnitChange(
        number=_UNNUMBERED,
        unit=asked.unit,
        valid_from=asked.valid_from,
        valid_to=asked.valid_to,
        facts=asked.facts,
        reason=asked.reason,
        recorded_by=asked.actor.person,
        recorded_at=here.clock.now(),
    )
    check_change(seed.directory, changes.of(), wanted, seed.catalogue)
    return {"unit": wanted.unit, "number": changes.add(wanted), "valid_from": wanted.valid_from.isoformat()}


def _row(unit: Unit) -> dict[str, Any]:
    facts = asdict(unit)
    paths = {name: ["/".join(path) for path in facts[name]] for name in ("competence", "assists")}
    return {**facts, **paths, "leader": unit.leader.value, "serves": list(unit.serves)}
