"""Officers hear what petitioners bring while the case is with them (T45, T54, T55)."""

from lianxi.casework.messages import commands as c
from lianxi.casework.messages import petitioner as p
from tests.support.builders import CITY, DISTRICT, NUMBER, OFFICE, TOWNSHIP, Road, an_actor
from tests.unit.notify.post_room import Room


def new_at(node, road, since):
    room = Room(node)
    for event in road.events:
        room.tell(event)
    return [owed for owed in room.owed() if owed[0] in since]


BROUGHT = {"brought-to-unit", "brought-to-department", "urged-unit", "completion-lapsed-unit"}


def test_material_and_urging_reach_the_unit_that_has_the_case_and_nobody_above():
    road = Road().at_the_township()
    for command in (p.AddMaterial, p.UrgeCase):
        road.do(command(case_no=NUMBER, actor=an_actor("P"), paper={"text": "另有照片。"}), TOWNSHIP)

    assert new_at(TOWNSHIP, road, BROUGHT) == sorted(
        (rule, role, OFFICE) for rule in ("brought-to-unit", "urged-unit") for role in ("U", "UL")
    )
    assert new_at(CITY, road, BROUGHT) == new_at(DISTRICT, road, BROUGHT) == []


def test_before_it_is_sent_on_the_department_hears_of_it():
    road = Road().received().registered()
    road.do(p.AddMaterial(case_no=NUMBER, actor=an_actor("P", CITY), paper={"text": "另有照片。"}), CITY)

    assert new_at(CITY, road, BROUGHT) == [("brought-to-department", "D", ""), ("brought-to-department", "R", "")]


def test_a_completion_that_did_not_come_is_told_to_who_asked():
    road = Road().at_the_township()
    road.do(c.RequestCompletion(case_no=NUMBER, actor=an_actor("U"), paper={"missing": "身份证明"}), TOWNSHIP)
    road.wait(14).do(p.LapseCompletion(case_no=NUMBER, actor=an_actor("SYS")), TOWNSHIP)

    assert new_at(TOWNSHIP, road, BROUGHT) == [("completion-lapsed-unit", "U", OFFICE)]
