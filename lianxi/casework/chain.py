"""The hash chain of a case: every recorded event is sealed together with the digest of the event before it.

``seal`` makes the digest of one event: SHA-256 over the previous digest and the event's canonical JSON (sorted keys,
no spaces, UTF-8). ``verify`` recomputes a whole history and names what was done to it: an event edited, missing,
exchanged, doubled, taken from another case, a history cut short or rewritten. Damage inside a history shows by itself;
that its end is missing, or that everything was sealed anew, shows only against a ``Head`` kept elsewhere (the case's
state row, and the parent node's anchor).
"""

import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from datetime import date
from enum import StrEnum
from itertools import pairwise
from typing import Any

GENESIS = "0" * 64
"""What stands as the previous digest of a case's first event."""

_LINKS = ("previous", "digest")


def _plain(value: object) -> Any:
    """Turn what JSON does not know into what it does; datetimes and dates become their ISO text."""
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return dict(value)
    if hasattr(value, "parse"):
        return str(value)  # an identifier travels as its text
    if is_dataclass(value):
        return {field.name: getattr(value, field.name) for field in fields(value)}
    raise TypeError(f"{type(value).__name__} cannot be recorded in a case history")


_encode = json.JSONEncoder(
    sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False, default=_plain
).encode


def canonical(value: object) -> bytes:
    """Return the one JSON text of a value; a dataclass and its decoded wire form have the same."""
    return _encode(value).encode()


def event_fields(event: Any) -> dict[str, Any]:
    """Return what of a case event is sealed: its name and all its fields but the chain links themselves."""
    return recorded_fields(event.MESSAGE.name, {"head": _plain(event.head), **_without_head(event)})


def _without_head(event: Any) -> dict[str, Any]:
    return {field.name: getattr(event, field.name) for field in fields(event) if field.name != "head"}


def recorded_fields(name: str, data: Mapping[str, Any]) -> dict[str, Any]:
    """Return the same for an event as it is stored: its message name and its JSON data."""
    head = data.get("head")
    kept = {key: value for key, value in head.items() if key not in _LINKS} if isinstance(head, Mapping) else head
    return {"message": name, "head": kept, "fields": {key: value for key, value in data.items() if key != "head"}}


def seal(fields: Mapping[str, Any], previous: str) -> str:
    """Return the digest of an event whose predecessor has the digest ``previous``."""
    return hashlib.sha256(previous.encode() + b"\n" + canonical(fields)).hexdigest()


class Damage(StrEnum):
    """What can be wrong with a recorded history."""

    EDITED = "edited"
    MISSING = "missing"
    SWAPPED = "swapped"
    DUPLICATED = "duplicated"
    TRUNCATED = "truncated"
    FOREIGN = "foreign"
    REWRITTEN = "rewritten"


@dataclass(frozen=True, slots=True)
class Finding:
    """One damage: the case, the place in its history, the kind, and a sentence in Chinese."""

    case_no: str
    seq: int
    damage: Damage
    text: str


@dataclass(frozen=True, slots=True)
class Head:
    """The last event known elsewhere: how long the history was, and its digest then."""

    seq: int
    digest: str


@dataclass(frozen=True, slots=True)
class ChainRow:
    """One recorded event: the place it is stored under, its links, and its sealed fields."""

    seq: int
    previous: str
    digest: str
    fields: Mapping[str, Any]

    @classmethod
    def of(cls, seq: int, name: str, data: Mapping[str, Any]) -> "ChainRow":
        """Read a row from a stored event, however damaged it is."""
        head = data.get("head")
        links = head if isinstance(head, Mapping) else {}
        return cls(seq, str(links.get("previous")), str(links.get("digest")), recorded_fields(name, data))

    @property
    def claims(self) -> tuple[object, object]:
        """The case and place the sealed content itself names."""
        head = self.fields.get("head")
        return (head.get("case_no"), head.get("seq")) if isinstance(head, Mapping) else (None, None)

    def is_intact(self) -> bool:
        """Whether the digest is that of the content."""
        try:
            return seal(self.fields, self.previous) == self.digest
        except (TypeError, ValueError):
            return False  # an edit may leave what JSON or UTF-8 cannot even express


