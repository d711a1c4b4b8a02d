"""A call-back crosses nodes: the city's department was rated, the case is held two levels below (T58, PR-23)."""

import pytest

from lianxi.casework.errors import Refused
from lianxi.casework.messages import petitioner as p
from services.routing.handlers import desk
from tests.support.builders import CITY, DISTRICT, NUMBER, TOWNSHIP, an_actor
from tests.unit.routing.network_of_nodes import Network, replied

SAID = "仍然要求书面说明"


def call_back(network, node, *, reached=True):
    called_on = network.city.here.clock.today()
    paper = {"caller": "李强", "said": SAID, "result_of_call": "书面说明"}
    return network.act(
        node,
        p.RecordCallBack(
            case_no=NUMBER,
            actor=an_actor("R", node),
            rated=p.Rated.DEPARTMENT,
            called_on=called_on,
            reached=reached,
            paper=paper,
        ),
    )


def rated():
    network = Network()
    replied(network)
    rating = {"rated": p.Rated.DEPARTMENT, "rating": p.Rating.DISSATISFIED}
    network.act(CITY, p.RateCase(case_no=NUMBER, actor=an_actor("P", CITY), **rating))
    return network


def owed(node):
    page = desk.show_case(node, node, NUMBER, an_actor("R", node.here.node), node.here)
    return page["call_backs"], "record-call-back" in {act["act"] for act in page["acts"]}


def test_the_departments_call_back_is_recorded_above_and_stands_in_the_history_of_the_holder():
    network = rated()
    before = {name: owed(node) for name, node in network.nodes.items()}

    done = call_back(network, CITY)

    assert [before[name][1] for name in (CITY, DISTRICT, TOWNSHIP)] == [True, False, False]
    assert [call["node"] for call in before[TOWNSHIP][0]] == [CITY]
    assert done.directive_id
    assert [owed(node) for node in network.nodes.values()] == [([], False)] * 3
    number = network.township.cases.get(NUMBER).documents[-1].number
    [kept] = network.township.documents.of(NUMBER, [number])
    assert kept.paper["said"] == SAID


def test_a_node_that_was_not_rated_records_no_call_back():
    network = rated()

    with pytest.raises(Refused):
        call_back(network, DISTRICT)

    assert owed(network.city)[0]
