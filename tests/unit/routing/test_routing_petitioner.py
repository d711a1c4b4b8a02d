"""A petitioner acts where the petition was filed; the case is held two levels below (T45, T54 to T56)."""

import pytest

from lianxi.casework.errors import Refused
from lianxi.casework.messages import commands as c
from lianxi.casework.messages import petitioner as p
from lianxi.casework.messages.facts import DocumentKind
from lianxi.casework.messages.notices import RightLapsed
from services.routing.handlers import cases, desk
from tests.support.builders import CITY, NUMBER, TOWNSHIP, an_actor
from tests.unit.routing.network_of_nodes import Network


def asked_for(missing="身份证明"):
    network = Network().at_the_street()
    network.act(TOWNSHIP, c.RequestCompletion(case_no=NUMBER, actor=an_actor("U"), paper={"missing": missing}))
    return network


def states(network):
    return {state and state[0] for state in network.states()}


def test_t45_the_petitioner_sees_what_is_missing_where_it_was_filed_and_answers_there():
    network = asked_for("请补充租赁合同")
    shown = desk.track(network.city, network.city, NUMBER)

    done = network.act(
        CITY, c.ReceiveCompletion(case_no=NUMBER, actor=an_actor("P", CITY), paper={"text": "合同编号2026-5。"})
    )

    assert (shown["state"], shown["missing"]) == ("S09", "请补充租赁合同")
    assert done.directive_id
    assert states(network) == {"S06"}
    number = network.township.cases.get(NUMBER).documents[-1].number
    [kept] = network.township.documents.of(NUMBER, [number])
    assert (kept.kind, kept.paper["text"]) == (DocumentKind.MATERIAL, "合同编号2026-5。")
    assert desk.track(network.city, network.city, NUMBER)["missing"] == ""


def test_t54_and_t55_material_and_urging_reach_the_holder_with_their_words():
    network = Network().at_the_street()

    network.act(CITY, p.AddMaterial(case_no=NUMBER, actor=an_actor("P", CITY), paper={"text": "另有照片。"}))
    network.act(CITY, p.UrgeCase(case_no=NUMBER, actor=an_actor("P", CITY)))

    holder = network.township.cases.get(NUMBER)
    assert [document.kind for document in holder.documents[-2:]] == [DocumentKind.MATERIAL, DocumentKind.URGE]
    labels = [step["label"] for step in desk.track(network.city, network.city, NUMBER)["steps"]]
    assert labels[-2:] == ["补充材料", "催办"]
    with pytest.raises(Refused):
        network.act(CITY, p.UrgeCase(case_no=NUMBER, actor=an_actor("P", CITY)))


def test_t45_a_right_that_lapsed_lets_the_case_go_on_only_when_its_days_have_passed():
    network = asked_for()
    notice = RightLapsed(case_no=NUMBER, clock="SUPPLEMENT", legal_due=network.township.here.clock.today())

    early = cases.lapse(network.township, notice, network.township.here)
    network.township.here.clock.advance(days=15)
    late = cases.lapse(network.township, notice, network.township.here)

    assert (early.state.value, late.state.value) == ("S09", "S06")
