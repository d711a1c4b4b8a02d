"""What of a case an agency outside may be granted at all: which events, and which fields of them.

A field is named by its path, `unit` or `document.number`; where it holds several, as `claims.number`, the path goes
through each of them. The notify service grants nothing else, and the document agencies read is made from the same.
"""

import dataclasses
from collections.abc import Iterator, Mapping
from typing import Any, get_args, get_type_hints

from lianxi.casework.messages.catalogue import EVENTS
from lianxi.casework.messages.events import CaseEvent

NEVER = frozenset({"head", "petitioner_key", "person_keys", "text_digest", "digest", "person", "actor", "co_signers"})
"""Fields nobody outside gets at any depth: they lead to a person or only mean something inside."""
TEST_EVENT = "lianxi.agency-test.v1"
"""The type of the event an operator sends to try the way to an agency: it is about nothing."""
UNTOLD = frozenset({"case-received"})
"""Nothing is told of a case before it is registered: only then it is known to be no accusation."""


def _paths(cls: type[Any]) -> Iterator[str]:
    hints = get_type_hints(cls)
    for field in dataclasses.fields(cls):
        if field.name in NEVER:
            continue
        yield field.name
        for record in _records_in(hints[field.name]):
            yield from (f"{field.name}.{path}" for path in _paths(record))


def _records_in(hint: Any) -> Iterator[type[Any]]:
    """Give the dataclasses a field holds: itself, one of several, or one that may be missing."""
    if isinstance(hint, type) and dataclasses.is_dataclass(hint):
        yield hint
    for inner in get_args(hint):
        yield from _records_in(inner)


AGENCY_EVENTS: Mapping[str, type[CaseEvent]] = {name: cls for name, cls in EVENTS.items() if name not in UNTOLD}
"""The class of each event an agency may hear, by its name."""
AGENCY_FIELDS = frozenset(path for cls in AGENCY_EVENTS.values() for path in _paths(cls))
"""Every field an agency may be granted, by its path."""
