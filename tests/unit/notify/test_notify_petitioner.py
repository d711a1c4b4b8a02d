"""Officers hear what petitioners bring while the case is with them (T45, T54, T55)."""

from datetime import date

import pytest

from lianxi.casework.messages import commands as c
from lianxi.casework.messages import notices as n
from lianxi.casework.messages import petitioner as p
from tests.support.builders import CITY, DISTRICT, NUMBER, OFFICE, TOWNSHIP, Road, an_actor
from tests.unit.notify.post_room import Room, a_contact


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


def told_of_transfers(node, road):
    return [owed for owed in new_at(node, road, {"transfer-notice"}) if owed[1] == "P"]


def sent_to_the_street():
    return Road().received(DISTRICT).registered(DISTRICT).transferred(DISTRICT, TOWNSHIP).delivered(TOWNSHIP)


def test_a_street_that_hands_a_case_to_its_own_office_on_the_same_day_tells_the_petitioner_nothing_new():
    road = sent_to_the_street().transferred(TOWNSHIP, TOWNSHIP, OFFICE)

    assert len(told_of_transfers(DISTRICT, road)) == 1
    assert told_of_transfers(TOWNSHIP, road) == []


@pytest.mark.parametrize("days", [0, 1])
def test_another_organ_or_another_day_is_told_to_the_petitioner(days):
    unit = OFFICE if days else f"{TOWNSHIP}.housing"
    road = sent_to_the_street().wait(days).transferred(TOWNSHIP, TOWNSHIP, unit)

    assert len(told_of_transfers(TOWNSHIP, road)) == 1


def test_what_a_street_registers_itself_is_told_by_the_street():
    road = Road().received(TOWNSHIP).registered(TOWNSHIP).transferred(TOWNSHIP, TOWNSHIP, OFFICE)

    assert len(told_of_transfers(TOWNSHIP, road)) == 1


def test_a_district_that_sends_a_case_on_to_an_organ_of_its_own_names_that_organ():
    road = Road().received().registered().transferred(CITY, DISTRICT).delivered(DISTRICT)
    road.transferred(DISTRICT, DISTRICT, f"{DISTRICT}.housing")

    assert len(told_of_transfers(CITY, road)) == len(told_of_transfers(DISTRICT, road)) == 1


def test_a_wish_that_could_not_be_carried_out_is_told_to_who_said_it_and_to_the_desk():
    facts = {"node": DISTRICT, "wish": "催办", "declared_on": date(2026, 3, 2), "code": "state", "reason": "已撤回。"}
    room = Room(CITY).tell(a_contact(node=CITY))
    room.tell(
        n.WishRefused(case_no=NUMBER, by="petitioner", **facts), n.WishRefused(case_no=NUMBER, by="clerk", **facts)
    )

    owed = [(rule, role) for rule, role, _ in room.owed() if rule.startswith("wish")]
    desk = [("wish-refused-desk", "D"), ("wish-refused-desk", "R")]
    assert sorted(owed) == sorted([("wish-refused", "P"), *desk, *desk])
    words = room.words(next(row for row in room.rows if row.owed.rule == "wish-refused"))
    assert "催办" in words.title
    assert "已撤回。" in words.body
    assert "2026年3月2日" in words.body
