"""Custody between three nodes in memory: offers, answers, reports, copies, directives."""

import pytest

from lianxi.casework.errors import GuardRefused
from lianxi.casework.messages import commands as c
from lianxi.casework.messages.custody import CustodyAnswered, CustodyOffered
from lianxi.casework.messages.facts import PetitionClass
from lianxi.casework.messages.final_review import AdmitFinalReview, DecideFinalReview, DeclineFinalReview
from lianxi.casework.messages.notices import DirectiveNotice, DossierReceived, RightLapsed
from services.routing.handlers import cases, desk
from services.routing.handlers.delivery import deliver_all
from services.routing.handlers.directives import do
from tests.support.builders import CITY, DISTRICT, NUMBER, OFFICE, OPINION, RT6, TOWNSHIP, Road, an_actor
from tests.unit.routing.desk_of_routing import Node, a_finding, to
from tests.unit.routing.network_of_nodes import Network, a_contact, answered, object_to, replied


def test_a_case_goes_down_by_rule_and_every_level_holds_the_same_history():
    network = Network().filed()

    assert network.states()[:2] == [("S02", DISTRICT, 4)] * 2
    assert network.city.cases.history(NUMBER) == network.district.cases.history(NUMBER)
    assert [event.head.seq for event in network.district.recorded] == [1, 2, 3, 4]
    assert network.district.texts[NUMBER].text == "请修路"
    assert [type(notice) for notice in network.district.told] == [DossierReceived]


def test_both_sides_keep_a_receipt_of_the_hand_off():
    network = Network().filed()

    (offer_id,) = network.city.receipts.kept
    assert network.city.receipts.kept[offer_id] == ["out", True, ""]
    assert network.district.receipts.kept[offer_id] == ["in", True, ""]


def test_a_contact_told_twice_opens_one_case():
    network = Network().filed().filed()

    assert len(network.city.cases.history(NUMBER)) == 4


def test_what_the_rules_cannot_settle_waits_with_its_reason():
    network = Network(city=a_finding(settled=False, why="没有识别出内容分类")).filed()

    assert network.states()[0][0] == "S01"
    assert network.city.sorted[NUMBER][0] == "没有识别出内容分类"


def test_a_repeat_petitioner_waits_for_a_registrar_unless_one_has_compared():
    network = Network(city=a_finding()).filed()
    network.filed(number="63010000020260302W00002")
    network.filed(number="63010000020260302W00003", same_matter_checked=True, registered_by=an_actor("R", CITY))

    assert NUMBER in network.city.sorted["63010000020260302W00002"][0]
    assert network.city.cases.get("63010000020260302W00003").state.value == "S02"


@pytest.mark.parametrize(
    "found",
    [
        a_finding(target=to(DISTRICT, automatic=False)),
        a_finding(target=to(DISTRICT), petition_class=PetitionClass.ACCUSATION),
        a_finding(),
    ],
    ids=["a proposal only", "an accusation", "no target"],
)
def test_what_may_not_go_by_rule_stays(found):
    assert Network(city=found).filed().states()[0][:2] == ("S02", CITY)


def test_nothing_is_sent_to_a_node_that_has_not_joined():
    city = Node(CITY, a_finding(target=to(DISTRICT)), joined={CITY})
    cases.open_case(city, a_contact(), city.here)

    assert (city.cases.get(NUMBER).state.value, city.sent) == ("S02", [])
    with pytest.raises(GuardRefused, match="尚未接入"):
        do(
            city,
            "transfer-case",
            c.TransferCase(case_no=NUMBER, actor=an_actor("D", CITY), to_node=DISTRICT),
            city.here,
        )


def test_an_answer_at_the_street_is_seen_at_every_level_without_texts_above():
    network = Network().at_the_street()
    network.act(TOWNSHIP, c.AcceptCase(case_no=NUMBER, actor=an_actor("U"), paper={"path": "信访程序"}))
    network.act(TOWNSHIP, c.ClassifyCase(case_no=NUMBER, actor=an_actor("U"), claims=RT6))

    assert network.states() == [("S11", TOWNSHIP, 8)] * 3
    assert all("信访程序" not in text for text in network.city.cases.history(NUMBER))
    assert any("信访程序" in document.paper.values() for document in network.district.documents.of(NUMBER))