def verify(case_no: str, rows: Sequence[ChainRow], expected_head: Head | None = None) -> list[Finding]:
    """Name every damage in a history, in its order; an empty list means that it is as it was recorded.

    ``expected_head`` may be older than the history (an anchor): then the history must still contain it.
    """
    return sorted(_findings(case_no, rows, expected_head), key=lambda finding: finding.seq)


def _findings(case_no: str, rows: Sequence[ChainRow], expected: Head | None) -> Iterator[Finding]:
    blamed: set[int] = set()
    for row in rows:
        damage = _row_damage(case_no, row)
        if damage:
            blamed.add(row.seq)
            yield Finding(case_no, row.seq, damage, _TEXTS[damage].format(seq=row.seq, other=row.claims[1]))
    for seq, copies in Counter(row.seq for row in rows).items():
        if copies > 1:
            blamed.add(seq)
            yield _finding(case_no, seq, Damage.DUPLICATED)
    chain = {row.seq: row for row in sorted(rows, key=lambda row: row.is_intact())}
    last = max(chain, default=0)
    for seq in range(1, last):
        if seq not in chain:
            yield _finding(case_no, seq, Damage.MISSING)
    if expected and expected.seq > last:
        text = f"第{last + 1}条至第{expected.seq}条记录缺失，历史被截断。"
        yield Finding(case_no, last + 1, Damage.TRUNCATED, text)
    yield from _link_findings(case_no, chain, expected, blamed)


def _row_damage(case_no: str, row: ChainRow) -> Damage | None:
    if not row.is_intact():
        return Damage.EDITED
    named_case, named_seq = row.claims
    if named_case != case_no or row.seq < 1:
        return Damage.FOREIGN
    return Damage.SWAPPED if named_seq != row.seq else None


def _link_findings(
    case_no: str, chain: Mapping[int, ChainRow], expected: Head | None, blamed: set[int]
) -> Iterator[Finding]:
    """Find events that were changed and sealed anew: each is sound in itself, but its neighbours know another digest.

    Of two neighbours that disagree the later one is to blame if it disagrees with its other side as well, or if it
    is the end of the history and not the end that is known elsewhere; otherwise the earlier one is.
    """
    anchored = expected is None or expected.seq not in chain or chain[expected.seq].digest == expected.digest
    last = max(chain, default=0)
    broken = {after for before, after in pairwise(range(last + 1)) if not _fits(chain, before, after)}
    for after in sorted(broken):
        if {after, after - 1} & blamed:
            continue
        ends_wrong = after == last and expected is not None and expected.seq == last and not anchored
        culprit = after if after + 1 in broken or ends_wrong or after == 1 else after - 1
        blamed.add(culprit)
        yield _finding(case_no, culprit, Damage.EDITED)
    if expected and not anchored and expected.seq not in blamed:
        yield _finding(case_no, expected.seq, Damage.REWRITTEN)


def _fits(chain: Mapping[int, ChainRow], before: int, after: int) -> bool:
    if after not in chain or (before and before not in chain):
        return True  # reported as missing
    return chain[after].previous == (chain[before].digest if before else GENESIS)


def _finding(case_no: str, seq: int, damage: Damage) -> Finding:
    return Finding(case_no, seq, damage, _TEXTS[damage].format(seq=seq))


_TEXTS = {
    Damage.EDITED: "第{seq}条记录被改动，与登记时的摘要不符。",
    Damage.MISSING: "第{seq}条记录缺失。",
    Damage.SWAPPED: "第{seq}条的位置上是第{other}条记录，记录被调换。",
    Damage.DUPLICATED: "第{seq}条记录出现了不止一次。",
    Damage.FOREIGN: "第{seq}条记录不属于本案。",
    Damage.REWRITTEN: "截至第{seq}条的历史与别处留存的摘要不符，历史被整体改写。",
}
