"""The road of a case through the table: each transition of the built road, and the state it leads to."""

from datetime import timedelta

import pytest

from lianxi.casework import chain
from lianxi.casework.case.evolve import replay
from lianxi.casework.case.state import Case, final_reviewing_node, reviewing_node
from lianxi.casework.errors import GuardRefused
from lianxi.casework.messages import commands as c
from lianxi.casework.messages.facts import CaseState, Disposition, PetitionClass
from lianxi.casework.transitions import ClockEffects, clock_effects
from tests.support.builders import CITY, DISTRICT, NUMBER, OFFICE, TOWNSHIP, Road, an_actor


def state(road):
    return road.case.state.value


def test_t1_a_petitioner_files_on_the_web_and_the_case_waits_for_registration():
    road = Road().received()

    assert (state(road), road.case.holder, road.case.epoch, road.case.seq) == ("S01", CITY, 1, 1)
    assert road.events[0].head.act == "T1"


def test_t2_a_registrar_records_a_visit():
    road = Road().received(actor=an_actor("R", CITY), channel="VISIT", persons=7, representatives=3)

    assert (state(road), road.events[0].head.act) == ("S01", "T2")


def test_t3_registration_settles_class_category_place_and_claims():
    road = Road().received().registered()

    assert state(road) == "S02"
    assert (road.case.category, road.case.place) == (("城乡建设",), TOWNSHIP)


def test_t4_a_later_case_of_the_same_petitioner_joins_the_earlier_open_one():
    earlier = Road("63010000020260301W00009").wait(-1).received().registered()
    road = Road().received().registered()

    merge = c.MergeCase(case_no=NUMBER, actor=an_actor("D", CITY), into=earlier.case.case_no)
    road.do(merge, CITY, earlier=earlier.case)

    assert (state(road), road.case.merged_into) == ("S63", earlier.case.case_no)


def test_t12_an_organ_of_the_same_node_has_the_case_at_once_and_custody_stays():
    road = Road().received().registered().transferred(CITY, CITY, f"{CITY}.housing")

    assert (state(road), road.case.unit, road.case.holder, road.case.epoch) == ("S06", f"{CITY}.housing", CITY, 1)
    assert [event.head.act for event in road.events[-2:]] == ["T12", "T15"]


def test_t13_and_t15_each_hop_down_moves_custody_once_and_raises_the_epoch():
    road = Road().received().registered().transferred(CITY, DISTRICT)

    assert (state(road), road.case.holder, road.case.in_transfer) == ("S04", CITY, True)

    road.delivered(DISTRICT)

    assert (state(road), road.case.holder, road.case.epoch, road.case.in_transfer) == ("S02", DISTRICT, 2, False)

    road.transferred(DISTRICT, TOWNSHIP, OFFICE).delivered(TOWNSHIP)

    assert (state(road), road.case.holder, road.case.unit, road.case.epoch) == ("S06", TOWNSHIP, OFFICE, 3)
    assert road.case.path == (CITY, DISTRICT, TOWNSHIP)


def test_t13_a_direct_transfer_skips_the_district():
    road = Road().received().registered().transferred(CITY, TOWNSHIP, OFFICE, direct=True).delivered(TOWNSHIP)

    assert (state(road), road.case.path) == ("S06", (CITY, TOWNSHIP))


def test_t14_an_assignment_sets_the_day_for_the_report():
    road = Road().at_the_township(assigned=True)

    assert (state(road), road.case.assigned_by) == ("S06", DISTRICT)
    assert road.case.report_due == road.today + timedelta(days=45)


def test_t50_a_refused_transfer_comes_back_to_the_sender():
    road = Road().received().registered().transferred(CITY, DISTRICT)

    road.do(c.RefuseTransfer(case_no=NUMBER, actor=an_actor("SYS", CITY), code="invalid"), CITY)

    assert (state(road), road.case.holder, road.case.in_transfer, road.case.epoch) == ("S02", CITY, False, 1)


def test_t50_a_refused_transfer_of_an_assigned_case_leaves_the_assignment_alone():
    road = Road().received().registered().assigned(CITY, DISTRICT).delivered(DISTRICT).transferred(DISTRICT, TOWNSHIP)

    road.do(c.RefuseTransfer(case_no=NUMBER, actor=an_actor("SYS", DISTRICT), code="invalid"), DISTRICT)

    assert (road.case.assigned_by, "ASSIGN_RPT" in clock_effects(road.events[-1]).cancels) == (CITY, False)


def object_to(road, **more):
    facts = {"paper": {"reasons": "非本单位职权", "basis": "三定方案"}, "proposed_organ": f"{DISTRICT}.housing"}
    return road.do(c.ObjectToTransfer(case_no=NUMBER, actor=an_actor("U"), **{**facts, **more}), TOWNSHIP)


