"""What a desk keeps beside the case: who works on it just now, and which act was proposed for somebody's decision."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from lianxi.casework.messages.facts import Role

TAKEN_FOR = timedelta(minutes=30)
"""So long a case is somebody's who took it; looking at it again takes it anew."""
MOST_AT_ONCE = 100
"""Cases in one act on many."""
DESK_ROLES = frozenset({Role.REGISTRAR, Role.DISPATCHER, Role.DEPARTMENT_LEADER, Role.CONFERENCE_OFFICE, Role.CONVENOR})
"""Who shares a pile with colleagues, so that taking a case matters."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Taking:
    """Somebody works on a case until `expires_at`."""

    case_no: str
    person: str
    role: str
    taken_at: datetime
    expires_at: datetime

    def holds_against(self, person: str, now: datetime) -> bool:
        """Whether it keeps another person from the case."""
        return self.person != person and self.expires_at > now


@dataclass(frozen=True, kw_only=True, slots=True)
class ProposedAct:
    """An act that a colleague proposes and another person decides on; `command` is its JSON, `seq` the version seen.

    `state` is open, done or returned.
    """

    id: str
    case_no: str
    command_type: str
    command: str
    note: str
    seq: int
    person: str
    role: str
    proposed_at: datetime
    state: str = "open"
    decided_by: str = ""
    decided_role: str = ""
    decided_at: datetime | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Relation:
    """Another case that belongs to one: a part of it, the one it was split from, or the one it was merged into."""

    case_no: str
    kind: str
    state: str
    holder: str
