"""Whatever is done to a recorded history is found, and the finding names the case, the place and the kind."""

import copy
import json
import random
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from types import MappingProxyType
from typing import ClassVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lianxi.casework.chain import (
    GENESIS,
    ChainRow,
    Damage,
    Head,
    canonical,
    event_fields,
    recorded_fields,
    seal,
    verify,
)
from lianxi.casework.identifiers import DivisionCode
from lianxi.casework.messages.facts import CaseState
from lianxi.casework.messages.wire import Message

CASE = "63010400020260302W00012"


def a_history(length: int, case_no: str = CASE) -> list[dict]:
    """Return the stored JSON data of ``length`` events, each sealed with the one before."""
    stored, previous = [], GENESIS
    for seq in range(1, length + 1):
        data = {"head": {"case_no": case_no, "seq": seq, "epoch": 1, "act": f"T{seq}"}, "note": f"事{seq}", "days": seq}
        digest = seal(recorded_fields("something-happened", data), previous)
        data["head"] |= {"previous": previous, "digest": digest}
        stored.append(data)
        previous = digest
    return stored


def rows_of(stored: list[dict]) -> list[ChainRow]:
    return [ChainRow.of(seq, "something-happened", data) for seq, data in enumerate(stored, start=1)]


def head_of(stored: list[dict]) -> Head:
    return Head(len(stored), stored[-1]["head"]["digest"])


def resealed(data: dict) -> dict:
    digest = seal(recorded_fields("something-happened", data), data["head"]["previous"])
    return {**data, "head": {**data["head"], "digest": digest}}


def named(findings) -> set[tuple[int, str]]:
    return {(finding.seq, finding.damage.value) for finding in findings}


def test_an_untouched_history_is_clean_with_and_without_a_head():
    stored = a_history(9)

    assert verify(CASE, rows_of(stored)) == []
    assert verify(CASE, rows_of(stored), head_of(stored)) == []
    assert verify(CASE, rows_of(stored), head_of(stored[:4])) == []
    assert verify(CASE, []) == []


def test_the_canonical_form_is_the_same_for_an_event_and_for_its_stored_json():
    @dataclass(frozen=True)
    class Somewhere:
        MESSAGE: ClassVar[Message] = Message("something-happened")
        head: object
        when: date
        state: CaseState
        node: DivisionCode
        paper: Mapping[str, str]
        parts: tuple[str, ...]
        nothing: None = None

    @dataclass(frozen=True)
    class Start:
        case_no: str
        at: datetime
        previous: str
        digest: str

    event = Somewhere(
        Start(CASE, datetime(2026, 3, 2, 9, tzinfo=UTC), GENESIS, "unknown yet"),
        date(2026, 3, 2),
        CaseState.ACCEPTED,
        DivisionCode("630104"),
        MappingProxyType({"reason": "“甲”"}),
        ("a", "b"),
    )
    stored = json.loads(
        '{"when":"2026-03-02","head":{"case_no":"'
        + CASE
        + '","at":"2026-03-02T09:00:00+00:00","digest":"d","previous":"p"},'
        '"state":"S10","node":"630104","paper":{"reason":"“甲”"},"parts":["a","b"],"nothing":null}'
    )

    assert canonical(event_fields(event)) == canonical(recorded_fields("something-happened", stored))
    assert seal(event_fields(event), GENESIS) != seal(event_fields(event), "0" * 63 + "1")


def test_what_json_cannot_hold_is_not_recorded():
    with pytest.raises(TypeError, match="set"):
        canonical({"value": {1}})
    with pytest.raises(ValueError, match="JSON"):
        canonical({"value": float("nan")})


def test_an_edit_is_named():
    stored = a_history(5)
    stored[2]["note"] = "别的事"

    (finding,) = verify(CASE, rows_of(stored), head_of(stored))

    assert (finding.case_no, finding.seq, finding.damage) == (CASE, 3, Damage.EDITED)
    assert finding.text == "第3条记录被改动，与登记时的摘要不符。"