def test_a_node_that_never_held_a_case_gets_no_document_texts():
    network = Network(township=a_finding(target=to(TOWNSHIP, OFFICE))).filed(TOWNSHIP)
    network.act(TOWNSHIP, c.AcceptCase(case_no=NUMBER, actor=an_actor("U"), paper={"path": "信访程序"}))

    assert network.states() == [("S10", TOWNSHIP, 5)] * 3
    assert network.district.documents.of(NUMBER) == ()
    assert NUMBER not in network.district.texts


def test_a_direct_transfer_leaves_a_copy_with_the_skipped_level():
    network = Network(city=a_finding()).filed()
    network.transfer(CITY, TOWNSHIP, OFFICE, direct=True)

    assert network.states() == [("S06", TOWNSHIP, 4)] * 3
    assert DirectiveNotice(case_no=NUMBER, node=TOWNSHIP, kind="copy", code="direct-transfer") in network.district.told


def test_a_case_that_goes_back_over_a_level_leaves_no_copy_there_that_says_it_is_on_its_way():
    network = Network(city=a_finding()).filed()
    network.transfer(CITY, TOWNSHIP, OFFICE, direct=True)
    object_to(network)
    told = len(network.district.told)

    network.act(CITY, c.UpholdObjection(case_no=NUMBER, actor=an_actor("D", CITY)))

    assert len(set(network.states())) == 1
    assert network.states()[1][:2] == ("S02", CITY)
    assert not network.district.cases.get(NUMBER).in_transfer
    assert not any(getattr(notice, "kind", "") == "copy" for notice in network.district.told[told:])


def test_a_street_that_does_not_know_the_organ_refuses_and_the_sender_routes_anew():
    network = Network().filed()
    network.transfer(DISTRICT, TOWNSHIP, f"{TOWNSHIP}.closed")

    assert network.states()[1] == ("S02", DISTRICT, 6)
    assert network.states()[2] is None
    (receipt,) = network.township.receipts.kept.values()
    assert receipt[1:] == [False, "invalid"]
    assert network.district.told[-1].kind == "transfer-refused"


def test_an_upheld_objection_travels_as_a_directive_and_the_case_comes_back():
    network = Network().at_the_street()
    object_to(network)

    done = network.act(DISTRICT, c.UpholdObjection(case_no=NUMBER, actor=an_actor("D", DISTRICT)))

    assert done.directive_id
    assert network.states() == [("S02", DISTRICT, 9)] * 3
    assert network.district.cases.get(NUMBER).documents[-1].number.startswith("城西信")
    assert network.district.told[-1].kind == "directive-done"
    assert {row[1].done for row in network.district.directives.kept.values()} == {True}


def test_a_case_that_came_back_can_go_down_again():
    network = Network().at_the_street()
    object_to(network)
    network.act(DISTRICT, c.UpholdObjection(case_no=NUMBER, actor=an_actor("D", DISTRICT)))

    network.transfer(DISTRICT, TOWNSHIP, OFFICE)

    assert network.states() == [("S06", TOWNSHIP, 11)] * 3


def test_a_directive_the_holder_can_no_longer_carry_out_is_answered_with_the_reason():
    network = Network().at_the_street()
    object_to(network)
    uphold = c.UpholdObjection(case_no=NUMBER, actor=an_actor("D", DISTRICT))
    do(network.district, "uphold-objection", uphold, network.district.here)
    withdraw = c.WithdrawCase(case_no=NUMBER, actor=an_actor("P"), free_will_recorded=True)
    do(network.township, "withdraw-case", withdraw, network.township.here)

    network.run()

    assert network.states() == [("S62", TOWNSHIP, 8)] * 3
    assert network.district.told[-1] == DirectiveNotice(
        case_no=NUMBER, node=TOWNSHIP, kind="directive-refused", code="guard-refused"
    )


def test_a_guard_is_told_at_once_when_the_copy_already_shows_it():
    network = Network().at_the_street()

    with pytest.raises(GuardRefused):
        network.act(DISTRICT, c.UpholdObjection(case_no=NUMBER, actor=an_actor("D", DISTRICT)))


