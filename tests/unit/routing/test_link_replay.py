"""Frames packed for a replay, and what a restored node refuses from whoever is no neighbour."""

import pytest

from lianxi.casework.errors import Forbidden, Retryable
from lianxi.casework.messages.replay import ReplayAsked
from services.routing.domain.link_replay import packed_frames, unpacked_frames
from services.routing.handlers import link_replay


def test_packed_frames_come_out_as_they_went_in_however_many_portions_they_need():
    bodies = [f'{{"number":{number},"text":"{"信" * 4000}"}}'.encode() for number in range(100)]

    portions = list(packed_frames(bodies))

    assert len(portions) > 1
    assert [body for text, _ in portions for body in unpacked_frames(text)] == bodies
    assert not any(too_large for _, too_large in portions)


def test_no_frames_are_an_empty_portion():
    assert list(packed_frames([])) == []
    assert list(unpacked_frames("")) == []


@pytest.mark.parametrize("text", ["no base 64!", "aGVsbG8="])
def test_what_is_no_portion_is_named_as_such(text):
    with pytest.raises(ValueError, match=r"frames|base64|padding|Incorrect|characters"):
        unpacked_frames(text)


class End:
    peers = ("630100",)


def test_only_a_neighbour_may_ask():
    with pytest.raises(Forbidden):
        link_replay.take(None, End(), "630105", ReplayAsked(epoch="1.a", after=0))


class Recovering:
    def __init__(self, recovering):
        self.link_book = self
        self._recovering = recovering

    def recovering(self):
        return self._recovering


def test_nobody_acts_while_the_node_gets_its_records_back():
    link_replay.check_whole(Recovering(recovering=False))
    with pytest.raises(Retryable, match="恢复"):
        link_replay.check_whole(Recovering(recovering=True))
