"""What a gateway's file says of requests and answers: places that are filled in, fields that are read, their values."""

from collections.abc import Mapping
from dataclasses import dataclass
from string import Template
from typing import Any


@dataclass(frozen=True, slots=True)
class Match:
    """Values of one field of an answer; without a field nothing matches."""

    field: str = ""
    values: frozenset[str] = frozenset()

    def holds(self, answer: Any) -> bool:
        """Return whether the field has one of the values."""
        return bool(self.field) and picked(answer, self.field) in self.values


def picked(answer: Any, path: str) -> str:
    """Return the text at a dotted path of an answer, "" if there is none."""
    for step in path.split("."):
        if isinstance(answer, Mapping):
            answer = answer.get(step)
        elif isinstance(answer, list) and step.isdecimal() and int(step) < len(answer):
            answer = answer[int(step)]
        else:
            return ""
    if isinstance(answer, bool):
        return "true" if answer else "false"
    return "" if answer is None or isinstance(answer, list | Mapping) else str(answer)


def filled(part: Any, values: Mapping[str, str]) -> Any:
    """Return a part of a request with `values` in its places; places that no value is for stay."""
    if isinstance(part, Mapping):
        return {str(key): filled(value, values) for key, value in part.items()}
    if isinstance(part, list):
        return [filled(value, values) for value in part]
    return Template(part).safe_substitute(values) if isinstance(part, str) else part


def match_of(given: object) -> Match:
    """Return what a file says of a field and its values."""
    section = given if isinstance(given, Mapping) else {}
    values = section.get("is", [])
    listed = values if isinstance(values, list) else [values]
    return Match(str(section.get("field", "")), frozenset(str(value) for value in listed))
