"""Comparing the books with the node below: what each side holds and the other lacks, by name.

`ask` begins a comparison at the node above; each answer that comes over the link leads to the next question, until
`result` has the differences. Only cases held in the child's part of the tree are compared. The child reads its books
while its stream to us is locked, so its answer stands at one point in the order of the link; a case on its way from
us down may still look different, which is why a difference counts only when a second look finds it too.
"""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from lianxi.casework.errors import Broken, Forbidden, Invalid, Unknown
from lianxi.casework.messages.books import (
    BookPagesAsked,
    BookPagesTold,
    BooksAsked,
    BooksTold,
)
from services.routing.domain.digests import (
    ASKED,
    Comparison,
    Difference,
    bucket_of,
    confirmed,
    differences,
    differing_buckets,
)
from services.routing.handlers.link_ends import LinkEnd, LinkWork
from services.routing.handlers.links import send

PAGE = 2000
"""Entries in one message: about 350 kB."""


def ask(work: LinkWork, end: LinkEnd, child: str) -> str:
    """Begin to compare with a child; return the id under which `result` finds the answer."""
    if child not in end.children:
        raise Invalid("with", "link", "只能与本节点的直接下级节点核对账目，请核对区划代码。")
    comparison = end.new_id()
    work.books.begin(comparison, child, end.real_now())
    send(work, end, child, BooksAsked(comparison=comparison, subtree=child))
    return comparison


def result(work: LinkWork, comparison: str) -> dict[str, Any]:
    """Return how far a comparison is and what it found."""
    found = work.books.get(comparison)
    if found is None:
        raise Unknown("账目核对", comparison)
    return {"state": found.state, "child": found.child, "cases": found.cases, "rows": list(found.found)}


def take(work: LinkWork, end: LinkEnd, origin: str, message: Any) -> None:
    """Carry out a message of a comparison."""
    with work.savepoint():  # brings to the tables what the transaction has done so far
        match message:
            case BooksAsked():
                _tell_buckets(work, end, origin, message)
            case BookPagesAsked():
                _tell_pages(work, end, origin, message)
            case BooksTold():
                _compare_buckets(work, end, origin, message)
            case BookPagesTold():
                _compare_pages(work, end, origin, message)
            case _:
                raise Broken("没有处理这种账目核对消息的用例。", code="no-use-case")


def _tell_buckets(work: LinkWork, end: LinkEnd, origin: str, asked: BooksAsked) -> None:
    _hold_stream(work, end, origin)
    buckets = work.books.buckets(str(end.node))
    send(work, end, origin, BooksTold(comparison=asked.comparison, subtree=str(end.node), buckets=buckets))


def _tell_pages(work: LinkWork, end: LinkEnd, origin: str, asked: BookPagesAsked) -> None:
    _hold_stream(work, end, origin)
    entries = work.books.entries(str(end.node), asked.buckets)
    pages = [entries[first : first + PAGE] for first in range(0, len(entries), PAGE)] or [()]
    for part, page in enumerate(pages, start=1):
        told = BookPagesTold(
            comparison=asked.comparison,
            subtree=str(end.node),
            round_number=asked.round_number,
            buckets=asked.buckets,
            part=part,
            parts=len(pages),
            entries=page,
        )
        send(work, end, origin, told)


def _hold_stream(work: LinkWork, end: LinkEnd, origin: str) -> None:
    """Lock the stream to the node above, so that nothing is numbered between what is read now and the answer."""
    if origin != str(end.node.parent):
        raise Forbidden("只有直接上级节点可以核对本节点的账目。", code="not-the-parent")
    work.link_book.outbounds([origin], end.fresh_epoch)


def _compare_buckets(work: LinkWork, end: LinkEnd, origin: str, told: BooksTold) -> None:
    comparison = _ours(work, origin, told.comparison)
    if comparison is None:
        return
    ours = work.books.buckets(origin)
    differing = differing_buckets(ours, told.buckets)
    if differing:
        send(work, end, origin, _pages_asked(told, 1, differing))
    else:
        work.books.finish(told.comparison, sum(bucket.cases for bucket in ours), (), end.real_now())


def _compare_pages(work: LinkWork, end: LinkEnd, origin: str, told: BookPagesTold) -> None:
    comparison = _ours(work, origin, told.comparison)
    theirs = work.books.keep_part(told) if comparison else None
    if comparison is None or theirs is None:
        return
    found = differences(work.books.entries(origin, told.buckets), theirs)
    if told.round_number == 1 and found:
        suspects = [difference.case_no for difference in found]
        work.books.suspect(told.comparison, suspects)
        send(work, end, origin, _pages_asked(told, 2, sorted(set(map(bucket_of, suspects)))))
        return
    cases = sum(bucket.cases for bucket in work.books.buckets(origin))
    rows = [_row(difference) for difference in confirmed(comparison.suspects, found)]
    work.books.finish(told.comparison, cases, rows, end.real_now())


def _ours(work: LinkWork, origin: str, comparison: str) -> Comparison | None:
    """Return the comparison an answer belongs to, unless it is not ours, not with that node, or over."""
    known = work.books.get(comparison)
    return known if known and known.child == origin and known.state == ASKED else None


def _pages_asked(told: BooksTold | BookPagesTold, round_number: int, buckets: Sequence[int]) -> BookPagesAsked:
    return BookPagesAsked(
        comparison=told.comparison, subtree=told.subtree, round_number=round_number, buckets=tuple(buckets)
    )


def _row(difference: Difference) -> dict[str, Any]:
    return {
        "case_no": difference.case_no,
        "kind": str(difference.kind),
        "here": asdict(difference.here) if difference.here else None,
        "there": asdict(difference.there) if difference.there else None,
    }
