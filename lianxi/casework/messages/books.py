"""How two nodes compare their books: counts and digests by bucket first, then the cases of the buckets that differ.

The node above asks, the node below answers. Everything travels in the order of the link, so an answer finds every
report applied that was sent before it. An entry is a line of the books, without text or personal data.
"""

from dataclasses import dataclass
from typing import ClassVar

from lianxi.casework.messages.wire import Message


@dataclass(frozen=True, kw_only=True, slots=True)
class BookBucket:
    """How many cases a bucket (0–255, by the hash of the case number) holds, and the digest over their lines."""

    bucket: int
    cases: int
    digest: str


@dataclass(frozen=True, kw_only=True, slots=True)
class BookEntry:
    """One case as a node's books have it: who holds it, how far its history goes, and the head of its chain."""

    case_no: str
    holder: str
    epoch: int
    seq: int
    digest: str
    state: str


@dataclass(frozen=True, kw_only=True, slots=True)
class BooksAsked:
    """Down: send the buckets of all cases that are held in `subtree`."""

    MESSAGE: ClassVar[Message] = Message("books-asked")
    comparison: str
    subtree: str


@dataclass(frozen=True, kw_only=True, slots=True)
class BooksTold:
    """Up: the buckets that are not empty."""

    MESSAGE: ClassVar[Message] = Message("books-told")
    comparison: str
    subtree: str
    buckets: tuple[BookBucket, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class BookPagesAsked:
    """Down: send the entries of these buckets. A difference counts when it is found in two rounds."""

    MESSAGE: ClassVar[Message] = Message("book-pages-asked")
    comparison: str
    subtree: str
    round_number: int
    buckets: tuple[int, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class BookPagesTold:
    """Up: some of the entries of the buckets asked for; `part` counts from 1 to `parts`."""

    MESSAGE: ClassVar[Message] = Message("book-pages-told")
    comparison: str
    subtree: str
    round_number: int
    buckets: tuple[int, ...]
    part: int
    parts: int
    entries: tuple[BookEntry, ...]
