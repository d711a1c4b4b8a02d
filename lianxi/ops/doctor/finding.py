"""What a look at one thing found: how bad it is, in plain words, and what to do about it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path


class Level(StrEnum):
    """How bad it is."""

    OK = "ok"
    WARNING = "warning"
    WRONG = "wrong"


@dataclass(frozen=True)
class Finding:
    """One answer of the doctor; `do` is empty when nothing has to be done."""

    check: str
    level: Level
    says: str
    do: str = ""


@dataclass(frozen=True)
class Patient:
    """The node that is looked at: its settings, the time, and where the certificates of its link lie."""

    environment: Mapping[str, str]
    now: datetime
    certificates: Path


def fine(check: str, says: str) -> Finding:
    """Nothing is wrong with it."""
    return Finding(check, Level.OK, says)


def warning(check: str, says: str, do: str) -> Finding:
    """It works, and will not for ever."""
    return Finding(check, Level.WARNING, says, do)


def wrong(check: str, says: str, do: str) -> Finding:
    """It does not work."""
    return Finding(check, Level.WRONG, says, do)
