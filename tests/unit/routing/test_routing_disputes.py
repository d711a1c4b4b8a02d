"""Objections, disputes and designations between nodes: every copy ends where the holder is (T16–T20)."""

from lianxi.casework.messages import commands as c
from lianxi.casework.messages import dispute as d
from tests.support.builders import CITY, DISTRICT, NUMBER, OFFICE, TOWNSHIP, an_actor
from tests.unit.routing.network_of_nodes import Network

HOUSING = f"{DISTRICT}.housing"
REASONED = {"reasons": "非本单位职权", "basis": "三定"}


def ask(network, node, kind, actor, **fields):
    return network.act(node, kind(case_no=NUMBER, actor=actor, **fields))


def one_state(network):
    states = set(network.states())
    assert len(states) == 1, states
    return states.pop()


def in_dispute(other=OFFICE):
    network = Network().filed()
    network.transfer(DISTRICT, DISTRICT, HOUSING)
    officer = an_actor("U", DISTRICT, HOUSING)
    ask(network, DISTRICT, d.RaiseDispute, officer, parties=(HOUSING, other), paper=REASONED)
    return network, officer


def test_t16_and_t17_a_district_objects_and_the_city_takes_the_case_back():
    network = Network().filed()
    ask(network, DISTRICT, c.ObjectToTransfer, an_actor("D", DISTRICT), proposed_organ="630105", paper=REASONED)

    done = ask(network, CITY, c.UpholdObjection, an_actor("D", CITY))

    assert done.directive_id
    assert [state and state[:2] for state in network.states()[:2]] == [("S02", CITY)] * 2


def test_t16_a_late_objection_is_admitted_from_above_and_refused_t18():
    network = Network().at_the_street()
    for node in network.nodes.values():
        node.clock.advance(days=10)
    ask(network, TOWNSHIP, d.ObjectLate, an_actor("U"), proposed_organ=HOUSING, paper=REASONED)

    ask(network, DISTRICT, d.AdmitLateObjection, an_actor("D", DISTRICT), paper={"reason": "情况特殊"})

    assert one_state(network)[0] == "S07"
    ask(network, DISTRICT, c.RefuseObjection, an_actor("D", DISTRICT), paper={"reason": "属地"})
    assert one_state(network)[0] == "S06"


def test_t20_a_lead_below_the_holder_has_the_case_at_once_and_by_itself():
    network, officer = in_dispute()
    ask(network, DISTRICT, d.ReferDispute, officer, paper={"reason": "协商不成"})

    ask(network, DISTRICT, d.DesignateOrgan, an_actor("DL", DISTRICT), lead=OFFICE, paper={"reason": "属地"})

    assert one_state(network)[:2] == ("S06", TOWNSHIP)
    assert network.township.cases.get(NUMBER).unit == OFFICE


def test_t20_the_conference_of_the_city_gives_a_case_of_the_district_to_an_organ_of_its_own():
    network, officer = in_dispute(f"{CITY}.housing")
    ask(network, DISTRICT, d.ReferDispute, officer, paper={"reason": "协商不成"})
    minutes = {"attended": "市区两级", "minutes": "由市级主办"}

    ask(
        network,
        CITY,
        d.CoordinateDispute,
        an_actor("J", CITY),
        lead=f"{CITY}.housing",
        assists=(HOUSING,),
        paper=minutes,
    )

    case = network.city.cases.get(NUMBER)
    assert (case.state, case.holder, case.unit, case.assists) == ("S06", CITY, f"{CITY}.housing", (HOUSING,))
    assert network.district.cases.get(NUMBER).holder == CITY


def test_t20_a_lead_that_cannot_be_reached_leaves_the_case_with_a_clerk_who_is_told_why():
    network, officer = in_dispute()
    network.district.here = replaced(network.district.here, reachable=lambda _node: False)
    ask(network, DISTRICT, d.ReferDispute, officer, paper={"reason": "协商不成"})

    ask(network, DISTRICT, d.DesignateOrgan, an_actor("D", DISTRICT), lead=OFFICE, paper={"reason": "属地"})

    assert network.district.cases.get(NUMBER).state == "S02"
    assert OFFICE in network.district.sorted[NUMBER][0]


def replaced(here, **more):
    return type(here)(**{**{name: getattr(here, name) for name in here.__slots__}, **more})


def test_t19_a_case_that_comes_back_twice_is_before_the_conference_at_every_node():
    network = Network().filed()
    for _ in range(2):
        if network.city.cases.get(NUMBER).holder == CITY:
            network.transfer(CITY, DISTRICT)
        ask(network, DISTRICT, c.ObjectToTransfer, an_actor("D", DISTRICT), proposed_organ="x", paper=REASONED)
        ask(network, CITY, c.UpholdObjection, an_actor("D", CITY))

    states = network.states()[:2]
    assert [state[:2] for state in states] == [("S08", CITY)] * 2
    assert network.city.cases.get(NUMBER).dispute_node == CITY
