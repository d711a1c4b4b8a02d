"""A petitioner comes to a competent organ itself, past the petition department (T22, Art. 23(1)(2)).

The organ registers what it is told and owes an answer on the spot or within fifteen days: it accepts (T21), it sends
the matter to a lower organ of its own system and says where it went, or it tells the petitioner which organ to turn
to. The receipt and the registration are recorded by the same events as at a petition department, under this act.
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import ClassVar

from lianxi.casework.messages.commands import Command
from lianxi.casework.messages.events import CaseEvent
from lianxi.casework.messages.facts import Claim, PetitionClass, Reason
from lianxi.casework.messages.wire import Message


@dataclass(frozen=True, kw_only=True, slots=True)
class FileAtOrgan(Command):
    """T22: what came to the organ of `actor`, received and registered in one act (R-23-1)."""

    MESSAGE: ClassVar[Message] = Message("file-at-organ")
    channel: str
    received_on: date
    received_at: datetime
    persons: int
    representatives: int
    text_digest: str
    petitioner_key: str
    purpose: str
    petition_class: PetitionClass
    category: tuple[str, ...]
    place: str
    claims: tuple[Claim, ...]
    anonymous: bool = False
    posted_on: date | None = None
    person_keys: tuple[str, ...] = ()
    recused: tuple[str, ...] = ()
    reasons: tuple[Reason, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class ForwardInSystem(Command):
    """T22: a lower organ of the own system is competent; the matter goes there, the petitioner is told (R-23-2)."""

    MESSAGE: ClassVar[Message] = Message("forward-in-system")
    to_organ: str


@dataclass(frozen=True, kw_only=True, slots=True)
class TellCompetentOrgan(Command):
    """T22: no organ of the own system is competent; the petitioner is told which one is (R-23-3)."""

    MESSAGE: ClassVar[Message] = Message("tell-competent-organ")


@dataclass(frozen=True, kw_only=True, slots=True)
class FiledAtOrgan(CaseEvent):
    """T22: the matter is with the organ `unit`, which received it itself on `filed_on`.

    Whoever left no name has no claim to a written notice, and nobody is late with one (R-23-4): `notice_owed` is no.
    """

    MESSAGE: ClassVar[Message] = Message("filed-at-organ")
    filed_on: date
    registered_on: date
    unit: str
    notice_owed: bool = True
