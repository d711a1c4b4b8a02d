"""What was handed in and refused, as it may be kept: text that every service can read, of a shape a person can mend.

A body that is no object, says nothing, nests like no petition does, or holds more values than a form could show is a
mistake of a program; its sender is told what is wrong, and nothing of it is kept.
"""

import json
from collections.abc import Mapping
from typing import Any

DEEPEST = 6
MOST_VALUES = 6000
NOT_OF_THE_CONTENT = frozenset({"Idempotency-Key"})
"""Faults of the request and not of what it says."""


def worth_keeping(content: Any) -> dict[str, Any] | None:
    """Return the content with characters that are none replaced; None if there is nothing for a person to mend."""
    if not isinstance(content, Mapping):
        return None
    values = _values(content)
    if values is None or not any(value not in (None, "", False) for value in values):
        return None
    plain: dict[str, Any] = json.loads(json.dumps(content, ensure_ascii=False, default=str).encode("utf-8", "replace"))
    return plain


def _values(content: Mapping[str, Any]) -> list[Any] | None:
    """Return the values of a content, None if it is deeper or has more than a petition."""
    found: list[Any] = []
    level: list[Any] = [content]
    for _ in range(DEEPEST):
        inner = [value for each in level for value in (each.values() if isinstance(each, Mapping) else each)]
        level = [value for value in inner if isinstance(value, Mapping | list)]
        found += [value for value in inner if not isinstance(value, Mapping | list)]
        if len(found) + len(level) > MOST_VALUES:
            return None
    return None if level else found
