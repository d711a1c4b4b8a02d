"""The organs of every node of the city: their codes, names, competence, and the mark that letters of a node carry.

An organ is known by its code, `<node>.<slug>`. Its competence is a set of prefixes of the catalogue of categories;
of several organs of a node the one with the longest fitting prefix is competent (CAT-1 to CAT-15), and `serves` names
divisions an organ serves whatever the matter, as the committee of a park does. The directory is a value made once
from data; this module reads no file.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from lianxi.casework.messages.facts import Role


@dataclass(frozen=True, kw_only=True, slots=True)
class Unit:
    """An organ of a node. `leader` is the role that signs for it.

    `assists` are categories in which it helps the competent organ. `leader_on_record` is the post or name of who leads
    it, `hours` when it works, `substitute` the organ of the same node that stands in for it once it has closed;
    `since` is the first day of these facts, "" for those of the seed file.
    """

    code: str
    name: str
    slug: str
    leader: Role = Role.UNIT_HEAD
    competence: tuple[tuple[str, ...], ...] = ()
    serves: tuple[str, ...] = ()
    assists: tuple[tuple[str, ...], ...] = ()
    leader_on_record: str = ""
    hours: str = ""
    substitute: str = ""
    since: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Office:
    """A node and its petition department: how it is called, how its organs' names begin, what marks its letters."""

    node: str
    name: str
    level: str
    short: str
    prefix: str
    mark: str


@dataclass(frozen=True)
class Directory:
    """All offices and their organs, of one version of the data.

    `remembered` is where readers keep, per node, what they work out from the names; it is no part of the value.
    """

    version: str
    offices: Mapping[str, Office]
    units: Mapping[str, tuple[Unit, ...]]
    remembered: dict[str, Any] = field(default_factory=dict, init=False, repr=False, compare=False)
    _names: dict[str, str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        names = {node: office.name for node, office in self.offices.items()}
        names |= {unit.code: unit.name for units in self.units.values() for unit in units}
        object.__setattr__(self, "_names", names)

    @property
    def nodes(self) -> frozenset[str]:
        """The codes of all nodes."""
        return frozenset(self.offices)

    def codes(self, node: str) -> frozenset[str]:
        """The codes of a node's organs; none for a node that is not in the directory."""
        return frozenset(unit.code for unit in self.units_of(node))

    def units_of(self, node: str) -> tuple[Unit, ...]:
        """The organs of a node, in the order of the data."""
        return self.units.get(node, ())

    def mark(self, node: str) -> str:
        """The mark before the year in the numbers of a node's letters, such as 宁信 (DOC-17)."""
        return self.offices[node].mark

    def name(self, code: str) -> str:
        """The name of a node or of an organ; a code that is not in the directory is its own name."""
        return self._names.get(code, code)

    def level(self, node: str) -> str:
        """The level of a node as the topology names it, such as city or town."""
        return self.offices[node].level

    def competent_unit(self, node: str, category: tuple[str, ...]) -> Unit | None:
        """The organ of a node with the longest fitting competence, or None."""
        fitting = (
            (len(prefix), unit)
            for unit in self.units_of(node)
            for prefix in unit.competence
            if category[: len(prefix)] == prefix
        )
        return max(fitting, key=lambda found: found[0], default=(0, None))[1]

    def assisting_units(self, node: str, category: tuple[str, ...]) -> tuple[Unit, ...]:
        """The organs of a node that help the competent one with a category (R-24-6)."""
        return tuple(
            unit for unit in self.units_of(node) if any(category[: len(prefix)] == prefix for prefix in unit.assists)
        )

    def unit_serving(self, node: str, division: str) -> Unit | None:
        """The organ of a node that serves a division whatever the matter, or None."""
        return next((unit for unit in self.units_of(node) if division in unit.serves), None)


def clashes(units: Iterable[Unit]) -> tuple[tuple[str, ...], ...]:
    """Prefixes that two organs of one node claim alike, so that nobody could say which is competent."""
    seen: set[tuple[str, ...]] = set()
    twice: list[tuple[str, ...]] = []
    for prefix in (prefix for unit in units for prefix in unit.competence):
        if prefix in seen:
            twice.append(prefix)
        seen.add(prefix)
    return tuple(twice)