@pytest.mark.parametrize(
    ("node", "command"),
    [
        (DISTRICT, c.AcceptCase(case_no=NUMBER, actor=an_actor("U", DISTRICT))),
        (CITY, c.AcceptCase(case_no=NUMBER, actor=an_actor("U", CITY))),
    ],
)
def test_only_decisions_of_a_superior_are_directives(node, command):
    network = Network().at_the_street()

    with pytest.raises(GuardRefused) as caught:
        network.act(node, command)

    assert caught.value.guard == "holds_custody"


def test_a_lower_node_cannot_direct_an_upper_one():
    network = Network().filed()
    network.transfer(DISTRICT, TOWNSHIP, OFFICE)
    object_to(network)
    network.act(DISTRICT, c.UpholdObjection(case_no=NUMBER, actor=an_actor("D", DISTRICT)))

    decide = c.RefuseObjection(case_no=NUMBER, actor=an_actor("D", TOWNSHIP), paper={"reason": "属其职权"})
    with pytest.raises(GuardRefused):
        network.act(TOWNSHIP, decide)


def test_a_review_is_decided_above_and_carried_out_below():
    network = replied(Network())
    today = network.township.clock.today()
    network.act(TOWNSHIP, c.RequestReview(case_no=NUMBER, actor=an_actor("P"), received_on=today))
    network.act(DISTRICT, c.AdmitReview(case_no=NUMBER, actor=an_actor("RV", DISTRICT)))
    decide = c.DecideReview(
        case_no=NUMBER, actor=an_actor("RV", DISTRICT), disposition="UPHOLD", service=Road().proof(), paper=OPINION
    )
    network.act(DISTRICT, decide)

    assert {state[0] for state in network.states()} == {"S32"}


def test_t39_t40_the_last_instance_decides_at_the_city_and_the_street_carries_it_out():
    network = replied(Network())
    today = network.township.clock.today()
    reviewer, final = an_actor("RV", DISTRICT), an_actor("FV", CITY)
    network.act(TOWNSHIP, c.RequestReview(case_no=NUMBER, actor=an_actor("P"), received_on=today))
    network.act(DISTRICT, c.AdmitReview(case_no=NUMBER, actor=reviewer))
    upheld = {"disposition": "UPHOLD", "service": Road().proof(), "paper": OPINION}
    network.act(DISTRICT, c.DecideReview(case_no=NUMBER, actor=reviewer, **upheld))
    network.act(TOWNSHIP, c.RequestFinalReview(case_no=NUMBER, actor=an_actor("P"), received_on=today))
    with pytest.raises(GuardRefused):
        network.act(DISTRICT, AdmitFinalReview(case_no=NUMBER, actor=an_actor("FV", DISTRICT)))

    network.act(CITY, AdmitFinalReview(case_no=NUMBER, actor=final))
    network.act(CITY, DecideFinalReview(case_no=NUMBER, actor=final, **upheld))

    assert {state[:2] for state in network.states()} == {("S60", TOWNSHIP)}
    opinion = network.city.cases.get(NUMBER).documents[-1]
    assert (opinion.kind.value, opinion.signer) == ("核", final.person)
    steps = [step["label"] for step in desk.track(network.city, network.city, NUMBER)["steps"]]
    assert steps[-4:] == ["申请复核", "受理复核申请", "复核意见已送达", "三级终结"]


def test_who_is_asked_for_a_review_reads_the_documents_of_a_case_that_he_never_had():
    network = Network(township=a_finding(target=to(TOWNSHIP, OFFICE))).filed(TOWNSHIP)
    answered(network)
    today, reviewer = network.township.clock.today(), an_actor("RV", DISTRICT)
    assert papers(network.district) == papers(network.city) == {}

    network.act(
        TOWNSHIP, c.RequestReview(case_no=NUMBER, actor=an_actor("P"), received_on=today, paper={"text": "不服"})
    )
    assert (papers(network.district)["意"], papers(network.district)["查申"]) == (OPINION, {"text": "不服"})
    assert papers(network.city) == {}

    network.act(DISTRICT, c.AdmitReview(case_no=NUMBER, actor=reviewer))
    upheld = {"disposition": "UPHOLD", "service": Road().proof(), "paper": OPINION}
    network.act(DISTRICT, c.DecideReview(case_no=NUMBER, actor=reviewer, **upheld))
    assert papers(network.city) == {}
    network.act(TOWNSHIP, c.RequestFinalReview(case_no=NUMBER, actor=an_actor("P"), received_on=today))

    assert set(papers(network.city)) == set(papers(network.township)) - {"稿"}
    network.act(CITY, AdmitFinalReview(case_no=NUMBER, actor=an_actor("FV", CITY), paper={"text": "受理"}))
    assert papers(network.city)["核受"] == {"text": "受理"}


