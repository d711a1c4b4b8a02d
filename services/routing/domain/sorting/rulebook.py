"""The rulebook of the sorting desk: words, places, organs and the versioned rules that say where a petition goes.

A rule holds when every condition it states is met; the first rule that holds decides. It sends a petition to an organ
of this node, to the next node below that holds the place, or lets it wait for a clerk, and gives its reason in
Chinese. A changed rule is a new version with its own dates; the old one stays in the file with its last day, so that
an old decision can still be read.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from lianxi.casework.messages.facts import PetitionClass, Route
from services.routing.domain.directory import Directory
from services.routing.domain.sorting.category import Path, Terms
from services.routing.domain.sorting.petition_class import Signals
from services.routing.domain.sorting.place import Gazetteer


class Whither(StrEnum):
    """What a rule does with a petition."""

    LOWER = "lower"
    ORGAN = "organ"
    WAIT = "wait"


@dataclass(frozen=True, kw_only=True, slots=True)
class Findings:
    """What is known of a petition when the rules are asked.

    `node_level` is city, district or township. `place` is city, district, township or zone, `outside` when it has
    nothing to do with the receiving node, `assumed` when nothing was named. `signals` holds `judicial` where the words
    say so.
    """

    node: str
    node_level: str
    petition_class: PetitionClass
    category: Path
    place_code: str
    place: str
    signals: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True, slots=True)
class Rule:
    """One rule. An empty condition is met by everything; `unit` is the slug of an organ, "" for the competent one."""

    id: str
    version: str
    valid_from: date
    whither: Whither
    reason: str
    valid_until: date | None = None
    node_levels: frozenset[str] = frozenset()
    classes: frozenset[PetitionClass] = frozenset()
    categories: tuple[Path, ...] = ()
    places: frozenset[str] = frozenset()
    signals: frozenset[str] = frozenset()
    unit: str = ""
    automatic: bool = False
    route: Route | None = None

    def holds(self, findings: Findings) -> bool:
        """Whether every condition of the rule is met."""
        return (
            (not self.node_levels or findings.node_level in self.node_levels)
            and (not self.classes or findings.petition_class in self.classes)
            and (not self.places or findings.place in self.places)
            and self.signals <= findings.signals
            and (not self.categories or any(findings.category[: len(path)] == path for path in self.categories))
        )

    def in_force(self, day: date) -> bool:
        """Whether the rule applies on a day, first and last day included."""
        return self.valid_from <= day and (self.valid_until is None or day <= self.valid_until)


@dataclass(frozen=True, kw_only=True)
class Rulebook:
    """Everything the sorting desk knows. `sure` is the confidence from which a category needs no clerk."""

    version: str
    sure: float
    terms: Terms
    gazetteer: Gazetteer
    signals: Signals
    rules: tuple[Rule, ...]
    directory: Directory

    def on(self, day: date) -> "Rulebook":
        """Return the rulebook with the rules in force on a day."""
        return replace(self, rules=tuple(rule for rule in self.rules if rule.in_force(day)))


NODE_LEVELS: Mapping[str, str] = {
    "city": "city",
    "district": "district",
    "county": "district",
    "subdistrict": "township",
    "town": "township",
    "township": "township",
    "zone": "zone",
}
PLACES = frozenset({*NODE_LEVELS.values(), "outside", "assumed"})
