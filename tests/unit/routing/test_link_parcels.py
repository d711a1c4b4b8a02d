"""Frames that travel together: as many as fit, in order, each still a frame of its own."""

import pytest

from services.routing.domain.link_frames import MAX_PARCEL, PARCEL, SEAM, packed, unpacked
from tests.unit.routing.link_world import DISTRICT, TOWN, World


@pytest.mark.parametrize(
    "sizes", [[], [1], [10] * 1000, [MAX_PARCEL * 2], [MAX_PARCEL * 2, 5, 5], [5, MAX_PARCEL, 5, MAX_PARCEL - 6, 5]]
)
def test_every_frame_is_in_one_parcel_in_order_and_none_is_too_large_but_a_single_one(sizes):
    numbered = list(enumerate(sizes))

    parcels = [numbered[part] for part in packed(sizes)]

    assert [frame for parcel in parcels for frame in parcel] == numbered
    assert all(parcel for parcel in parcels)
    assert all(sum(size for _, size in parcel) <= MAX_PARCEL for parcel in parcels if len(parcel) > 1)


def test_what_is_no_parcel_is_one_frame_whatever_is_in_it():
    body = b'{"v": 1,' + SEAM + b'"id": "x"}'

    assert unpacked(body, "630104.custody.case-reported") == [body]
    assert unpacked(b"a" + SEAM + b"b", f"630104.{PARCEL}") == [b"a", b"b"]


class Parcel:
    """What a shovel brings when several frames travel together."""

    def __init__(self, frames):
        self.body, self.headers = SEAM.join(frame.body for frame in frames), dict(frames[0].headers)
        self.routing_key = f"{TOWN}.{PARCEL}"


def frames_of(world, amount):
    for number in range(1, amount + 1):
        world.town.send(DISTRICT, "A", str(number))
    road = world.road(TOWN, DISTRICT)
    frames, road[:] = list(road), []
    return frames


def test_frames_of_a_parcel_are_applied_each_by_its_number():
    world = World()
    frames = frames_of(world, 6)

    world.district.receive([Parcel(frames[:2]), frames[2], Parcel(frames[3:])])

    assert [int(event) for _, event in world.district.from_(TOWN)] == [1, 2, 3, 4, 5, 6]
    world.settle()


def test_a_parcel_that_comes_early_waits_and_one_that_comes_twice_does_nothing():
    world = World()
    frames = frames_of(world, 5)

    world.district.receive([Parcel(frames[2:])])
    held = world.district.held()
    world.district.receive([Parcel(frames[:2])])
    world.district.receive([Parcel(frames[1:4])])

    assert held == 3
    assert [int(event) for _, event in world.district.from_(TOWN)] == [1, 2, 3, 4, 5]


def test_a_line_that_is_no_frame_is_refused_alone():
    world = World()
    frames = frames_of(world, 2)
    parcel = Parcel(frames)
    parcel.body = SEAM.join((frames[0].body, b"what", frames[1].body))

    world.district.receive([parcel])

    assert world.district.refused() == ["undecodable"]
    assert [int(event) for _, event in world.district.from_(TOWN)] == [1, 2]
