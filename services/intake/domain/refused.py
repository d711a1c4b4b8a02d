"""What is kept of refused input beside its content, and how much of it: bounds, so that nobody can fill the disk.

Faults are told by the portal in its own words, which repeat nothing that was typed. The names of fields are typed by
whoever sends them: only those a filing has are kept in clear, of any other only that it stood there.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from services.intake.domain.begun import WORDS

REJECT_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII)
LONGEST = 400_000
"""Characters of refused input as it is kept; more than any filing has that could be mended."""
KEPT = timedelta(days=90)
"""How long what a stranger handed in, and nobody mended, is kept."""
MOST_FAULTS = 20
LONGEST_MESSAGE = 200
_NAMES = frozenset(
    (
        *WORDS,
        *("petitioner", "name", "id_number", "credit_code", "phone", "email", "address"),
        *("co_signers", "representative", "agent", "authority", "representatives", "read_back", "stamp"),
        *("channels", "language", "electronic", "competent_division", "same_matter_checked"),
        *("draft_code", "draft_id", "reject_id"),
    )
)
_PLACE = re.compile(r"\d{1,4}", re.ASCII)
_RULE = re.compile(r"[A-Za-z0-9().-]{1,40}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Room:
    """How much of what strangers hand in is kept: pieces an hour, of them from one address, and bytes of all of it."""

    an_hour: int = 300
    an_hour_each: int = 60
    in_all: int = 200 * 1024 * 1024


ROOM = Room()


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong with a field, "" if the field is none of a filing."""

    field: str
    rule: str
    message: str

    def as_row(self) -> dict[str, str]:
        """Return the fault as it is stored and shown."""
        return {"field": self.field, "rule": self.rule, "message": self.message}


def faults_of(errors: object) -> tuple[Fault, ...]:
    """Return what the portal says is wrong, as far as it is kept."""
    rows = errors if isinstance(errors, Sequence) and not isinstance(errors, str) else ()
    return tuple(_fault(row) for row in rows[:MOST_FAULTS] if isinstance(row, Mapping))


def known_path(path: str) -> str:
    """Return a path as far as a filing has fields for it."""
    steps: list[str] = []
    for step in path.split("."):
        if step not in _NAMES and not (steps and _PLACE.fullmatch(step)):
            break
        steps.append(step)
    return ".".join(steps)


def earlier_attempt(body: Mapping[str, Any]) -> str | None:
    """Return the reject that input was made from, None if it names none."""
    given = str(body.get("reject_id") or "")
    return given if REJECT_ID.fullmatch(given) else None


def _fault(row: Mapping[str, Any]) -> Fault:
    rule = str(row.get("rule") or "")
    return Fault(
        field=known_path(str(row.get("field") or "")),
        rule=rule if _RULE.fullmatch(rule) else "invalid",
        message=str(row.get("message") or "")[:LONGEST_MESSAGE],
    )
