"""What two books say about the same cases: which buckets differ, and how each differing case differs."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from lianxi.casework.messages.books import BookBucket, BookEntry

ASKED, DONE = "asked", "done"
"""The states of a comparison."""


class Kind(StrEnum):
    """How a case differs between the two books."""

    MISSING_HERE = "missing-here"
    MISSING_THERE = "missing-there"
    EPOCH = "epoch"
    SEQ = "seq"
    HOLDER = "holder"
    STATE = "state"
    DIGEST = "digest"


@dataclass(frozen=True, slots=True)
class Difference:
    """One case that the books of this node and of the other do not agree on."""

    case_no: str
    kind: Kind
    here: BookEntry | None
    there: BookEntry | None


@dataclass(frozen=True, slots=True)
class Comparison:
    """A comparison under way: `suspects` are the case numbers that differed in the first round."""

    id: str
    child: str
    state: str
    cases: int
    suspects: tuple[str, ...]
    found: tuple[Mapping[str, Any], ...]


def bucket_of(case_no: str) -> int:
    """Return the bucket of a case, which is the same at every node."""
    return hashlib.sha256(case_no.encode()).digest()[0]


def differing_buckets(ours: Iterable[BookBucket], theirs: Iterable[BookBucket]) -> tuple[int, ...]:
    """Return the buckets in which counts or digests differ; a bucket that is not named is empty."""
    here = {bucket.bucket: (bucket.cases, bucket.digest) for bucket in ours}
    there = {bucket.bucket: (bucket.cases, bucket.digest) for bucket in theirs}
    return tuple(sorted(number for number in here.keys() | there.keys() if here.get(number) != there.get(number)))


def differences(ours: Iterable[BookEntry], theirs: Iterable[BookEntry]) -> list[Difference]:
    """Return every case on which the entries do not agree, by case number."""
    here = {entry.case_no: entry for entry in ours}
    there = {entry.case_no: entry for entry in theirs}
    return [
        Difference(case_no, _kind(here.get(case_no), there.get(case_no)), here.get(case_no), there.get(case_no))
        for case_no in sorted(here.keys() | there.keys())
        if here.get(case_no) != there.get(case_no)
    ]


def confirmed(first: Iterable[str], second: Sequence[Difference]) -> list[Difference]:
    """Return the differences of the second round that were there in the first: the others were on their way."""
    before = set(first)
    return [difference for difference in second if difference.case_no in before]


def _kind(here: BookEntry | None, there: BookEntry | None) -> Kind:
    if here is None:
        return Kind.MISSING_HERE
    if there is None:
        return Kind.MISSING_THERE
    fields = (("epoch", Kind.EPOCH), ("seq", Kind.SEQ), ("holder", Kind.HOLDER), ("state", Kind.STATE))
    return next((kind for name, kind in fields if getattr(here, name) != getattr(there, name)), Kind.DIGEST)
