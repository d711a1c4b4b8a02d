"""How a node asks the city whether it knows a person from another case: keyed hashes up, cases without names down.

Every node knows the cases of its own part of the tree. The city knows all, so a lower node asks the city when it opens
a case, and gets numbers, places and states of the cases of the same person (重复信访, PR-3). The answer may come much
later, when a link was cut; the case does not wait for it. Accusations are never told (GD-1).
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import ClassVar

from lianxi.casework.messages.wire import Message


@dataclass(frozen=True, kw_only=True, slots=True)
class KnownCase:
    """A case of the same person as another node may know it; `kind` says by what the person was recognised."""

    case_no: str
    state: str
    holder: str
    received_on: date
    category: tuple[str, ...]
    place: str
    kind: str


@dataclass(frozen=True, kw_only=True, slots=True)
class RepeatsAsked:
    """Up to the city: which earlier cases do these persons have? `person_keys` are keyed hashes after their kind."""

    MESSAGE: ClassVar[Message] = Message("repeats-asked")
    case_no: str
    from_node: str
    person_keys: tuple[str, ...]
    received_on: date


@dataclass(frozen=True, kw_only=True, slots=True)
class RepeatsTold:
    """Down to the node that asked: the earlier cases, latest first; none is an answer, too."""

    MESSAGE: ClassVar[Message] = Message("repeats-told")
    case_no: str
    from_node: str
    known: tuple[KnownCase, ...]
    told_at: datetime
