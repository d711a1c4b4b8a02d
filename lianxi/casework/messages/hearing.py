"""Hearings (听证), in handling (T28) and in a final review (T39): a notice opens one, the signed minutes close it.

In a final review the days from the one to the other, both included, do not count (Art. 36(2), D-14, CF-16); handling
goes on counting (C5). `state` is where the case is afterwards.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import ClassVar

from lianxi.casework.messages.commands import Command
from lianxi.casework.messages.events import CaseEvent
from lianxi.casework.messages.facts import CaseState, Document
from lianxi.casework.messages.wire import Message

_LONGEST = timedelta(days=365)


@dataclass(frozen=True, kw_only=True, slots=True)
class HearingDays:
    """A hearing that is over: the day of its notice and the day its minutes were signed."""

    opened_on: date
    closed_on: date

    @property
    def pause(self) -> tuple[date, date]:
        """The days that a final review does not count: all of them, but never more than a year."""
        return self.opened_on, min(self.closed_on, self.opened_on + _LONGEST)


@dataclass(frozen=True, kw_only=True, slots=True)
class OpenHearing(Command):
    """T28: a major, complex or difficult matter is heard; `paper` says why, when, where, under whom and with whom."""

    MESSAGE: ClassVar[Message] = Message("open-hearing")


@dataclass(frozen=True, kw_only=True, slots=True)
class CloseHearing(Command):
    """T28: the minutes are signed, and handling goes on."""

    MESSAGE: ClassVar[Message] = Message("close-hearing")


@dataclass(frozen=True, kw_only=True, slots=True)
class OpenFinalHearing(Command):
    """T39: the final reviewing organ decides to hold a hearing; from this day its time stands still."""

    MESSAGE: ClassVar[Message] = Message("open-final-hearing")


@dataclass(frozen=True, kw_only=True, slots=True)
class CloseFinalHearing(Command):
    """T39: the minutes are signed; from the next day the time of the final review runs on."""

    MESSAGE: ClassVar[Message] = Message("close-final-hearing")


@dataclass(frozen=True, kw_only=True, slots=True)
class HearingOpened(CaseEvent):
    """T28, T39: a hearing was decided on and the parties are summoned."""

    MESSAGE: ClassVar[Message] = Message("hearing-opened")
    opened_on: date
    state: CaseState
    document: Document


@dataclass(frozen=True, kw_only=True, slots=True)
class HearingClosed(CaseEvent):
    """T28, T39: heard, the minutes are signed."""

    MESSAGE: ClassVar[Message] = Message("hearing-closed")
    opened_on: date
    closed_on: date
    state: CaseState
    document: Document