@pytest.mark.parametrize("head", [None, "text", ["list"], {}, {"case_no": CASE}])
def test_an_edit_that_leaves_no_readable_head_is_named(head):
    stored = a_history(3)
    stored[1] = {**stored[1], "head": head}

    assert (2, "edited") in named(verify(CASE, rows_of(stored), head_of(a_history(3))))


def test_an_edit_that_cannot_even_be_encoded_is_named():
    stored = a_history(3)
    stored[1]["note"] = "\ud800"

    assert named(verify(CASE, rows_of(stored), head_of(stored))) == {(2, "edited")}


@pytest.mark.parametrize("name", ["message", "fields", "seq"])
def test_a_field_that_is_called_like_a_part_of_the_seal_is_sealed_as_well(name):
    plain = {"head": {"case_no": CASE, "seq": 1}, name: "before"}

    before = seal(recorded_fields("something-happened", plain), GENESIS)

    assert before != seal(recorded_fields("something-happened", {**plain, name: "after"}), GENESIS)


def test_a_change_of_the_message_name_is_an_edit():
    stored = a_history(3)
    rows = rows_of(stored)
    rows[1] = ChainRow.of(2, "something-else-happened", stored[1])

    assert named(verify(CASE, rows)) == {(2, "edited")}


@pytest.mark.parametrize("seq", [1, 3, 5])
def test_an_edit_that_was_sealed_anew_is_named(seq):
    stored = a_history(5)
    head = head_of(stored)
    stored[seq - 1] = resealed({**stored[seq - 1], "note": "别的事"})

    (finding,) = verify(CASE, rows_of(stored), head)

    assert finding.seq == seq
    assert finding.damage in {Damage.EDITED, Damage.REWRITTEN}


@pytest.mark.parametrize("seq", [1, 3, 5])
def test_an_event_hung_elsewhere_and_sealed_anew_is_named(seq):
    stored = a_history(5)
    head = head_of(stored)
    stored[seq - 1]["head"]["previous"] = "f" * 64
    stored[seq - 1] = resealed(stored[seq - 1])

    assert named(verify(CASE, rows_of(stored), head)) == {(seq, "edited")}


def test_a_deletion_is_named():
    stored = a_history(5)
    rows = rows_of(stored)

    assert named(verify(CASE, rows[:1] + rows[3:], head_of(stored))) == {(2, "missing"), (3, "missing")}
    assert named(verify(CASE, rows[1:], head_of(stored))) == {(1, "missing")}


def test_a_deletion_hidden_by_renumbering_the_rest_is_named():
    stored = a_history(5)
    del stored[2]

    assert named(verify(CASE, rows_of(stored), head_of(a_history(5)))) == {
        (3, "swapped"),
        (4, "swapped"),
        (5, "truncated"),
    }


def test_a_swap_is_named_on_both_sides():
    stored = a_history(5)
    stored[1], stored[3] = stored[3], stored[1]

    findings = verify(CASE, rows_of(stored), head_of(a_history(5)))

    assert named(findings) == {(2, "swapped"), (4, "swapped")}
    assert findings[0].text == "第2条的位置上是第4条记录，记录被调换。"


def test_a_duplicate_is_named():
    rows = rows_of(a_history(4))

    assert named(verify(CASE, [*rows, rows[2]])) == {(3, "duplicated")}
    assert named(verify(CASE, [replace(rows[2], digest="0" * 64), *rows])) == {(3, "duplicated"), (3, "edited")}


def test_a_truncation_is_named_against_a_head():
    stored = a_history(6)

    (finding,) = verify(CASE, rows_of(stored[:4]), head_of(stored))

    assert (finding.seq, finding.damage) == (5, Damage.TRUNCATED)
    assert finding.text == "第5条至第6条记录缺失，历史被截断。"
    assert named(verify(CASE, [], head_of(stored))) == {(1, "truncated")}


def test_an_event_of_another_case_is_named():
    stored = a_history(4)
    stored[2] = a_history(4, "63010400020260302W00013")[2]
    before_the_first = ChainRow.of(
        0, "something-happened", resealed({"head": {"case_no": CASE, "seq": 0, "previous": GENESIS}})
    )

    assert named(verify(CASE, rows_of(stored), head_of(a_history(4)))) == {(3, "foreign")}
    assert named(verify(CASE, [before_the_first, *rows_of(a_history(4))])) == {(0, "foreign")}


