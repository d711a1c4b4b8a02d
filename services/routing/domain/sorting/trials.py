"""Petitions with the finding they must have: the tests that stand beside the rules and run wherever the rules do.

An office that changes a rule changes its trial too; `lianxi rules check` and the project's own tests run them all and
name every rule in force that no trial has reached.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from lianxi.casework.messages.facts import PetitionClass
from services.routing.domain.sorting import Sorted
from services.routing.domain.sorting.rulebook import Rulebook
from services.routing.domain.sorting.rules import RuleSorter


@dataclass(frozen=True, kw_only=True, slots=True)
class Trial:
    """A petition received at `node`, and what is expected of the finding: only the fields named are compared."""

    name: str
    node: str
    subject: str
    text: str
    declared: str = ""
    address: str = ""
    channel: str = ""
    petition_class: PetitionClass | None = None
    expected: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Mismatch:
    """A trial, the field in which its finding differs, and both values."""

    trial: str
    field: str
    expected: Any
    found: Any


def sort_trial(sorter: RuleSorter, trial: Trial) -> Sorted:
    """Sort the petition of a trial."""
    return sorter.sort(
        subject=trial.subject,
        text=trial.text,
        declared=trial.declared,
        address=trial.address,
        node=trial.node,
        registrar_class=trial.petition_class,
        channel=trial.channel,
    )


def mismatches(book: Rulebook, trials: Iterable[Trial], day: date) -> Iterator[Mismatch]:
    """Run trials by the rules in force on a day; rules that none of them reached come last, as mismatches too."""
    sorter = RuleSorter(lambda: book, lambda: day)
    reached: set[str] = set()
    for trial in trials:
        found = told(sort_trial(sorter, trial))
        reached |= set(found["rules"])
        for name, expected in trial.expected.items():
            if found[name] != expected:
                yield Mismatch(trial.name, name, expected, found[name])
    today = book.on(day)
    for rule in (*today.routes, *today.rules):
        if rule.id not in reached:
            yield Mismatch("", rule.id, "至少一个测试用例", "没有")


FIELDS = ("rule", "route", "to", "unit", "automatic", "class", "category", "place", "urgent", "assisting", "accused")
"""What a trial may expect; `rule` is the last rule the finding rests on."""


def told(found: Sorted) -> dict[str, Any]:
    """A finding in the words of a trial; `rules` lists every rule it rests on."""
    target = found.target
    return {
        "rule": found.reasons[-1].rule,
        "rules": [reason.rule for reason in found.reasons],
        "route": found.route.value if found.route else "",
        "to": target.to_node if target else "",
        "unit": target.to_unit if target else "",
        "automatic": bool(target and target.automatic),
        "class": found.petition_class.value if found.petition_class else "",
        "category": "/".join(found.category),
        "place": found.place,
        "urgent": found.urgent,
        "assisting": list(found.assisting),
        "accused": list(found.accused),
    }
