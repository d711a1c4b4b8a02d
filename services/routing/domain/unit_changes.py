"""Dated changes of the directory of organs: what an office says later than the seed file, never overwriting it.

A change states what is so of an organ from a day on: its name, its competence, who leads it, when it works, who stands
in for it, or that it has closed. Later days and later records win; with a last day a change holds for a while only,
which is how a substitute works. A correction is one more change. The directory of any day can therefore be worked out
again, and a decision of last year read with the organs of last year.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from lianxi.casework.errors import Invalid, Unknown
from lianxi.casework.identifiers import UnitCode
from lianxi.casework.messages.facts import Actor
from services.routing.domain.directory import Directory, Unit, clashes

_RULE = "R-24-6"
LONGEST = {"name": 60, "leader_on_record": 40, "hours": 100, "substitute": 60}
_PATHS = ("competence", "assists")
FACTS = (*LONGEST, *_PATHS, "closed")


@dataclass(frozen=True, kw_only=True, slots=True)
class UnitChange:
    """One record: what is so of an organ on the days from `valid_from` to `valid_to`, or without end.

    `number` is the order of recording; `facts` holds some of `FACTS`.
    """

    number: int
    unit: str
    valid_from: date
    valid_to: date | None
    facts: Mapping[str, Any]
    reason: str
    recorded_by: str
    recorded_at: datetime

    def in_force(self, day: date) -> bool:
        """Whether the change holds on a day, first and last day included."""
        return self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)


@dataclass(frozen=True, kw_only=True, slots=True)
class AskedChange:
    """A change that somebody asks for."""

    unit: str
    valid_from: date
    valid_to: date | None
    facts: Mapping[str, Any]
    reason: str
    actor: Actor


def amended(directory: Directory, changes: Iterable[UnitChange], day: date) -> Directory:
    """Return the directory as it is on a day."""
    in_force = sorted(
        (change for change in changes if change.in_force(day)), key=lambda change: (change.valid_from, change.number)
    )
    if not in_force:
        return directory
    units = {node: {unit.code: unit for unit in directory.units_of(node)} for node in directory.nodes}
    closed: set[str] = set()
    for change in in_force:
        here = units.get(change.unit.partition(".")[0])
        if here is None:
            continue
        here[change.unit] = _changed(here.get(change.unit), change)
        if "closed" in change.facts:
            (closed.add if change.facts["closed"] else closed.discard)(change.unit)
    return replace(directory, units={node: _open(list(each.values()), closed) for node, each in units.items()})


def _changed(unit: Unit | None, change: UnitChange) -> Unit:
    """Return the organ after a change; what a neighbour of a newer version says besides is left out."""
    slug = change.unit.partition(".")[2]
    known = unit or Unit(code=change.unit, name=change.unit, slug=slug)
    facts = {name: value for name, value in change.facts.items() if name in FACTS and name != "closed"}
    for name in _PATHS:
        if name in facts:
            facts[name] = tuple(tuple(path.split("/")) for path in facts[name])
    return replace(known, **facts, since=change.valid_from.isoformat())


def _open(units: list[Unit], closed: set[str]) -> tuple[Unit, ...]:
    """Leave out what has closed; its substitute takes over what it was competent for."""
    by_slug = {unit.slug: unit for unit in units if unit.code not in closed}
    for unit in units:
        heir = by_slug.get(unit.substitute) if unit.code in closed else None
        if heir is not None:
            by_slug[heir.slug] = replace(
                heir,
                competence=tuple(dict.fromkeys((*heir.competence, *unit.competence))),
                serves=tuple(dict.fromkeys((*heir.serves, *unit.serves))),
            )
    return tuple(by_slug.values())


def check_change(
    seed: Directory, known: Iterable[UnitChange], change: UnitChange, catalogue: frozenset[tuple[str, ...]]
) -> None:
    """Refuse a change that says nothing, is not understood, or would make two organs of a node competent alike."""
    node = node_of(change.unit)
    if node not in seed.nodes:
        raise Unknown("节点", node)
    if not change.facts:
        raise Invalid("facts", _RULE, "没有写明任何变更。")
    if change.valid_to is not None and change.valid_to < change.valid_from:
        raise Invalid("valid_to", _RULE, "截止日期不能早于起始日期。")
    for name, value in change.facts.items():
        _check_fact(name, value, catalogue)
    before = amended(seed, known, change.valid_from)
    if change.unit not in before.codes(node) and "name" not in change.facts and not _was_there(known, change):
        raise Invalid("name", _RULE, "新设单位须写明名称。")
    after = amended(seed, (*known, change), change.valid_from)
    substitute = str(change.facts.get("substitute", ""))
    if substitute and (f"{node}.{substitute}" not in after.codes(node) or f"{node}.{substitute}" == change.unit):
        raise Invalid("substitute", _RULE, "本节点没有这个代管单位；请填写单位代码中“.”后面的部分。")
    for prefix in clashes(after.units_of(node)):
        raise Invalid("competence", _RULE, f"“{'/'.join(prefix)}”已归另一单位主管，请先变更该单位。")


def _was_there(known: Iterable[UnitChange], change: UnitChange) -> bool:
    return any(other.unit == change.unit for other in known) or "closed" in change.facts


def _check_fact(name: str, value: Any, catalogue: frozenset[tuple[str, ...]]) -> None:
    if name not in FACTS:
        raise Invalid(str(name)[:40], _RULE, f"不认识的字段；可用字段：{'、'.join(FACTS)}。")
    if name == "closed":
        if not isinstance(value, bool):
            raise Invalid(name, _RULE, "应为是（true）或否（false）。")
        return
    if name in LONGEST:
        if not isinstance(value, str) or len(value) > LONGEST[name] or not value.isprintable():
            raise Invalid(name, _RULE, f"应为不超过{LONGEST[name]}字的文字，不含控制字符。")
        if name == "name" and not value.strip():
            raise Invalid(name, _RULE, "单位名称不能为空。")
        return
    if not isinstance(value, list) or not all(isinstance(path, str) for path in value):
        raise Invalid(name, _RULE, "应为分类路径的列表，如“城乡建设/工程质量”。")
    for path in value:
        if tuple(path.split("/")) not in catalogue:
            raise Invalid(name, _RULE, f"分类目录中没有“{path[:60]}”。")


def node_of(unit: str) -> str:
    """The node of an organ; raises Invalid."""
    return str(UnitCode.parse(unit, "unit").node)
