"""What a petitioner chose: by which channels to be told, in which language, and whether documents may be read online.

A choice orders the channels a rule allows; it takes none away that the law wants: a written notice nobody can send
otherwise goes to the print room in the end.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from lianxi.casework.messages.notices import ContactRegistered
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


def chosen_at_filing(message: Any, at: datetime) -> Choice | None:
    """Return what the petitioner chose when filing; None when nothing was said, or this is another message."""
    if not isinstance(message, ContactRegistered):
        return None
    channels = tuple(channel for channel in map(Channel, message.notice_channels) if channel in CHOICES)
    if not (channels or message.notice_language or message.electronic_service):
        return None
    return Choice(
        case_no=message.contact_no,
        channels=channels,
        language="" if message.notice_language == "zh" else message.notice_language,
        electronic=message.electronic_service,
        chosen_by=message.registered_by.person if message.registered_by else "petitioner",
        chosen_at=at,
    )


def ordered(allowed: Sequence[Channel], choice: Choice | None, available: frozenset[Channel]) -> tuple[Channel, ...]:
    """Return the channels of a rule in the order chosen, without what this node does not have."""
    possible = [channel for channel in allowed if channel in available] or list(allowed[:1])
    wanted = [channel for channel in choice.channels if channel in possible] if choice else []
    return tuple(dict.fromkeys((*wanted, *possible)))
