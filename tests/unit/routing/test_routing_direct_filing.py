"""What an officer of an organ took in opens at the organ (T22); what does not belong there, at the department."""

from dataclasses import replace

import pytest

from lianxi.casework.errors import GuardRefused
from lianxi.casework.messages.direct_filing import ForwardInSystem, TellCompetentOrgan
from lianxi.casework.messages.facts import PetitionClass, Role
from services.routing.handlers import cases, desk
from tests.support.builders import CITY, DISTRICT, NUMBER, TOWNSHIP, an_actor
from tests.unit.routing.desk_of_routing import Node, a_finding, to
from tests.unit.routing.network_of_nodes import Network, a_contact

BUREAU = f"{DISTRICT}.housing"
OFFICER = an_actor("U", DISTRICT, BUREAU)


def filed(node, **more):
    contact = a_contact(DISTRICT, **{"registered_by": OFFICER, "channel": "VISIT", **more})
    cases.open_cases(node, [contact], node.here)
    return node.cases.get(NUMBER)


def test_an_organs_officer_opens_it_at_the_organ_whatever_the_rules_would_send_where():
    node = Node(DISTRICT, a_finding(settled=False, why="不够确定", target=to(TOWNSHIP)))

    case = filed(node)

    assert (case.state, case.unit, case.holder) == ("S06", BUREAU, DISTRICT)
    assert [event.MESSAGE.name for event in node.recorded] == ["case-received", "case-registered", "filed-at-organ"]
    assert {event.head.actor.person for event in node.recorded} == {OFFICER.person}


def test_where_the_rules_find_no_category_the_organs_own_work_stands_in():
    node = Node(DISTRICT, a_finding(category=(), place="", settled=False))

    case = filed(node)

    assert (case.category, case.place) == (("党务政务",), DISTRICT)
    assert "未能识别内容分类" in node.recorded[1].reasons[-1].text


def test_what_may_be_an_accusation_comes_to_the_petition_department():
    node = Node(DISTRICT, a_finding(petition_class=PetitionClass.ACCUSATION, settled=False))

    case = filed(node)

    assert (case.state, case.unit) == ("S01", "")
    assert node.recorded[0].head.actor.role is Role.PETITIONER


def test_what_an_unknown_organ_took_in_is_not_lost():
    node = Node(DISTRICT, a_finding())

    case = filed(node, registered_by=an_actor("U", DISTRICT, f"{DISTRICT}.gone"))

    assert (case.state, case.unit) == ("S02", "")


def test_an_officers_contact_comes_once():
    node = Node(DISTRICT, a_finding())
    first = filed(node)

    assert filed(node) is first


def test_what_a_lower_organ_is_competent_for_goes_there_over_the_link_and_its_petitioner_sees_it():
    network = Network(district=a_finding())
    network.filed(DISTRICT, registered_by=OFFICER)

    network.act(DISTRICT, ForwardInSystem(case_no=NUMBER, actor=OFFICER, to_organ=f"{TOWNSHIP}.housing"))

    assert network.states() == [("S06", TOWNSHIP, 5)] * 3
    steps = desk.track(network.township, network.township, NUMBER)["steps"]
    assert [step["label"] for step in steps] == [
        "机关、单位收到",
        "登记",
        "机关直接收件",
        "转送本系统下级机关",
        "送达签收",
    ]


def test_what_the_lower_server_does_not_take_stays_with_the_organ():
    network = Network(district=a_finding())
    network.filed(DISTRICT, registered_by=an_actor("U", DISTRICT, f"{DISTRICT}.housing"))
    closed = replace(network.township.here, units=lambda: frozenset({f"{TOWNSHIP}.office"}))
    network.township.here = closed

    network.act(DISTRICT, ForwardInSystem(case_no=NUMBER, actor=OFFICER, to_organ=f"{TOWNSHIP}.housing"))

    assert network.district.cases.get(NUMBER).state == "S06"
    assert network.district.cases.get(NUMBER).unit == BUREAU


def test_nothing_is_sent_to_a_node_that_has_not_joined():
    node = Node(DISTRICT, a_finding(), joined=[DISTRICT])
    filed(node)

    forward = ForwardInSystem(case_no=NUMBER, actor=OFFICER, to_organ=f"{TOWNSHIP}.housing")
    with pytest.raises(GuardRefused) as caught:
        cases.carry_out(node, node.here, node.cases.get(NUMBER), forward)

    assert caught.value.guard == "node_joined"
    assert node.cases.get(NUMBER).state == "S06"


def test_a_petitioner_who_is_told_where_to_go_finds_it_in_the_progress():
    node = Node(CITY, a_finding())
    officer = an_actor("U", CITY, f"{CITY}.housing")
    cases.open_cases(node, [a_contact(CITY, registered_by=officer)], node.here)

    tell = TellCompetentOrgan(case_no=NUMBER, actor=officer, paper={"organ": "省教育厅"})
    cases.carry_out(node, node.here, node.cases.get(NUMBER), tell)

    shown = desk.track(node, node, NUMBER)
    assert (shown["state"], shown["steps"][-1]["label"]) == ("S22", "告知向有权机关提出")
