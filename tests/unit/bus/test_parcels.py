"""Several messages as one: what may go together, and that they come out as they went in."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lianxi.bus.messages import RawMessage, Undecodable
from lianxi.bus.parcels import MOST_BYTES, MOST_MESSAGES, PARCEL, Item, grouped, packed, unpacked


def item(number, *, together="case.several", exchange="case", size=10):
    return Item(exchange, f"case.event-{number}", b"x" * size, f"m-{number}", "t.v1", {}, together)


def ids(groups):
    return [[each.id for each in group] for group in groups]


def arrived(body, kind=PARCEL):
    return RawMessage(body, {"of": "the whole"}, "m-1", kind, "case", "case.several", tag=7)


def test_neighbours_for_the_same_readers_go_together():
    assert ids(grouped([item(1), item(2), item(3)])) == [["m-1", "m-2", "m-3"]]


@pytest.mark.parametrize("stranger", [{"together": None}, {"together": "case.other"}, {"exchange": "agency"}], ids=str)
def test_a_message_for_others_ends_a_parcel_and_order_stays(stranger):
    assert ids(grouped([item(1), item(2), item(3, **stranger), item(4)])) == [["m-1", "m-2"], ["m-3"], ["m-4"]]


def test_messages_that_travel_alone_are_not_joined():
    assert ids(grouped([item(1, together=None), item(2, together=None)])) == [["m-1"], ["m-2"]]


def test_a_parcel_is_small_enough_for_a_broker_and_a_batch():
    large = grouped([item(number, size=MOST_BYTES // 3) for number in range(7)])
    many = grouped([item(number) for number in range(MOST_MESSAGES + 1)])
    huge = grouped([item(1, size=MOST_BYTES * 2), item(2), item(3)])

    assert [len(group) for group in large] == [3, 3, 1]
    assert [len(group) for group in many] == [MOST_MESSAGES, 1]
    assert [len(group) for group in huge] == [1, 2]


@given(
    st.lists(
        st.tuples(
            st.binary(max_size=60), st.text(min_size=1, max_size=20), st.none() | st.text(max_size=9),
            st.dictionaries(st.text(max_size=5), st.text(max_size=5), max_size=2),
        ),
        min_size=1, max_size=8,
    )
)  # fmt: skip
def test_what_goes_into_a_parcel_comes_out_of_it(facts):
    items = [Item("case", f"k.{key}", body, key, kind, headers, "several") for body, key, kind, headers in facts]

    parts = unpacked(arrived(packed(items)))

    assert [(p.body, p.message_id, p.type, p.routing_key, p.headers) for p in parts] == [
        (i.body, i.id, i.type, i.routing_key, i.headers) for i in items
    ]
    assert {(part.exchange, part.tag) for part in parts} == {("case", None)}


def test_any_other_message_is_what_it_was():
    raw = arrived(b"[[1]]\nx", kind="t.v1")

    assert unpacked(raw) == [raw]


@pytest.mark.parametrize(
    "body", [b"", b"{}", b"not json\nx", b'[[5,"m",null,"k",null]]\nx', b'[[1,"m",null,"k",null]]\nxx', b"[[1]]\nx",
             b'[["1","m",null,"k",null]]\nx', b'[[-1,"m",null,"k",null]]\nx']
)  # fmt: skip
def test_a_damaged_parcel_is_told_as_such(body):
    with pytest.raises(Undecodable):
        unpacked(arrived(body))
