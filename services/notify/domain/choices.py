"""What a petitioner chose: by which channels to be told, in which language, and whether documents may be read online.

A choice orders the channels a rule allows; it takes none away that the law wants: a written notice nobody can send
otherwise goes to the print room in the end.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from services.notify.domain.rules import Channel

CHOICES = (Channel.MAIL, Channel.SMS, Channel.LETTER)
"""What can be chosen from."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Choice:
    """The choice of one case. `electronic` is the consent to be served documents electronically (D-15)."""

    case_no: str
    channels: tuple[Channel, ...] = ()
    language: str = ""
    electronic: bool = False
    chosen_by: str = "petitioner"
    chosen_at: datetime | None = None


def ordered(allowed: Sequence[Channel], choice: Choice | None, available: frozenset[Channel]) -> tuple[Channel, ...]:
    """Return the channels of a rule in the order chosen, without what this node does not have."""
    possible = [channel for channel in allowed if channel in available] or list(allowed[:1])
    wanted = [channel for channel in choice.channels if channel in possible] if choice else []
    return tuple(dict.fromkeys((*wanted, *possible)))
