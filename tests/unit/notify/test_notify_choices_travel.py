"""How a petitioner wants to be told follows the case from node to node, and the newest choice holds."""

from dataclasses import fields, replace
from datetime import timedelta

import pytest

from lianxi.casework.messages import notices as n
from services.notify.domain.choices import Choice
from services.notify.domain.rules import Channel
from services.notify.handlers import choose, follow_custody
from tests.support.builders import CITY, DISTRICT, NUMBER, TOWNSHIP, Road
from tests.unit.notify.post_room import Incoming, Room

WANTED = Choice(case_no=NUMBER, channels=(Channel.LETTER, Channel.MAIL), language="bo", electronic=True)


def chosen_at(room):
    choose(WANTED, room.work, room.desk, room.wall.now())
    return room.work.recorded[-1]


def arrived(told, **more):
    same = {field.name: getattr(told, field.name) for field in fields(n.NoticeChoice)}
    return n.NoticeChoiceArrived(**same | more)


def follow(room, *messages):
    follow_custody([Incoming(f"event-{place}", each) for place, each in enumerate(messages)], room.work, room.desk)


def kept(room):
    return room.work.choices.get([NUMBER]).get(NUMBER)


def test_a_choice_is_told_when_it_is_made_and_holds_where_it_arrives():
    city, street = Room(CITY), Room(TOWNSHIP)

    told = chosen_at(city)
    follow(street, arrived(told))

    assert kept(street) == kept(city)
    assert kept(street).channels == (Channel.LETTER, Channel.MAIL)
    assert street.work.recorded == [], "what came from elsewhere is not sent back"


@pytest.mark.parametrize(("later", "language"), [(1, "ug"), (0, "bo"), (-1, "bo")])
def test_only_a_newer_choice_takes_the_place_of_one(later, language):
    street = Room(TOWNSHIP)
    told = chosen_at(street)

    follow(street, arrived(told, language="ug", chosen_at=told.chosen_at + timedelta(seconds=later)))

    assert kept(street).language == language


def test_the_next_holder_is_told_when_custody_moves_and_nobody_when_it_comes_here():
    road = Road().received().registered().transferred(CITY, DISTRICT).delivered(DISTRICT)
    delivered = road.events[-1]
    city, district = Room(CITY), Room(DISTRICT)
    for room in (city, district):
        room.work.choices.save(replace(WANTED, chosen_at=room.wall.now()))
        follow(room, delivered)

    assert [type(told) for told in city.work.recorded] == [n.NoticeChosen]
    assert district.work.recorded == []


def test_of_a_case_without_a_choice_nothing_is_told():
    road = Road().received().registered().transferred(CITY, DISTRICT).delivered(DISTRICT)
    city = Room(CITY)

    follow(city, road.events[-1])

    assert city.work.recorded == []
