"""The order of a stream: nothing twice, nothing early, nothing forgotten."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from lianxi.bus.inbox import Gaps
from lianxi.bus.streams import Place, plan


def seqs(places):
    return [place.seq for place in places]


def test_what_follows_is_applied_what_is_early_held_what_is_old_dropped():
    planned = plan(4, [Place(7), Place(4), Place(5), Place(6), Place(9)])

    assert (seqs(planned.apply), seqs(planned.hold), seqs(planned.stale)) == ([5, 6, 7], [9], [4])
    assert planned.last == 7


def test_nothing_passes_a_message_that_stands_aside():
    planned = plan(2, [Place(4), Place(5)], Gaps(aside=frozenset({3})))

    assert (seqs(planned.apply), seqs(planned.hold), planned.last) == ([], [4, 5], 2)


def test_a_second_copy_of_a_message_that_stands_aside_is_old():
    assert seqs(plan(2, [Place(3)], Gaps(aside=frozenset({3}))).stale) == [3]


def test_messages_before_the_one_aside_still_go():
    planned = plan(1, [Place(2), Place(3), Place(5)], Gaps(aside=frozenset({4})))

    assert (seqs(planned.apply), seqs(planned.hold)) == ([2, 3], [5])


def test_dropped_numbers_are_stepped_over():
    planned = plan(1, [Place(4), Place(6)], Gaps(dropped=frozenset({2, 3, 5})))

    assert (seqs(planned.apply), planned.last) == ([4, 6], 6)


def test_a_start_jumps_forward_and_what_was_held_before_it_is_named():
    planned = plan(5, [Place(8, waiting=True), Place(10, starts=True), Place(11)])

    assert (seqs(planned.apply), seqs(planned.overtaken), planned.last) == ([10, 11], [8], 11)


def test_a_start_does_not_pass_a_message_that_stands_aside():
    planned = plan(5, [Place(10, starts=True)], Gaps(aside=frozenset({6})))

    assert (seqs(planned.apply), seqs(planned.hold)) == ([], [10])


def test_an_old_message_runs_when_a_person_retries_it():
    planned = plan(9, [Place(6, aside=True)])

    assert (seqs(planned.apply), planned.last) == ([6], 9)


def test_a_retry_waits_for_its_turn():
    assert seqs(plan(3, [Place(6, aside=True)]).hold) == [6]


@given(
    order=st.permutations(range(1, 13)),
    cuts=st.lists(st.integers(0, 12), max_size=4),
    dropped=st.frozensets(st.integers(1, 12), max_size=4),
)
def test_however_a_stream_is_shuffled_and_cut_into_batches_it_is_applied_whole_and_in_order(order, cuts, dropped):
    last, held, applied = 0, set(), []
    edges = [0, *sorted(cuts), 12]
    batches = [order[start:end] for start, end in pairwise(edges)]
    for batch in batches:
        arrived = {seq for seq in batch if seq not in dropped}
        places = [Place(seq, waiting=seq in held) for seq in arrived | held]
        planned = plan(last, places, Gaps(dropped=dropped))
        applied += seqs(planned.apply)
        last, held = planned.last, set(seqs(planned.hold))

    assert applied == [seq for seq in range(1, 13) if seq not in dropped]
    assert held == set()


@given(
    places=st.sets(st.integers(1, 30)),
    last=st.integers(0, 30),
    aside=st.frozensets(st.integers(1, 30), max_size=3),
    dropped=st.frozensets(st.integers(1, 30), max_size=3),
)
def test_every_message_has_exactly_one_way_and_the_position_never_goes_back(places, last, aside, dropped):
    planned = plan(last, [Place(seq) for seq in places], Gaps(aside, dropped - aside))

    ways = seqs(planned.apply) + seqs(planned.hold) + seqs(planned.stale) + seqs(planned.overtaken)
    assert sorted(ways) == sorted(places)
    assert planned.last >= last
    assert not aside.intersection(range(last + 1, planned.last + 1))