def test_t16_and_t17_an_upheld_objection_brings_the_case_back_to_the_sender():
    road = object_to(Road().at_the_township())

    assert state(road) == "S07"

    road.do(c.UpholdObjection(case_no=NUMBER, actor=an_actor("D", DISTRICT)), TOWNSHIP)

    assert (state(road), road.case.holder, road.case.transfer.to_node) == ("S07", TOWNSHIP, DISTRICT)

    road.do(c.TakeBack(case_no=NUMBER, actor=an_actor("SYS", DISTRICT)), DISTRICT)

    assert (state(road), road.case.holder, road.case.epoch, road.case.unit) == ("S02", DISTRICT, 4, "")


def test_t17_within_one_node_the_case_is_back_at_once():
    road = Road().received().registered().transferred(CITY, CITY, f"{CITY}.housing")
    officer = an_actor("U", CITY, f"{CITY}.housing")
    paper = {"reasons": "职责不在", "basis": "三定"}
    road.do(c.ObjectToTransfer(case_no=NUMBER, actor=officer, paper=paper, proposed_organ="x"), CITY)

    road.do(c.UpholdObjection(case_no=NUMBER, actor=an_actor("D", CITY)), CITY)

    assert (state(road), road.case.epoch, road.case.in_transfer) == ("S02", 1, False)


def test_t50_a_hand_back_that_the_sender_cannot_take_is_decided_anew():
    road = object_to(Road().at_the_township())
    refuse = c.RefuseTransfer(case_no=NUMBER, actor=an_actor("SYS"), code="history-differs")
    with pytest.raises(GuardRefused) as caught:
        road.do(refuse, TOWNSHIP)
    assert caught.value.guard == "hand_back_under_way"
    uphold = c.UpholdObjection(case_no=NUMBER, actor=an_actor("D", DISTRICT))

    road.do(uphold, TOWNSHIP).do(refuse, TOWNSHIP)

    assert (state(road), road.case.holder, road.case.in_transfer) == ("S07", TOWNSHIP, False)
    assert clock_effects(road.events[-1]).reopens == ("OBJ_DECIDE",)
    assert road.do(uphold, TOWNSHIP).case.in_transfer


@pytest.mark.parametrize("assigner", [CITY, DISTRICT])
def test_t17_taking_a_case_back_ends_the_takers_own_assignment_and_no_other(assigner):
    road = Road().received().registered()
    if assigner == CITY:
        road.assigned(CITY, DISTRICT).delivered(DISTRICT).transferred(DISTRICT, TOWNSHIP, OFFICE).delivered(TOWNSHIP)
    else:
        road.transferred(CITY, DISTRICT).delivered(DISTRICT).assigned(DISTRICT, TOWNSHIP, OFFICE).delivered(TOWNSHIP)
    object_to(road).do(c.UpholdObjection(case_no=NUMBER, actor=an_actor("D", DISTRICT)), TOWNSHIP)

    road.do(c.TakeBack(case_no=NUMBER, actor=an_actor("SYS", DISTRICT)), DISTRICT)

    ended = assigner == DISTRICT
    assert (road.case.assigned_by == "", road.case.report_due is None) == (ended, ended)
    assert ("ASSIGN_RPT" in clock_effects(road.events[-1]).cancels) is ended


def test_t18_a_refused_objection_leaves_the_case_with_the_organ():
    road = object_to(Road().at_the_township())

    road.do(
        c.RefuseObjection(case_no=NUMBER, actor=an_actor("D", DISTRICT), paper={"reason": "属你单位职权"}), TOWNSHIP
    )

    assert (state(road), road.case.objections) == ("S06", 1)


def test_t21_and_t24_accepted_and_classified_the_case_is_handled():
    road = Road().handling()

    assert (state(road), road.case.accepted_on) == ("S11", road.today)


def test_t30_handling_is_extended_once():
    road = Road().handling().wait(50)

    road.do(c.ExtendHandling(case_no=NUMBER, actor=an_actor("UL"), days=30, paper={"reason": "情况复杂"}), TOWNSHIP)

    assert (state(road), road.case.extension_days) == ("S11", 30)


def test_t31_and_t46_a_draft_is_submitted_returned_and_signed():
    road = Road().handling().submitted()

    assert state(road) == "S14"

    road.do(c.ReturnOpinion(case_no=NUMBER, actor=an_actor("UL")), TOWNSHIP)

    assert state(road) == "S11"

    road.submitted().signed()

    assert (state(road), road.case.signed_on) == ("S15", road.today)


def test_t32_the_opinion_is_served_with_proof():
    road = Road().replied()

    assert (state(road), road.case.served_on) == ("S16", road.today)


def test_t51_another_document_is_served_with_proof_and_moves_neither_state_nor_clock():
    road = Road().handling()
    before, notice = state(road), road.case.documents[-1].number
    road.document_served(notice)

    assert (state(road), road.case.served_documents) == (before, (notice,))
    assert clock_effects(road.events[-1]) == ClockEffects()


def test_t33_t34_t47_a_report_is_returned_filed_again_and_accepted():
    road = Road().replied(assigned=True)
    report = c.FileReport(case_no=NUMBER, actor=an_actor("U"), paper={"facts": "已修复", "result": "群众认可"})
    road.do(report, TOWNSHIP)

    assert state(road) == "S50"

    road.do(c.ReturnReport(case_no=NUMBER, actor=an_actor("D", DISTRICT), paper={"reason": "缺照片"}), TOWNSHIP)

    assert state(road) == "S51"

    road.do(report, TOWNSHIP)

    assert (state(road), road.events[-1].head.act) == ("S50", "T47")

    road.do(c.AcceptReport(case_no=NUMBER, actor=an_actor("D", DISTRICT)), TOWNSHIP)

    assert (state(road), road.case.assigned_by) == ("S16", "")


