"""The book of looks at personal data (MK-8): who read what of which contact, when and why; never the data themselves.

Every line carries a digest of itself and of the line before, so that a line altered, taken out or slipped in is found
by whoever recomputes the chain; the number and digest of the last line stand apart, so a torn-off end is found too.
"""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from lianxi.casework.scrubbing import scrub

BEGINNING = ""
MAX_REASON = 500


class ReadKind(StrEnum):
    """How much was shown."""

    FULL = "full"
    MASKED = "masked"
    LISTED = "listed"
    CONTENT = "content"
    REACHED = "reached"
    EXPORTED = "exported"
    ERASED = "erased"

    @property
    def label(self) -> str:
        """The kind in plain words, as the petitioner is told."""
        return _LABELS[self]


_LABELS = {
    ReadKind.FULL: "查看原文",
    ReadKind.MASKED: "查看脱敏信息",
    ReadKind.LISTED: "在列表中看到脱敏姓名",
    ReadKind.CONTENT: "查看信访内容",
    ReadKind.REACHED: "系统发送通知时使用联系方式",
    ReadKind.EXPORTED: "导出个人信息",
    ReadKind.ERASED: "删除个人信息",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class PersonalRead:
    """One look. A list is one line: its number is that of the first contact, `contacts` how many were shown."""

    number: str
    kind: ReadKind
    fields: tuple[str, ...]
    person: str
    role: str
    unit: str
    node: str
    reason: str
    at: datetime
    contacts: int = 1


@dataclass(frozen=True, kw_only=True, slots=True)
class ChainedRead:
    """A look in its place in the book."""

    position: int
    read: PersonalRead
    previous: str
    digest: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ReadQuery:
    """Which lines are wanted: of a contact, of a reader, of a time; what follows `after`, newest first."""

    number: str = ""
    person: str = ""
    since: datetime | None = None
    until: datetime | None = None
    after: int | None = None
    limit: int = 50


def chained(read: PersonalRead, position: int, previous: str) -> ChainedRead:
    """Return a look in its place."""
    return ChainedRead(position=position, read=read, previous=previous, digest=digest_of(read, position, previous))


def digest_of(read: PersonalRead, position: int, previous: str) -> str:
    """Return the digest of a line: of all it says, of its place and of the line before."""
    said = [
        position,
        read.number,
        read.kind.value,
        list(read.fields),
        read.person,
        read.role,
        read.unit,
        read.node,
        read.reason,
        read.contacts,
        read.at.astimezone(UTC).isoformat(timespec="microseconds"),
        previous,
    ]
    return hashlib.sha256(json.dumps(said, ensure_ascii=False, separators=(",", ":")).encode()).hexdigest()


def broken(lines: Iterable[ChainedRead], head: tuple[int, str]) -> list[str]:
    """Recompute the chain of all lines, in order; return what is wrong with it, nothing when it is whole."""
    wrong: list[str] = []
    position, previous = 0, BEGINNING
    for line in lines:
        if line.position != position + 1:
            wrong.append(f"lines {position + 1} to {line.position - 1} are missing")
        elif line.previous != previous:
            wrong.append(f"line {line.position} does not follow the line before it")
        if line.digest != digest_of(line.read, line.position, line.previous):
            wrong.append(f"line {line.position} was altered")
        position, previous = line.position, line.digest
    if (position, previous) != head:
        wrong.append(f"the book ends at line {position}, but {head[0]} were written")
    return wrong


def fit_reason(reason: str) -> str:
    """Return a reason fit for the book: a reason may quote a number, the book holds none."""
    return scrub(reason)[:MAX_REASON]