def papers(node):
    """The texts of documents at a node, by kind; drafts of an opinion apart."""
    return {"稿" if item.number.startswith("稿") else item.kind: dict(item.paper) for item in node.documents.of(NUMBER)}


def test_t49_a_refusal_of_the_last_instance_ends_the_case_where_it_is_held():
    network = replied(Network())
    today, reviewer = network.township.clock.today(), an_actor("RV", DISTRICT)
    network.act(TOWNSHIP, c.RequestReview(case_no=NUMBER, actor=an_actor("P"), received_on=today))
    network.act(DISTRICT, c.AdmitReview(case_no=NUMBER, actor=reviewer))
    upheld = {"disposition": "UPHOLD", "service": Road().proof(), "paper": OPINION}
    network.act(DISTRICT, c.DecideReview(case_no=NUMBER, actor=reviewer, **upheld))
    network.act(TOWNSHIP, c.RequestFinalReview(case_no=NUMBER, actor=an_actor("P"), received_on=today))
    final = {"case_no": NUMBER, "actor": an_actor("FV", CITY)}

    with pytest.raises(GuardRefused):
        network.act(CITY, DeclineFinalReview(ground="because", **final))
    network.act(CITY, DeclineFinalReview(ground="out-of-scope", **final))

    assert {state[:2] for state in network.states()} == {("S61", TOWNSHIP)}
    assert network.township.cases.get(NUMBER).documents[-1].signer == final["actor"].person


def test_a_hand_back_that_the_sender_cannot_take_is_decided_anew():
    network = Network().at_the_street()
    object_to(network)
    district, street = network.district, network.township
    uphold = c.UpholdObjection(case_no=NUMBER, actor=an_actor("D", DISTRICT))
    do(district, "uphold-objection", uphold, district.here)
    deliver_all(street, [(DISTRICT, message) for _, message in district.take_sent()], street.here)
    sent = [message for _, message in street.take_sent()]
    offer = next(message for message in sent if isinstance(message, CustodyOffered))
    deliver_all(district, [(TOWNSHIP, message) for message in sent if message is not offer], district.here)
    refusal = CustodyAnswered(
        offer_id=offer.transfer.offer_id,
        case_no=NUMBER,
        from_node=TOWNSHIP,
        to_node=DISTRICT,
        accepted=False,
        epoch=offer.epoch,
        answered_at=street.clock.now(),
        code="history-differs",
    )

    deliver_all(street, [(DISTRICT, refusal)], street.here)
    network.run()

    assert {state[:2] for state in network.states()} == {("S07", TOWNSHIP)}
    network.act(DISTRICT, uphold)
    assert {state[:2] for state in network.states()} == {("S02", DISTRICT)}


def test_a_right_that_ran_out_closes_the_case_at_its_holder_only():
    network = replied(Network())
    notice = RightLapsed(case_no=NUMBER, clock="ASK_REVIEW", legal_due=network.city.clock.today())
    for node in network.nodes.values():
        assert cases.lapse(node, notice, node.here) is None or node is network.township
        node.clock.advance(days=40)
        cases.lapse(node, notice, node.here)
    network.run()

    assert {state[:2] for state in network.states()} == {("S61", TOWNSHIP)}
    unknown = RightLapsed(case_no="63010000020260302W09999", clock="ASK_REVIEW", legal_due=notice.legal_due)
    assert cases.lapse(network.city, unknown, network.city.here) is None


def test_a_report_accepted_after_the_right_ran_out_closes_the_case():
    network = replied(Network(), assigned=True)
    report = c.FileReport(case_no=NUMBER, actor=an_actor("U"), paper={"facts": "属实", "result": "解决"})
    network.act(TOWNSHIP, report)
    for node in network.nodes.values():
        node.clock.advance(days=40)

    network.act(DISTRICT, c.AcceptReport(case_no=NUMBER, actor=an_actor("D", DISTRICT)))

    assert {state[0] for state in network.states()} == {"S61"}
