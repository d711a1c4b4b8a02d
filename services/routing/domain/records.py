"""The values that use cases and tables of routing hand each other."""

from dataclasses import dataclass
from datetime import datetime

from lianxi.casework.messages.events import CaseEvent
from lianxi.casework.messages.facts import Role

SEALED_READERS = frozenset({Role.DEPARTMENT_LEADER, Role.DISCIPLINE_OFFICER})
"""GD-1: the officers for whom an accusation opens."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """A case event and its text exactly as it was sealed; `digest` is computed anew over that text.

    The text may hold fields of a newer version that this program does not know; they are part of the chain.
    """

    event: CaseEvent
    text: str
    digest: str


@dataclass(frozen=True, kw_only=True, slots=True)
class CaseText:
    """What was petitioned, and the sealed petitioner. Held only where the case is or was."""

    case_no: str
    subject: str
    text: str
    petitioner_key: str
    petitioner_sealed: str


@dataclass(frozen=True, slots=True)
class WaitingRow:
    """A case that nobody has settled yet, since when, and why."""

    case_no: str
    state: str
    since: datetime
    why: str


@dataclass(frozen=True, slots=True)
class HandOff:
    """One receipt of custody: which way, between whom, offered and answered when, and how."""

    direction: str
    kind: str
    from_node: str
    to_node: str
    offered_at: datetime
    answered_at: datetime | None
    accepted: bool | None
    code: str


@dataclass(frozen=True, slots=True)
class SentAct:
    """An act decided at one node on a case that another holds, and what became of it."""

    direction: str
    command_type: str
    from_node: str
    to_node: str
    issued_at: datetime
    answered_at: datetime | None
    done: bool | None
    code: str
    reason: str
