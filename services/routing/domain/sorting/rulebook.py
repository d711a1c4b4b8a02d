"""The rulebook of the sorting desk: words, places, organs and the versioned rules that say where a petition goes.

A rule holds when every condition it states is met; the first rule that holds decides. It sends a petition to an organ
of this node, to the next node below that holds the place or to the node above, or lets it wait for a clerk, and gives
its reason in Chinese. A second list of rules of the same form names the route of Art. 31. A changed rule is a new
version with its own dates; the old one stays in the file with its last day, so that an old decision can still be read.
"""

from collections.abc import Callable, Mapping
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
    UPPER = "upper"
    WAIT = "wait"


@dataclass(frozen=True, kw_only=True, slots=True)
class Findings:
    """What is known of a petition when the rules are asked.

    `node_level` is city, district or township. `place` is city, district, township or zone, `outside` when it has
    nothing to do with the receiving node, `assumed` when nothing was named, `open` when a clerk has to say. `signals`
    holds the names of the lists of words that spoke, such as `judicial`; `channel` is how the petition came, "" if
    that is not known.
    """

    node: str
    node_level: str
    petition_class: PetitionClass
    category: Path
    place_code: str
    place: str
    signals: frozenset[str] = frozenset()
    channel: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Rule:
    """One rule. An empty condition is met by everything.

    `unit` is the slug of an organ, "" for the competent one; `assist` are slugs of organs that help it, besides those
    that the directory names for the category.
    """

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
    channels: frozenset[str] = frozenset()
    unit: str = ""
    assist: tuple[str, ...] = ()
    automatic: bool = False
    route: Route | None = None

    def holds(self, findings: Findings) -> bool:
        """Whether every condition of the rule is met."""
        return (
            (not self.node_levels or findings.node_level in self.node_levels)
            and (not self.classes or findings.petition_class in self.classes)
            and (not self.places or findings.place in self.places)
            and (not self.channels or findings.channel in self.channels)
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
    routes: tuple[Rule, ...] = ()
    catalogue: frozenset[Path] = frozenset()

    def on(self, day: date) -> "Rulebook":
        """Return the rulebook with the rules in force on a day."""
        return self._only(lambda rule: rule.in_force(day))

    def without_end(self) -> "Rulebook":
        """Return the rulebook with the rules that have no last day."""
        return self._only(lambda rule: rule.valid_until is None)

    def _only(self, wanted: Callable[[Rule], bool]) -> "Rulebook":
        return replace(
            self,
            rules=tuple(rule for rule in self.rules if wanted(rule)),
            routes=tuple(rule for rule in self.routes if wanted(rule)),
        )


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
