"""Comparing books: which buckets differ, and how each case differs."""

from dataclasses import replace

import pytest

from lianxi.casework.messages.books import BookBucket, BookEntry
from services.routing.domain.digests import (
    Difference,
    Kind,
    bucket_of,
    confirmed,
    differences,
    differing_buckets,
)

ENTRY = BookEntry(case_no="A", holder="630104", epoch=2, seq=5, digest="d", state="S11")


def bucket(number, cases=1, digest="d"):
    return BookBucket(bucket=number, cases=cases, digest=digest)


def test_equal_buckets_do_not_differ():
    assert differing_buckets([bucket(1), bucket(2)], [bucket(2), bucket(1)]) == ()


def test_a_bucket_differs_by_digest_by_count_and_by_being_there_at_all():
    ours = [bucket(1), bucket(2), bucket(3)]
    theirs = [bucket(1, digest="e"), bucket(2, cases=2), bucket(4)]

    assert differing_buckets(ours, theirs) == (1, 2, 3, 4)


def test_a_case_that_one_side_lacks_is_named():
    other = replace(ENTRY, case_no="B")

    assert differences([ENTRY], [other]) == [
        Difference("A", Kind.MISSING_THERE, ENTRY, None),
        Difference("B", Kind.MISSING_HERE, None, other),
    ]


@pytest.mark.parametrize(
    ("kind", "change"),
    [
        (Kind.EPOCH, {"epoch": 3, "seq": 9}),
        (Kind.SEQ, {"seq": 6, "digest": "e"}),
        (Kind.HOLDER, {"holder": "630104001"}),
        (Kind.STATE, {"state": "S12"}),
        (Kind.DIGEST, {"digest": "e"}),
    ],
)
def test_a_case_that_both_have_differs_by_its_first_differing_field(kind, change):
    there = replace(ENTRY, **change)

    assert differences([ENTRY], [there]) == [Difference("A", kind, ENTRY, there)]


def test_what_only_one_round_found_was_on_its_way():
    second = [Difference("B", Kind.SEQ, ENTRY, None), Difference("C", Kind.SEQ, ENTRY, None)]

    assert confirmed(["A", "B"], second) == second[:1]


def test_a_case_has_the_same_bucket_everywhere():
    assert bucket_of("63010400020260302W00012") == bucket_of("63010400020260302W00012")
    assert {bucket_of(str(number)) for number in range(5000)} == set(range(256))