def test_a_history_sealed_anew_from_an_edit_to_its_end_is_named_against_a_head():
    stored = a_history(6)
    head = head_of(stored)
    stored[2]["note"] = "别的事"
    for before, after in zip(range(1, 5), range(2, 6), strict=True):
        stored[after]["head"]["previous"] = stored[before]["head"]["digest"]
        stored[after] = resealed(stored[after])

    assert named(verify(CASE, rows_of(stored), head)) == {(6, "rewritten")}
    assert named(verify(CASE, rows_of(stored), head_of(a_history(4)))) == {(4, "rewritten")}
    assert verify(CASE, rows_of(stored)) == []


def edit(stored, seq, _other, rng):
    where, what = rng.choice([("note", "改"), ("days", -1), ("new", None)])
    stored[seq - 1][where] = what
    return rows_of(stored), {seq}, {"edited"}


def edit_of_a_head(stored, seq, _other, rng):
    stored[seq - 1]["head"][rng.choice(["previous", "digest", "epoch", "act"])] = "0" * 63 + "e"
    return rows_of(stored), {seq}, {"edited"}


def resealed_edit(stored, seq, _other, _rng):
    stored[seq - 1] = resealed({**stored[seq - 1], "note": "改"})
    return rows_of(stored), {seq}, {"edited"} if seq < len(stored) else {"rewritten"}


def deletion(stored, seq, _other, _rng):
    rows = rows_of(stored)
    return rows[: seq - 1] + rows[seq:], {seq}, {"missing"} if seq < len(stored) else {"truncated"}


def swap(stored, seq, other, _rng):
    stored[seq - 1], stored[other - 1] = stored[other - 1], stored[seq - 1]
    return rows_of(stored), {seq, other}, {"swapped"}


def truncation(stored, seq, _other, _rng):
    return rows_of(stored)[: seq - 1], {seq}, {"truncated"}


def duplicate(stored, seq, _other, _rng):
    rows = rows_of(stored)
    return [*rows, rows[seq - 1]], {seq}, {"duplicated"}


DAMAGES = [edit, edit_of_a_head, resealed_edit, deletion, swap, truncation, duplicate]


def test_ten_thousand_random_damages_are_each_found_and_named():
    rng = random.Random(20260302)
    histories = {length: a_history(length) for length in range(2, 9)}

    for _ in range(10_000):
        stored = histories[rng.randint(2, 8)]
        seq, other = rng.sample(range(1, len(stored) + 1), 2)
        rows, places, kinds = rng.choice(DAMAGES)(copy.deepcopy(stored), seq, other, rng)
        findings = verify(CASE, rows, head_of(stored))
        assert {finding.seq for finding in findings} == places
        assert {finding.damage.value for finding in findings} == kinds
        assert all(finding.case_no == CASE and str(finding.seq) in finding.text for finding in findings)


@settings(max_examples=200, deadline=None)
@given(
    st.integers(4, 12),
    st.lists(
        st.tuples(st.sampled_from(["edit", "delete", "swap"]), st.integers(0, 11), st.integers(0, 11)),
        min_size=1,
        max_size=4,
    ),
)
def test_every_place_touched_by_several_damages_is_named(length, damages):
    stored: list[dict | None] = list(a_history(length))
    original = a_history(length)
    for kind, first, second in damages:
        one, other = first % length, second % length
        if kind == "swap":
            stored[one], stored[other] = stored[other], stored[one]
        elif kind == "delete":
            stored[one] = None
        elif stored[one] is not None:
            stored[one] = {**stored[one], "days": (stored[one]["days"] + 1) * 1000}
    touched = {place + 1 for place in range(length) if stored[place] != original[place]}
    rows = [
        ChainRow.of(place, "something-happened", data) for place, data in enumerate(stored, start=1) if data is not None
    ]

    findings = verify(CASE, rows, head_of(original))

    cut_from = min((finding.seq for finding in findings if finding.damage is Damage.TRUNCATED), default=length + 1)
    assert {finding.seq for finding in findings} | {place for place in touched if place >= cut_from} == touched