def test_t35_t36_t37_t38_review_upheld_then_a_final_review_is_asked_for():
    road = Road().replied().wait(10).review_requested()

    assert (state(road), road.case.reviewing_node) == ("S30", DISTRICT)

    road.review_admitted()

    assert state(road) == "S31"

    road.review_decided()

    assert (state(road), road.case.disposition) == ("S32", Disposition.UPHOLD)

    road.do(c.RequestFinalReview(case_no=NUMBER, actor=an_actor("P"), received_on=road.today), TOWNSHIP)

    assert (state(road), road.case.reviewing_node) == ("S40", CITY)


def test_t36_a_review_out_of_scope_is_refused():
    road = Road().replied().review_requested()

    command = c.DeclineReview(case_no=NUMBER, actor=an_actor("RV", DISTRICT), ground="statutory-route")
    road.do(command, TOWNSHIP)

    assert state(road) == "S33"


def test_t37_and_t48_an_opinion_set_aside_is_handled_anew_at_once():
    road = Road().replied().review_requested().review_admitted()

    road.review_decided(Disposition.SET_ASIDE, service=None, rehandle_days=30)

    assert (state(road), road.case.round_number) == ("S11", 2)
    assert [event.head.act for event in road.events[-2:]] == ["T37", "T48"]


def test_t41_a_right_not_used_in_thirty_days_ends_the_case():
    road = Road().replied().wait(40)

    road.do(c.LapseCase(case_no=NUMBER, actor=an_actor("SYS")), TOWNSHIP)

    assert (state(road), road.case.ended_on) == ("S61", road.today)


def test_t41_waits_until_the_assigner_has_the_report():
    road = Road().replied(assigned=True).wait(60)

    with pytest.raises(GuardRefused) as caught:
        road.do(c.LapseCase(case_no=NUMBER, actor=an_actor("SYS")), TOWNSHIP)

    assert caught.value.guard == "right_has_lapsed"


def test_t41_also_ends_a_case_after_an_unused_final_review():
    road = Road().replied().review_requested().review_admitted().review_decided().wait(40)

    road.do(c.LapseCase(case_no=NUMBER, actor=an_actor("SYS")), TOWNSHIP)

    assert state(road) == "S61"


def test_t42_and_t43_a_withdrawn_case_is_archived():
    road = Road().handling()
    road.do(c.WithdrawCase(case_no=NUMBER, actor=an_actor("P"), free_will_recorded=True), TOWNSHIP)

    assert state(road) == "S62"

    road.do(c.ArchiveCase(case_no=NUMBER, actor=an_actor("R")), TOWNSHIP)

    assert state(road) == "S70"


@pytest.mark.parametrize(
    ("road", "role", "node", "back"),
    [(lambda: Road().received(), "R", CITY, "S01"), (lambda: Road().at_the_township(), "U", TOWNSHIP, "S06")],
    ids=["before registration", "at the organ"],
)
def test_t45_missing_facts_are_asked_for_and_the_case_goes_on_where_it_was(road, role, node, back):
    road = road()
    ask = c.RequestCompletion(case_no=NUMBER, actor=an_actor(role, node), paper={"missing": "请补充地址"})
    road.do(ask, node)

    assert state(road) == "S09"

    road.do(c.ReceiveCompletion(case_no=NUMBER, actor=an_actor("P", node)), node)

    assert state(road) == back


def test_the_history_alone_gives_the_state_and_its_chain_is_whole():
    road = Road().replied(assigned=True).wait(3).review_requested().review_admitted().review_decided()

    assert replay(NUMBER, road.events) == road.case
    rows = [chain.ChainRow(e.head.seq, e.head.previous, e.head.digest, chain.event_fields(e)) for e in road.events]
    assert chain.verify(NUMBER, rows, chain.Head(road.case.seq, road.case.head_digest)) == []


def test_every_event_carries_the_next_number_and_no_text_of_the_petition():
    road = Road().replied(assigned=True)

    assert [event.head.seq for event in road.events] == list(range(1, len(road.events) + 1))
    assert "修路" not in repr(road.events)


def test_reviewing_organs_follow_the_level_of_the_handling_node():
    assert (reviewing_node(TOWNSHIP), final_reviewing_node(TOWNSHIP)) == (DISTRICT, CITY)
    assert (reviewing_node(DISTRICT), final_reviewing_node(DISTRICT)) == (DISTRICT, CITY)
    assert (reviewing_node(CITY), final_reviewing_node(CITY)) == (CITY, "")


def test_a_case_knows_whether_it_is_open():
    assert Case(case_no=NUMBER, state=CaseState.HANDLING).is_open
    assert not Case(case_no=NUMBER, state=CaseState.MERGED, petition_class=PetitionClass.RELIEF).is_open
