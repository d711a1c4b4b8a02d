"""Read the trials of `rules_tests.yaml`: petitions with the finding they must have."""

from pathlib import Path
from typing import Any

from lianxi.casework.messages.facts import PetitionClass
from services.routing.domain.sorting.trials import FIELDS, Trial
from services.routing.storage.rulebook.reading import Entry, read_yaml

_TRUTHS = frozenset({"automatic", "urgent"})
_LISTS = frozenset({"assisting", "accused"})


def load_trials(data_dir: Path) -> tuple[Trial, ...]:
    """Read every trial; a mistake is named by file, entry and field."""
    data = read_yaml(data_dir / "rules_tests.yaml")
    data.only("trials")
    return tuple(_trial(entry) for entry in data.entries("trials"))


def _trial(entry: Entry) -> Trial:
    entry.only("node", "subject", "text", "division", "address", "channel", "class", "expect")
    expected = entry.inner("expect")
    expected.only(*FIELDS)
    given = entry.choice("class", tuple(PetitionClass), "")
    return Trial(
        name=entry.name,
        node=entry.text("node"),
        subject=entry.text("subject", ""),
        text=entry.text("text", ""),
        declared=entry.text("division", ""),
        address=entry.text("address", ""),
        channel=entry.text("channel", ""),
        petition_class=PetitionClass(given) if given else None,
        expected={name: _value(expected, name) for name in expected.fields},
    )


def _value(expected: Entry, name: str) -> Any:
    if name in _TRUTHS:
        return expected.flag(name)
    return list(expected.texts(name)) if name in _LISTS else expected.text(name, "")
