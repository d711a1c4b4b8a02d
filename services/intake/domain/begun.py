"""What was begun or refused and is no contact: whether it names a person, and what of it is that person's own.

A draft is whatever a page or program sent: an object as the API takes it, or the boxes of a form by their names
(`petitioner.phone`). Whoever it was begun for gets its words. Whoever only stands beside gets their own entry, because
the rest belongs to others.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from lianxi.casework.messages.facts import PetitionClass
from services.intake.domain.filing import ACCUSING
from services.intake.domain.petitioner import Petitioner, named_in

WORDS = (
    "channel",
    "subject",
    "text",
    "claims",
    "purpose",
    "petition_class",
    "category",
    "posted_on",
    "received_at",
    "submitted_at",
    "recording",
    "reception_place",
    "division",
    "address_division",
    "anonymous",
    "persons",
    "notice",
)
"""What a filing says beside naming people; who took it in is not the petitioner's."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Begun:
    """A draft or reject as it is stored; `place` is what its content is bound to, `number` what it became."""

    kind: str
    id: str
    content_sealed: str
    place: str
    at: datetime
    number: str = ""


@dataclass(frozen=True, slots=True, repr=False)
class OwnPart:
    """What a draft or reject holds of one person, and how many others it names."""

    content: dict[str, Any]
    others: int


def own_part(content: Mapping[str, Any], person: Petitioner) -> OwnPart:
    """Take out of a draft or reject what belongs to one person."""
    petitioner, beside = _entry(content, "petitioner"), _beside(content)
    own = [entry for entry in beside if _names(entry, person)]
    others = len(beside) - len(own)
    given: dict[str, Any] = {}
    if _names(petitioner, person):
        given = {"petitioner": petitioner} | {name: content[name] for name in WORDS if content.get(name)}
    elif petitioner:
        others += 1
    return OwnPart(given | ({"parties": own} if own else {}), others)


def accuses(content: Mapping[str, Any]) -> bool:
    """GD-1: whether an accusation was begun, by its class or purpose or by one of its claims."""
    claims = content.get("claims")
    rows = [content, *(row for row in (claims if isinstance(claims, list) else ()) if isinstance(row, Mapping))]
    classes = {str(row.get("petition_class") or "").strip().upper() for row in rows}
    return PetitionClass.ACCUSATION.value in classes or str(content.get("purpose") or "").strip() == ACCUSING


def _entry(content: Mapping[str, Any], part: str) -> dict[str, Any]:
    """Return petitioner or agent, from an object or from the boxes of a form."""
    whole = content.get(part)
    boxes = {name.removeprefix(f"{part}."): value for name, value in content.items() if name.startswith(f"{part}.")}
    return {name: value for name, value in (dict(whole) if isinstance(whole, Mapping) else boxes).items() if value}


def _beside(content: Mapping[str, Any]) -> list[Any]:
    """Return the entries of co-signers, in a form a line each, and of the agent."""
    signers, agent = content.get("co_signers"), _entry(content, "agent")
    listed = signers.splitlines() if isinstance(signers, str) else signers if isinstance(signers, list) else []
    return [entry for entry in (*listed, agent) if entry]


def _names(entry: Any, person: Petitioner) -> bool:
    return named_in(json.dumps(entry, ensure_ascii=False), person)
