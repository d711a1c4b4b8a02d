"""What an ack means for the sending end of a link, rule by rule."""

from dataclasses import replace
from datetime import timedelta

import pytest

from services.routing.domain.link_frames import Ack
from services.routing.domain.link_protocol import Epoch, Inbound, chained, instant_of
from services.routing.domain.link_sending import (
    NewEpoch,
    Outbound,
    SentRow,
    ack_due,
    numbered,
    on_ack,
    said,
)
from tests.unit.routing.link_world import RealTime

time = RealTime()
MINE, THEIRS = Epoch(3, "mine"), Epoch(3, "theirs")


def chain(upto):
    made = ""
    for number in range(1, upto + 1):
        made = chained(made, str(number))
    return made


def an_outbound(**fields):
    stream, _ = numbered(Outbound(peer="630104", epoch=MINE), [str(number) for number in range(1, 11)])
    return replace(stream, acked=4, **fields)


def an_ack(applied=4, **fields):
    facts = {
        "id": time.new_id(),
        "peer": "630104",
        "epoch": str(MINE),
        "digest": chain(applied),
        "held_min": None,
        "need_from": None,
        "heard": "",
        "sent_epoch": "",
        "sent_seq": 0,
    }
    return Ack(applied=applied, **(facts | fields))


def look(seq, *, sends=1):
    return SentRow(chain(seq), time.now(), sends) if 1 <= seq <= 10 else None


def test_more_applied_is_more_acked():
    assert on_ack(an_outbound(), an_ack(7), look).acked == 7


def test_an_ack_older_than_one_that_was_heard_is_passed_over():
    old = an_ack(2)
    stream = an_outbound(newest_ack=time.new_id())

    assert on_ack(stream, old, look) is stream


def test_less_applied_than_before_is_believed_because_the_peer_was_restored():
    assert on_ack(an_outbound(), an_ack(2), look).acked == 2


@pytest.mark.parametrize(("epoch", "number"), [(THEIRS, 4), (Epoch(7, "later"), 8)])
def test_a_peer_that_knows_a_later_epoch_of_ours_starts_a_new_one_above_it(epoch, number):
    assert on_ack(an_outbound(), an_ack(9, epoch=str(epoch)), look) == NewEpoch(number, 4, 9)


def test_a_peer_that_applied_more_than_we_sent_starts_a_new_epoch():
    assert on_ack(an_outbound(), an_ack(15), look) == NewEpoch(4, 4, 5)


def test_a_peer_that_applied_something_else_under_our_numbers_starts_a_new_epoch():
    assert on_ack(an_outbound(), an_ack(6, digest="other"), look) == NewEpoch(4, 4, 2)


def test_a_peer_that_lacks_what_is_no_longer_kept_starts_a_new_epoch():
    def pruned(seq):
        return look(seq) if seq > 3 else None

    assert on_ack(an_outbound(), an_ack(1), pruned) == NewEpoch(4, 1)
    assert on_ack(an_outbound(), an_ack(0, epoch="", digest=""), pruned) == NewEpoch(4, 0)


def test_a_gap_behind_which_later_frames_wait_is_sent_again_at_once():
    stream = on_ack(an_outbound(), an_ack(4, need_from=5, held_min=8), look)

    assert (stream.resend_next, stream.resend_upto, stream.probe) == (5, 7, False)


def test_a_gap_that_was_sent_again_already_needs_a_proof():
    stream = on_ack(an_outbound(), an_ack(4, need_from=5, held_min=8), lambda seq: look(seq, sends=2))

    assert (stream.resend_next, stream.probe) == (None, True)


def test_what_the_peer_lacks_after_hearing_a_later_ack_of_ours_is_lost():
    heard = time.new_id()
    before = instant_of(heard) - timedelta(seconds=1)
    stream = on_ack(an_outbound(), an_ack(4, need_from=5, heard=heard), lambda seq: replace(look(seq), sent_at=before))

    assert (stream.resend_next, stream.resend_upto) == (5, 10)


def test_what_the_peer_lacks_may_still_be_on_its_way():
    heard = time.new_id()
    after = instant_of(heard) + timedelta(seconds=1)
    stream = on_ack(an_outbound(), an_ack(4, need_from=5, heard=heard), lambda seq: replace(look(seq), sent_at=after))

    assert (stream.resend_next, stream.probe) == (None, True)


def test_a_repetition_under_way_is_not_begun_again():
    stream = an_outbound(resend_next=5, resend_upto=10)

    assert on_ack(stream, an_ack(4, need_from=5, held_min=8), look).resend_next == 5


@pytest.mark.parametrize(("applied", "resend_next"), [(5, 6), (6, 7), (8, None)])
def test_a_repetition_under_way_skips_what_was_applied_meanwhile(applied, resend_next):
    stream = an_outbound(resend_next=5, resend_upto=7)

    assert on_ack(stream, an_ack(applied), look).resend_next == resend_next


@pytest.mark.parametrize("need", [11, 10**9])
def test_what_was_never_sent_cannot_be_asked_for(need):
    stream = on_ack(an_outbound(), an_ack(4, need_from=need), look)

    assert (stream.resend_next, stream.probe) == (None, False)


def test_what_is_asked_for_out_of_place_and_not_kept_is_passed_over():
    stream = on_ack(an_outbound(), an_ack(4, need_from=7), lambda seq: look(seq) if seq < 6 else None)

    assert (stream.resend_next, stream.probe) == (None, False)


def test_an_ack_is_due_at_first_after_news_and_after_half_a_minute():
    inbound = Inbound(peer="630104")
    stream = an_outbound(ack_sent_at=time.now(), ack_said=said(inbound))

    assert ack_due(an_outbound(), inbound, time.now())
    assert not ack_due(stream, inbound, time.now() + timedelta(seconds=29))
    assert ack_due(stream, inbound, time.now() + timedelta(seconds=30))
    assert ack_due(stream, replace(inbound, applied=1), time.now() + timedelta(seconds=0.5))
    assert not ack_due(stream, replace(inbound, applied=1), time.now() + timedelta(seconds=0.4))
    assert ack_due(replace(stream, probe=True), inbound, time.now() + timedelta(seconds=0.5))


def test_a_sign_of_life_is_news_only_while_something_is_missing():
    inbound = Inbound(peer="630104", epoch=MINE, applied=3)
    heard = replace(inbound, heard="ack")

    assert said(inbound) == said(heard)
    assert said(replace(inbound, peer_sent=5)) != said(replace(heard, peer_sent=5))


def test_only_a_time_ordered_id_tells_its_instant():
    assert instant_of("") is None
    assert instant_of("c0ffee00-0000-4000-8000-000000000000") is None
    assert abs(instant_of(time.new_id()) - time.now()) < timedelta(seconds=1)
